"""What is shared by measures, as people ask for it: by product, step by step, and with what each weighed."""

import shlex
from pathlib import Path
from typing import Any

import pytest

import costwatch as package
from tests.commands.test_usage import golden
from tests.made.command_line import NOW, Costwatch
from tests.made.driver_company import HOSTILE, driver_company

DOLLARS = 10**9


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return driver_company(tmp_path_factory.mktemp("company"))


@pytest.fixture
def cost(costwatch: Costwatch, file: Path) -> Costwatch:
    return lambda *arguments: costwatch("-c", file, "cost", *arguments)


def by(rows: list[dict[str, Any]], *columns: str) -> dict[Any, float]:
    keys = (tuple(row[column] for column in columns) for row in rows)
    found = {key: row["EffectiveCostNano"] / DOLLARS for key, row in zip(keys, rows, strict=True)}
    return {key[0]: amount for key, amount in found.items()} if len(columns) == 1 else dict(found)


@pytest.mark.parametrize("team", ["risk", "unmeasured"])
def test_a_trail_tells_each_step_with_what_it_was_weighed_by(cost: Costwatch, team: str) -> None:
    shown = cost("trail", "--team", team)
    assert (shown.code, shown.err) == (0, "")
    golden(f"cost-trail-driver-{team}.txt", shown.out)


def test_a_trail_is_told_to_programs(cost: Costwatch, costwatch: Costwatch, file: Path) -> None:
    rows = {row["x_Pool"]: row for row in cost("trail", "--team", "risk", "--json").json}
    first, last = rows["mysql > gateway"]["steps"]
    assert first["measured"] == [
        {
            "measure": "mysql_time",
            "unit": "s",
            "value": 1501.5,
            "whole": 4504.5,
            "share": pytest.approx(1 / 3),
        }
    ]
    # The platform's own requests are no part of it: it gives its cost on.
    assert last["measured"] == [
        {"measure": "requests", "unit": "calls", "value": 9000, "whole": 12000, "share": 0.75}
    ]
    assert (last["carried_by"], last["whole"]) == ("platform", 12)
    for row in rows.values():
        program, *words = shlex.split(row["next"])
        assert program == "costwatch"
        if "resources" not in words:
            assert costwatch("-c", file, *words).code == 0, row["next"]


def test_products_add_up_to_the_bill(cost: Costwatch) -> None:
    shown = cost("show", "--by", "product", "--json")
    assert by(shown.json, "AllocatedTags/product") == {
        "cards": 22.5,
        "gift-cards": 6,
        "mesh": 4.5,
        "no product": 27,
    }
    assert sum(by(cost("show", "--json").json, "BillingCurrency").values()) == 60
    found = by(
        cost("show", "--by", "team", "--by", "allocated:caller", "--product", "cards", "--json").json,
        "x_Team",
        "AllocatedTags/caller",
    )
    assert found == {("risk", "risk"): 22.5}


FILTERS = {
    "a value": (("--product", "Gift Cards"), {"risk": 6}),
    "behind a sign": (("--product=gift-cards", "--team", "risk"), {"risk": 6}),
    "two values": (("--product", "cards", "--product", "mesh"), {"risk": 22.5, "payments": 4.5}),
    "none of it": (("--product", "no product", "--pool", "mysql"), {"payments": 12, "unmeasured": 12}),
}


@pytest.mark.parametrize(("words", "expected"), FILTERS.values(), ids=FILTERS)
def test_it_is_a_filter(cost: Costwatch, words: tuple[str, ...], expected: dict[str, float]) -> None:
    assert by(cost("show", "--by", "team", *words, "--json").json, "x_Team") == expected


def test_the_file_may_be_named_behind_it(costwatch: Costwatch, file: Path) -> None:
    words = ("show", "--by", "product", "--product", "mesh", "--json", "-c", file)
    assert by(costwatch("cost", *words).json, "AllocatedTags/product") == {"mesh": 4.5}


REFUSED = {
    "another label": (("show", "--by", "prodct"), "did you mean 'product'?"),
    "another option": (
        ("show", "--prodct", "x"),
        "No such option '--prodct'. (Did you mean one of: '--parent', '--product'",
    ),
    "no value": (("show", "--product"), "Option '--product' requires an argument"),
    "a word too many": (("show", "cards"), "unexpected extra argument (cards)"),
    "a short option": (("show", "-x"), "No such option '-x'"),
    "a value that nobody has": (("show", "--product", "gift cars"), "did you mean 'gift-cards'?"),
    "a value, in a trail": (("trail", "--team", "risk", "--where", "product=x"), "no cost is known of it"),
}


@pytest.mark.parametrize(("words", "said"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_there_is_refused(cost: Costwatch, words: tuple[str, ...], said: str) -> None:
    answer = cost(*words)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err


def test_a_trail_and_a_frame_know_it(cost: Costwatch, file: Path) -> None:
    rows = cost("trail", "--team", "risk", "--where", "product=CARDS", "--json").json
    assert by(rows, "x_Pool") == {"direct > gateway": 13.5, "mysql > gateway": 9}
    frame = package.frame("cost", by=["product"], config=file, now=NOW)
    assert {*frame["AllocatedTags/product"]} == {"cards", "gift-cards", "mesh", "no product"}
    points = package.frame("EffectiveCost", by=["product"], where={"product": "mesh"}, config=file, now=NOW)
    assert points["EffectiveCostNano"].sum() == 4.5 * DOLLARS
    assert {*points["AllocatedTags/product"]} == {"mesh"}


def test_what_belongs_to_nobody_is_told_and_does_not_steer(costwatch: Costwatch, file: Path) -> None:
    told = costwatch("-c", file, "doctor").out
    assert "33 % of mysql_time belongs to nobody, by schema: <b>x</b>\\x1b[31m (33 %); name teams" in told
    assert HOSTILE not in told


def test_a_day_that_is_not_there_yet_is_estimated(costwatch: Costwatch, tmp_path: Path) -> None:
    mine = driver_company(tmp_path, without=2)
    rows = costwatch(
        "-c", mine, "cost", "show", "--by", "team", "--pool", "mysql", "--per-day", "--json"
    ).json
    second = {row["x_Team"]: row for row in rows if row["day"] == "2026-10-02"}
    assert (second.keys(), second["unmeasured"]["x_State"]) == ({"unmeasured"}, "estimated")
    third = {row["x_Team"]: row for row in rows if row["day"] == "2026-10-03"}
    assert third.keys() == {"payments", "unmeasured"}
