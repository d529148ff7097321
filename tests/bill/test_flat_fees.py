"""``charges:`` of costwatch.yaml: a bill like any other, restated when they change."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.made.bills import on_day, tags, write_csv
from tests.made.command_line import Costwatch, configure, publish

FEE = "{name: support, amount: 310, from: 2026-10-01, team: risk}"
CONFIG = """\
sources:
  - {name: aws, kind: exports, location: bill}
teams: [{name: risk}, {name: payments}]
pools:
  - {name: tagged, split: owner, tags: [Squad]}
"""
NOW = ("--now", "2026-11-03T00:00:00Z")  # October is still open
LATER = ("--now", "2026-11-20T00:00:00Z")  # and closed, while November is open


def configured(*charges: str) -> str:
    return CONFIG + "".join(["charges:\n", *(f"  - {each}\n" for each in charges)] if charges else [])


def say(*charges: str) -> None:
    configure(Path(), configured(*charges))


def run(costwatch: Costwatch, *now: str) -> str:
    told = [costwatch(step, *now) for step in ("collect", "allocate")]
    assert [each.code for each in told] == [0, 0]
    return told[1].err


def effective(costwatch: Costwatch, *options: str) -> dict[str, float]:
    shown = costwatch(
        "cost", "show", "--by", "team", "--from", "2026-10-01", "--to", "2026-11-01", *options, "--json"
    )
    return {row["x_Team"]: row["EffectiveCost"] for row in (shown.json if shown.out else [])}


@pytest.fixture(scope="module")
def october(tmp_path_factory: pytest.TempPathFactory) -> Path:
    lines = [
        on_day(day, EffectiveCost="1", BilledCost="1", Tags=tags(Squad="payments")) for day in range(1, 32)
    ]
    return publish(tmp_path_factory.mktemp("october"), configured(FEE), lines)


@pytest.fixture
def asked(october: Path, costwatch: Costwatch) -> Costwatch:
    shutil.copytree(october, ".", dirs_exist_ok=True)
    return costwatch


def test_a_fee_is_its_owners_by_the_day_and_billed_when_it_is_due(asked: Costwatch) -> None:
    assert effective(asked) == {"payments": 31, "risk": 310}
    days = asked("cost", "show", "--source", "charges", "--per-day", "--to", "2026-11-01", "--json").json
    assert {row["EffectiveCost"] for row in days} == {10}
    assert [row["BilledCost"] for row in days] == [310, *[0] * 30]
    verified = asked("cost", "verify", *NOW)
    assert (verified.code, verified.err) == (0, "")


def test_the_running_month_ends_yesterday(asked: Costwatch) -> None:
    rows = asked("cost", "show", "--source", "charges", "--from", "2026-11-01", "--per-day", "--json").json
    assert [row["day"] for row in rows] == ["2026-11-01", "2026-11-02"]


def test_settling_does_not_wait_for_a_fee(asked: Costwatch) -> None:
    say("{name: setup, amount: 5, period: once, from: 2026-10-02, team: risk}")
    run(asked, *NOW)
    rows = asked(
        "cost", "show", "--from", "2026-10-01", "--to", "2026-11-01", "--per-day", "--json", *NOW
    ).json
    assert {row["x_State"] for row in rows} == {"settled"}
    assert (
        "charges"
        not in asked("status", "--now", "2026-11-20T00:00:00Z").out.split("stale")[0].split("aws")[0]
    )


CHANGED = {
    "another amount": (("{name: support, amount: 620, from: 2026-10-01, team: risk}",), 620),
    "a later beginning": (("{name: support, amount: 310, from: 2026-11-01, team: risk}",), None),
    "no entry any more": ((), None),
}


@pytest.mark.parametrize(("entries", "cost"), CHANGED.values(), ids=CHANGED)
def test_what_changes_while_the_period_is_open_restates_it(
    entries: tuple[str, ...], cost: float | None, asked: Costwatch
) -> None:
    say(*entries)
    run(asked, *NOW)
    assert effective(asked) == {"payments": 31, **({"risk": cost} if cost else {})}
    assert asked("cost", "verify", *NOW).code == 0
    assert effective(asked, "--as-of", "2026-11-02T23:59:00Z") == {}


@pytest.mark.parametrize("entries", [CHANGED["another amount"][0], CHANGED["a later beginning"][0]])
def test_a_closed_period_keeps_its_charges_until_it_is_asked_for(
    entries: tuple[str, ...], asked: Costwatch
) -> None:
    before: Any = effective(asked)
    say(*entries)
    run(asked, *LATER)
    assert effective(asked) == before
    command = "costwatch allocate --from 2026-10-01 --to 2026-11-01"
    told = asked("-v", "allocate", *LATER).err
    assert "1 closed period (2026-10) keeps the charges it was published with; to use today's: " in told
    assert command in told
    assert "not yet allocated" not in asked("status", *LATER).out
    assert asked(*command.split()[1:], *LATER).code == 0
    assert effective(asked) != before
    assert asked("allocate", *LATER).err == ""
    assert asked("cost", "verify", *LATER).code == 0


def test_a_closed_period_keeps_its_charges_whatever_else_of_it_is_restated(asked: Costwatch) -> None:
    say(*CHANGED["another amount"][0])
    write_csv(
        Path("bill/late.csv"),
        [on_day(9, ResourceId="late", EffectiveCost="4", BilledCost="4", Tags=tags(Squad="payments"))],
    )
    run(asked, *LATER)
    assert effective(asked) == {"payments": 35, "risk": 310}
    assert asked("cost", "verify", *LATER).code == 0


MISTAKES = {
    "an unknown team": ("{name: a, amount: 1, from: 2026-10-01, team: rsk}", "no team is called 'rsk'"),
    "a name twice": (f"{FEE}\n  - {FEE}", "also on line"),
    "no day": ("{name: a, amount: 1, from: soon}", "must be a day"),
    "no beginning": ("{name: a, amount: 1}", "'from' is missing"),
    "ends before it begins": (
        "{name: a, amount: 1, from: 2026-10-01, until: 2026-10-01}",
        "is not after 'from'",
    ),
}


@pytest.mark.parametrize(("entry", "said"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_by_its_line(entry: str, said: str, costwatch: Costwatch) -> None:
    say(entry)
    told = costwatch("check")
    assert told.code == 2
    assert said in told.err + told.out
    assert "costwatch.yaml:8" in told.err + told.out or "costwatch.yaml:7" in told.err + told.out


def test_no_other_source_takes_the_name(costwatch: Costwatch) -> None:
    configure(Path(), CONFIG.replace("name: aws", "name: charges"))
    told = costwatch("check")
    assert told.code == 2
    assert "is the source of what 'charges' says" in told.err + told.out
