"""Split ``driver``: what a measure's values weigh, whose they are, and what is told of the rest."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from costwatch.allocation.splits.driver import DriverPool
from costwatch.allocation.splits.driver.resources import ends
from costwatch.allocation.weighing import weigh
from costwatch.model import Window
from costwatch.plugins import Carried, Span, Weighing
from costwatch.testing import FakeBatches, a_weighing
from tests.made.measures import DAY, measured, unknown, value

TEAMS = ("risk", "payments", "platform")
NAMES = {**{team: [(date.min, team)] for team in TEAMS}, "pay": [(date(2026, 10, 2), "payments")]}
OCTOBER = Window.of_days(DAY, date(2026, 11, 1))
Shares = Mapping[tuple[str, str], float]


def pool(**settings: Any) -> DriverPool:
    return DriverPool.model_validate(
        {"name": "gateway", "split": "driver", "driver": "requests", "label": "caller", **settings}
    )


def a_day(number: int, key: tuple[str, ...] = ()) -> Span:
    first = DAY + timedelta(days=number - 1)
    return Span(number, first, first + timedelta(days=1), "USD", key)


def asked(batches: FakeBatches, spans: Sequence[Span] = (a_day(1),), **changes: Any) -> Weighing:
    known = {"spans": spans, "teams": TEAMS, "names": NAMES, "batches": batches, "carried": ()}
    return a_weighing(**{**known, **changes})


def shares(of: DriverPool, asked: Weighing) -> dict[int, dict[tuple[str, str], float]]:
    """span -> team and AllocatedTags -> its share; spans without weights are left out."""
    found: dict[int, dict[tuple[str, str], float]] = {}
    for row in weigh(of, asked, (), ()).to_pylist():
        found.setdefault(row["span"], {})[row["team"], row["AllocatedTags"]] = row["weight"]
    return {
        span: {key: weight / sum(of.values()) for key, weight in of.items()} for span, of in found.items()
    }


def by_team(of: DriverPool, asked: Weighing) -> dict[int, dict[str, float]]:
    summed: dict[int, dict[str, float]] = {}
    for span, parts in shares(of, asked).items():
        for (team, _), share in parts.items():
            teams = summed.setdefault(span, {})
            teams[team] = round(teams.get(team, 0) + share, 8)
    return summed


PLAIN = measured(value(3, caller="risk"), value(1, caller="checkout"))
OWNED = {"owners": {"Check_Out": "payments"}}
CARRIED = [Carried("risk", DAY, "USD", 0, 3), Carried("payments", DAY, "USD", 0, 1)]
TEAM_CASES: Mapping[str, tuple[dict[str, Any], FakeBatches, dict[str, float]]] = {
    "a value is its team's, by name": (
        {},
        measured(value(3, caller="Risk"), value(1, caller="payments")),
        {
            "risk": 0.75,
            "payments": 0.25,
        },
    ),
    "owners say whose a value is, however it is spelt": (
        OWNED,
        measured(
            value(3, caller="risk"),
            value(1, caller="check-out"),
        ),
        {"risk": 0.75, "payments": 0.25},
    ),
    "owners come before names": (
        {"owners": {"risk": "platform"}},
        measured(value(3, caller="risk")),
        {
            "platform": 1,
        },
    ),
    "what belongs to nobody is unmeasured": ({}, PLAIN, {"risk": 0.75, "unmeasured": 0.25}),
    "so is what has no label": (
        {},
        measured(value(3, caller="risk"), value(1)),
        {
            "risk": 0.75,
            "unmeasured": 0.25,
        },
    ),
    "an alias counts from its day on": ({}, measured(value(1, caller="pay")), {"unmeasured": 1}),
    "below 0 is 0": ({}, measured(value(1, caller="risk"), value(-5, caller="payments")), {"risk": 1}),
    "sources of one measure add up": (
        {},
        measured(value(1, caller="risk"), b=[value(1, caller="risk"), value(2, caller="payments")]),
        {"risk": 0.5, "payments": 0.5},
    ),
    "only the sources that are named": (
        {"sources": ["b"]},
        measured(value(1, caller="risk"), b=[value(2, caller="payments")]),
        {"payments": 1},
    ),
    "another measure is another one": (
        {},
        measured(value(1, caller="risk"), {**value(9, caller="payments"), "measure": "bytes"}),
        {"risk": 1},
    ),
    "the measured part stands for the day": (
        {},
        measured(value(1, coverage=0.5, caller="risk"), b=[value(2, caller="payments")]),
        {"risk": 0.5, "payments": 0.5},
    ),
    "nothing is measured: nothing is weighed": ({}, measured(unknown()), {}),
    "nor where all is 0": ({}, measured(value(0, caller="risk")), {}),
    "nor where it was measured for less": ({}, measured(value(1, coverage=0.4, caller="risk")), {}),
    "unless that is enough": (
        {"min_coverage": 0.3},
        measured(value(1, coverage=0.4, caller="risk")),
        {
            "risk": 1,
        },
    ),
    "nor where one of its sources could not tell": ({}, measured(value(1, caller="risk"), b=[unknown()]), {}),
    "nor by values of several units": (
        {},
        measured(value(1, caller="risk"), {**value(1, caller="payments"), "unit": "s"}),
        {},
    ),
    "a fallback takes what belongs to nobody": (
        {"fallback": {"team": "platform"}},
        PLAIN,
        {
            "risk": 0.75,
            "platform": 0.25,
        },
    ),
    "and all where nothing is known": (
        {"fallback": {"team": "platform"}},
        measured(unknown()),
        {
            "platform": 1,
        },
    ),
    "evenly, beside what is weighed": (
        {"fallback": "even"},
        PLAIN,
        {
            "risk": 0.83333333,
            "payments": 0.08333333,
            "platform": 0.08333333,
        },
    ),
    "evenly, where all is 0": (
        {"fallback": "even"},
        measured(value(0, caller="risk")),
        {
            "risk": 0.33333333,
            "payments": 0.33333333,
            "platform": 0.33333333,
        },
    ),
    "by what teams carry": ({"fallback": "carried"}, PLAIN, {"risk": 0.9375, "payments": 0.0625}),
    "by what teams carry, alone": ({"fallback": "carried"}, FakeBatches(), {"risk": 0.75, "payments": 0.25}),
    "values as large and small as floats are": (
        {},
        measured(
            value(1.7e308, caller="risk"), value(1.7e308, caller="payments"), value(1e-300, caller="platform")
        ),
        {"risk": 0.5, "payments": 0.5},
    ),
    "the label is team where there is one": (
        {"label": ""},
        measured(value(3, team="risk", product="cards"), value(1, team="payments", product="cards")),
        {"risk": 0.75, "payments": 0.25},
    ),
    "or the only one": (
        {"label": ""},
        measured(value(3, app="risk"), value(1, app="payments")),
        {
            "risk": 0.75,
            "payments": 0.25,
        },
    ),
    "of several, none is guessed": ({"label": ""}, measured(value(3, app="risk", zone="a")), {}),
    "nor another than the one that is named": ({}, measured(value(3, app="risk")), {}),
}


def test_it_is_as_the_documentation_has_it_by_hand() -> None:
    rows = [value(seconds, caller=name) for name, seconds in (("payments_db", 3), ("risk", 2), ("tmp", 1))]
    owners = {"payments_db": "payments"}
    parts = shares(pool(owners=owners), asked(measured(*rows)))[1]
    assert {key: round(12 * share, 6) for key, share in parts.items()} == {
        ("payments", '{"caller":"payments_db"}'): 6,
        ("risk", '{"caller":"risk"}'): 4,
        ("unmeasured", '{"caller":"tmp"}'): 2,
    }
    teams = ("payments", "risk")
    evenly = shares(pool(owners=owners, fallback="even"), asked(measured(*rows), teams=teams))[1]
    assert {key: round(12 * share, 6) for key, share in evenly.items()} == {
        ("payments", '{"caller":"payments_db"}'): 6,
        ("risk", '{"caller":"risk"}'): 4,
        ("payments", ""): 1,
        ("risk", ""): 1,
    }


@pytest.mark.parametrize(("settings", "batches", "expected"), TEAM_CASES.values(), ids=TEAM_CASES)
def test_what_teams_weigh(settings: dict[str, Any], batches: FakeBatches, expected: dict[str, float]) -> None:
    found = by_team(pool(**settings), asked(batches, carried=CARRIED))
    assert found == ({1: expected} if expected else {})


def test_nobody_is_given_by_what_nobody_carries() -> None:
    assert by_team(pool(fallback="carried"), asked(FakeBatches())) == {1: {"unmeasured": 1}}


def test_all_labels_are_told_of_a_part() -> None:
    rows = measured(value(1, caller="risk", product="cards"), value(3, caller="risk"), value(4, caller="x"))
    found = shares(pool(), asked(rows))
    assert found == {
        1: {
            ("risk", '{"caller":"risk"}'): 0.375,
            ("risk", '{"caller":"risk","product":"cards"}'): 0.125,
            ("unmeasured", '{"caller":"x"}'): 0.5,
        }
    }
    assert ("platform", '{"caller":"x"}') in shares(pool(fallback={"team": "platform"}), asked(rows))[1]


def test_each_day_is_weighed_by_its_own_values_and_a_month_by_all_of_them() -> None:
    rows = measured(
        value(1, caller="risk"),
        value(3, 2, caller="payments"),
        value(9, 3, 0.1, caller="platform"),
        value(2, 4, 0.5, caller="pay"),
    )
    spans = [a_day(1), a_day(2), a_day(3), a_day(4), Span(9, *OCTOBER.days, "USD")]
    assert by_team(pool(), asked(rows, spans)) == {
        1: {"risk": 1},
        2: {"payments": 1},
        4: {"payments": 1},
        # 1, 3 and, of a day that was measured for a half of it, 2 / 0.5
        9: {"risk": 0.125, "payments": 0.875},
    }


def test_each_resource_is_weighed_by_its_own_values_never_by_a_part_of_its_name() -> None:
    arn = "arn:aws:rds:eu-west-1:1:db:"
    rows = measured(
        value(1, caller="risk", db="shop"),
        value(1, caller="payments", db="shop-2"),
        value(1, caller="platform", db=f"{arn}shop-3"),
        value(1, caller="risk"),
    )
    names = [f"{arn}shop", "shop-2", f"{arn}shop-3", f"{arn}Shop", "hop", ""]
    spans = [Span(number, DAY, DAY + timedelta(days=1), "USD", (name,)) for number, name in enumerate(names)]
    found = by_team(pool(resource="db"), asked(rows, spans))
    assert found == {0: {"risk": 1}, 1: {"payments": 1}, 2: {"platform": 1}}
    (note,) = (one for one in pool(resource="db").notes(asked(rows, spans)) if "resource" in one)
    assert note == (
        f"requests knows nothing of 2 resources of the bill, {arn}Shop, hop; is its label db their "
        "ResourceId, or how their ARN ends?"
    )
    assert pool(resource="db").columns == ("ResourceId",)
    assert pool().columns == ()


def test_an_arn_ends_with_names_and_paths() -> None:
    assert [*ends("arn:aws:kafka:eu-west-1:1:cluster/events/f0")][1:] == [
        *("cluster/events/f0", "events/f0", "f0")
    ]
    assert [*ends(" db/1 ")] == ["db/1"]
    assert [*ends("")] == []


def test_a_team_whose_cost_was_given_on_is_left_out() -> None:
    rows = measured(value(3, caller="risk"), value(1, caller="payments"))
    assert by_team(pool(), asked(rows, teams=("payments", "platform"))) == {1: {"payments": 1}}
    of_giver = measured(value(3, caller="risk"))
    others = ("payments", "platform")
    found = by_team(pool(fallback={"team": "platform"}), asked(of_giver, teams=others))
    assert found == {1: {"platform": 1}}


NOTES: Mapping[str, tuple[dict[str, Any], FakeBatches, list[str]]] = {
    "all is well": ({}, measured(value(1, caller="risk"), value(1, 2, caller="risk")), []),
    "nothing was ever measured": (
        {},
        FakeBatches(),
        [
            "nothing was measured of requests on these days; what it would weigh is unmeasured",
        ],
    ),
    "days that are unknown, hardly covered, or without the measure": (
        {"fallback": "even"},
        measured(
            value(1, caller="risk"),
            value(1, 2, 0.25, caller="risk"),
            unknown(3),
            {**value(1, 4), "measure": "bytes"},
        ),
        [
            "requests is unknown or was measured for less than 50% on 3 days, 2026-10-02, 2026-10-03, "
            "2026-10-04; what it would weigh goes to all teams evenly",
        ],
    ),
    "values of nobody, and none": (
        {},
        measured(
            value(1, caller="risk"),
            value(6, caller="x\n"),
            value(2, caller="y"),
            value(1),
        ),
        [
            "80 % of requests belongs to nobody, by caller: x\\n (60 %), y (20 %); name teams for them in "
            "'owners', or as their aliases",
            "10 % of requests has no label caller, and belongs to nobody",
        ],
    ),
    "units that cannot be added up": (
        {"fallback": {"team": "risk"}},
        measured(value(1, caller="risk"), b=[{**value(1, 2, caller="risk"), "unit": "s"}]),
        [
            "requests is measured in 'calls' (of mesh) and 's' (of b), which cannot be added up; let its "
            "sources have one unit; until then what it would weigh goes to risk",
        ],
    ),
    "labels of which any might name the owner": (
        {"label": "", "fallback": "carried"},
        measured(value(1, app="risk", zone="a")),
        [
            "requests has the labels app, zone; say in 'label' which of them names the owner; until then "
            "what it would weigh goes by what teams carry",
        ],
    ),
    "a label that it does not have": (
        {},
        measured(value(1, app="risk")),
        [
            "requests has no label caller; name one that it has in 'label': app; until then what it would "
            "weigh is unmeasured",
        ],
    ),
}


@pytest.mark.parametrize(("settings", "batches", "expected"), NOTES.values(), ids=NOTES)
def test_what_people_are_told(settings: dict[str, Any], batches: FakeBatches, expected: list[str]) -> None:
    spans = [a_day(1), a_day(2), a_day(3), a_day(4)]
    assert [*pool(**settings).notes(asked(batches, spans))] == expected
    assert [*pool(**settings).notes(asked(batches, ()))] == []


def test_what_everyone_weighed_is_told_in_its_unit() -> None:
    rows = measured(
        value(3, caller="risk"),
        value(1, 2, caller="risk"),
        value(2, caller="x"),
        value(9, 3, 0.1, caller="x"),
    )
    assert [(one.team, one.measure, one.unit, one.value) for one in pool().measured(asked(rows, ()))] == [
        ("risk", "requests", "calls", 4),
        ("unmeasured", "requests", "calls", 2),
    ]
    assert [*pool().measured(asked(FakeBatches(), ()))] == []


def test_days_are_waited_for_from_the_first_of_each_source() -> None:
    rows = measured(value(1, 3, caller="risk"), b=[value(1, 30, caller="risk")])
    found = [*pool().inputs(OCTOBER, rows)]
    there = {(one.name, one.window.start.day) for one in found if one.version}
    assert there == {("measure_days of mesh", 3), ("measure_days of b", 30)}
    missing = [(one.name, one.window.start.day) for one in found if not one.version]
    assert missing == [
        ("measure_days of b", 31),
        *(("measure_days of mesh", day) for day in range(4, 32)),
    ]
    assert not any("of b" in one.name for one in pool(sources=["mesh"]).inputs(OCTOBER, rows))
    (nothing,) = pool().inputs(OCTOBER, FakeBatches())
    assert (nothing.name, nothing.window, nothing.version) == ("measure requests", OCTOBER, "")


WRONG = {
    "a value of two teams": ({"owners": {"A b": "risk", "a-b": "payments"}}, "is spelt twice in 'owners'"),
    "a fallback that there is not": ({"fallback": "all"}, "fallback"),
    "a coverage of more than all": ({"min_coverage": 1.5}, "min_coverage"),
    "no measure": ({"driver": ""}, "driver"),
}


@pytest.mark.parametrize(("settings", "reason"), WRONG.values(), ids=WRONG)
def test_wrong_settings_are_refused(settings: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        pool(**settings)
