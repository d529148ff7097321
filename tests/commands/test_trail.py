"""``costwatch cost trail``: each way that a team's cost came, to the nano-unit, and what to ask next."""

import shlex
from collections import defaultdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from costwatch.answers.trail import trail
from costwatch.model import COST_METRICS
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from tests.commands.test_usage import golden
from tests.made.bills import on_day
from tests.made.command_line import Costwatch
from tests.made.company import NOW, Company
from tests.made.trail_company import HOSTILE, TEAMS, trail_company

EVERYONE = ("risk", "shop", "platform", "idle", "unmeasured", "unallocated")
OCTOBER = ("--from", "2026-10-01", "--to", "2026-11-01")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trail_company(tmp_path_factory.mktemp("company")).parent


@pytest.fixture
def cost(costwatch: Costwatch, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Costwatch:
    monkeypatch.chdir(folder)
    return lambda *arguments: costwatch("cost", *arguments)


def sums(rows: list[dict[str, Any]], metric: str) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = defaultdict(int)
    for row in rows:
        found[row["x_Team"], row["BillingCurrency"]] += row.get(f"{metric}Nano", 0)
    return dict(found)


@pytest.mark.parametrize("team", ["risk", "unmeasured"])
def test_trail(cost: Costwatch, team: str) -> None:
    shown = cost("trail", "--team", team, *OCTOBER)
    assert (shown.code, shown.err) == (0, "")
    golden(f"cost-trail-{team}.txt", shown.out)


@pytest.mark.parametrize("metric", COST_METRICS)
@pytest.mark.parametrize(
    "window", [(), OCTOBER, ("--from", "2026-10-02", "--to", "2026-10-03")], ids=["ever", "a month", "a day"]
)
def test_rows_add_up_to_what_cost_show_says(cost: Costwatch, metric: str, window: tuple[str, ...]) -> None:
    shown = cost("show", "--by", "team", "--json", *window).json
    # Costs before credits are told where they differ: here nowhere.
    known = sums(shown, metric.removesuffix("BeforeCredits"))
    rows = [
        row
        for team in EVERYONE
        for row in cost("trail", "--team", team, "--metric", metric, "--json", *window).json
    ]
    assert sums(rows, metric) == known
    for row in rows:
        if row["parts"]:
            assert sum(part[f"{metric}Nano"] for part in row["parts"]) == row[f"{metric}Nano"]


def test_teams_together_are_the_whole_of_each_pool(cost: Costwatch) -> None:
    carried: dict[tuple[str, str], int] = defaultdict(int)
    wholes = {}
    for team in EVERYONE:
        for row in cost("trail", "--team", team, "--json").json:
            key = row["x_Pool"], row["BillingCurrency"]
            carried[key] += row["EffectiveCostNano"]
            wholes[key] = row["wholeNano"]
    # What came into a pool stays there, or is given on.
    for (pool, currency), whole in wholes.items():
        below = [of for of in carried if of[0] == pool or of[0].startswith(f"{pool} > ")]
        assert whole == sum(carried[of] for of in below if of[1] == currency)


def test_a_residue_is_told_where_it_was_given_on(cost: Costwatch) -> None:
    rows = {row["x_Pool"]: row for row in cost("trail", "--team", "shop", "--json").json}
    given = rows["k8s > slack"]
    assert [(step["x_Pool"], step["carried_by"]) for step in given["steps"]] == [
        ("k8s", None),
        ("slack", "idle"),
    ]
    assert given["idleNano"] == given["wholeNano"] == rows["k8s"]["idleNano"] > 0
    assert given["steps"][0]["weighed_by"].startswith("what no pod requested or used")
    assert rows["k8s"]["unmeasuredNano"] == 30 * 10**9  # a day of the node, and a machine that nobody knows
    assert rows["k8s"]["coverage"] == pytest.approx(1 - 0.75 / 20)


def test_every_question_has_an_answer(cost: Costwatch, costwatch: Costwatch, folder: Path) -> None:
    (folder / "ledger").mkdir(exist_ok=True)
    for team in EVERYONE:
        for row in cost("trail", "--team", team, "--json").json:
            program, *words = shlex.split(row["next"])
            assert program == "costwatch"
            assert costwatch(*words).code == 0, row["next"]


def test_names_are_shown_and_do_not_steer(cost: Costwatch) -> None:
    shown = cost("trail", "--team", "risk", "--limit", "99")
    assert "\x1b" not in shown.out
    assert "<b>ns</b> & 'q'\\x1b[31m" in shown.out
    (row,) = cost("trail", "--team", "risk", "--where", f"namespace={HOSTILE}", "--json").json[:1]
    assert shlex.split(row["next"])[-1] == HOSTILE


def test_where_narrows_it(cost: Costwatch) -> None:
    rows = cost(
        "trail", "--team", "risk", "--where", "service=Amazon S3", "--where", "currency=USD", "--json"
    )
    assert {row["x_Pool"]: row["EffectiveCostNano"] for row in rows.json} == {
        "direct": 50 * 10**9,
        "direct > base": 4 * 10**9 + 1,
    }
    (row,) = cost("trail", "--team", "risk", "--where", "pool=tax", "--json").json
    assert (row["share"], row["whole"]) == (pytest.approx(1 / 3), 10)


REFUSED = {
    "a team that nobody has": (
        ("--team", "rsk"),
        "cost trail: --team 'rsk': no cost is known of it; did you",
    ),
    "a value": (("--team", "risk", "--where", "service=Amazon S4"), "--where service: 'Amazon S4': no cost"),
    "a label": (("--team", "risk", "--where", "servise=x"), "did you mean 'service'?"),
    "what only lines know": (("--team", "risk", "--where", "tag:app=x"), "only lines know it"),
    "two teams": (("--team", "risk", "--where", "team=shop"), "name it by --team"),
    "a window without a day": (("--team", "risk", "--from", "2026-10-02", "--to", "2026-10-02"), "no day"),
}


@pytest.mark.parametrize(("words", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_asked_is_refused(cost: Costwatch, words: tuple[str, ...], said: str) -> None:
    answer = cost("trail", *words)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err


def test_a_team_without_cost_is_told(cost: Costwatch) -> None:
    answer = cost("trail", "--team", "risk", "--from", "2026-12-01")
    assert (answer.code, answer.out) == (0, "")
    assert "risk carries nothing that fits from 2026-12-01" in answer.err


def test_a_split_that_changed_is_told_by_month(tmp_path: Path, costwatch: Costwatch) -> None:
    support = {"ServiceName": "Support", "BilledCost": "10", "EffectiveCost": "10"}
    starts = dict.fromkeys(("ChargePeriodStart", "BillingPeriodStart"), "2026-11-01T00:00:00Z")
    november = {
        **starts,
        "ChargePeriodEnd": "2026-11-01T12:00:00Z",
        "BillingPeriodEnd": "2026-12-01T00:00:00Z",
    }
    pool = {"name": "support", "split": "fixed", "match": {"ServiceName": "Support"}}
    company = Company(tmp_path, {"teams": TEAMS, "pools": [{**pool, "percent": {"risk": 100}}]})
    company.deliver({"2026-10": [on_day(1, **support)]})
    company.run()
    company.allocation = {"teams": TEAMS, "pools": [{**pool, "percent": {"risk": 20, "shop": 80}}]}
    company.deliver({"2026-11": [on_day(1, **support) | november]})
    company.run(datetime(2026, 12, 20, tzinfo=UTC))
    (tmp_path / "costwatch.yaml").write_text(f"teams: {TEAMS}\n")
    (row,) = costwatch("cost", "trail", "--team", "risk", "--json").json
    assert (row["EffectiveCost"], row["share"]) == (12, 0.6)
    assert row["steps"][0]["weighed_by"] == "fixed 100 % (2026-10); fixed 20 % (2026-11)"


def test_a_split_that_is_not_installed_any_more_is_called_by_its_kind(tmp_path: Path) -> None:
    line = on_day(1, ServiceName="Support", BilledCost="10", EffectiveCost="10")
    company = Company(tmp_path, {"teams": TEAMS, "pools": [{"name": "all", "split": "even"}]})
    company.bill([line])
    company.run()
    with company.warehouse.write() as db:
        db.execute("UPDATE published SET config = replace(config, '\"even\"', '\"gone\"')")
    with company.warehouse.read() as db:
        facts = WarehouseSnapshot(db, NOW)
        (row,) = trail(facts, "risk", date(2026, 10, 1), date(2026, 11, 1), {}, "EffectiveCost").rows
    assert (row.steps[0].weighed_by, row.whole) == ("split gone", 10)
