"""The last days beside an alert: what they say, and that nothing odd in them is taken for days."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from costwatch.alerts.lifecycle import Step, advance
from costwatch.alerts.series import SERIES, Onset, onset_of, series_of, sparkline
from costwatch.answers.alert_series import with_series
from costwatch.model import About, Alert, Window, labels
from costwatch.rules.threshold import Threshold
from costwatch.testing import FakeSnapshot, daily
from tests.made.messages import SPEND

NOW = datetime(2026, 11, 20, 6, tzinfo=UTC)
RULE = Threshold.model_validate({"name": "TeamDailySpend", "by": ["team"], "above": 300})
FACTS = {
    "EffectiveCost": {
        labels(team="ml", currency="USD"): daily(date(2026, 11, 1), *[92] * 16, *[650] * 3),
        labels(team="new", currency="USD"): daily(date(2026, 11, 18), 400, 500),
        labels(team="ml", currency="EUR"): daily(date(2026, 11, 1), *[9_000] * 19),
    }
}


def fired(team: str, before: Alert | None = None) -> Alert:
    snapshot = FakeSnapshot(FACTS)
    found = {dict(one.labels)["team"]: one for one in RULE.evaluate(snapshot, NOW)}
    alert = with_series(advance(before, found[team], RULE, NOW), before, snapshot).alert
    assert alert is not None
    return alert


def test_an_alert_about_a_days_cost_has_the_days_before_it() -> None:
    days = series_of(fired("ml"))
    assert (days[0], days[-1], len(days)) == (
        (date(2026, 11, 6), Decimal(92)),
        (date(2026, 11, 19), Decimal(650)),
        14,
    )
    assert onset_of(fired("ml")) == Onset(date(2026, 11, 17), Decimal(92), Decimal(3 * 558))
    assert sparkline(days) == "▁" * 11 + "█" * 3


def test_days_without_a_cost_count_as_nothing_as_far_back_as_there_is_a_bill() -> None:
    days = series_of(fired("new"))
    assert [value for _, value in days] == [Decimal()] * 12 + [400, 500]
    assert onset_of(fired("new")) == Onset(date(2026, 11, 18), Decimal(), Decimal(900))


def test_days_are_kept_while_an_alert_goes_on_about_the_same_one() -> None:
    before = fired("ml")
    again = with_series(Step(replace(before, evidence={})), before, FakeSnapshot())
    assert again.alert is not None
    assert again.alert.evidence == before.evidence


@pytest.mark.parametrize(
    "found",
    [
        "x",
        1,
        [1],
        [["2026-11-01"]],
        [["x", "1"]],
        [["2026-11-01", "NaN"]],
        [["2026-11-02", "1"], ["2026-11-01", "1"]],
    ],
)
def test_what_is_no_series_is_none(found: object) -> None:
    assert series_of(replace(SPEND, evidence={SERIES: found})) == ()


@pytest.mark.parametrize(
    ("values", "began"),
    [
        pytest.param([1, 1, 1, 9], 3, id="since the last day"),
        pytest.param([1, 9, 1, 9, 9], 3, id="since it rose last"),
        pytest.param([9, 9, 9, 9], None, id="as far back as is known"),
        pytest.param([1, 1, 9], None, id="too little is known before"),
        pytest.param([1, 1, 1, 1], None, id="it is below"),
    ],
)
def test_since_when_it_is_out_of_the_ordinary(values: list[int], began: int | None) -> None:
    first = date(2026, 11, 1)
    days = [[(first + timedelta(days=number)).isoformat(), str(value)] for number, value in enumerate(values)]
    day = Window.of_days(first, first + timedelta(days=1))
    about = About("EffectiveCost", window=day, value=Decimal(9))
    onset = onset_of(replace(SPEND, evidence={SERIES: days}, threshold=Decimal(5), about=about))
    assert (onset.day if onset else None) == (first + timedelta(days=began) if began is not None else None)
    assert onset_of(replace(SPEND, evidence={SERIES: days}, threshold=Decimal(5), about=None)) is None
