"""An alert that somebody expects is quiet while its value stays in the band, and heard when it leaves it."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costwatch.act import expect, kept_silences
from costwatch.alerts.lifecycle import fingerprint
from costwatch.alerts.muting import muted
from costwatch.alerts.silencing import was_expected
from costwatch.evaluate import evaluate
from costwatch.model import Band, Finding, Silence, Verdict, labels
from costwatch.testing import an_alert
from costwatch.warehouse.alerts.acts import recorded_acts
from costwatch.warehouse.alerts.alerts import current_alerts
from costwatch.warehouse.alerts.silences import silences
from tests.made.delivery_world import DAY, HOUR, START, House, Script, new_house

EC2 = fingerprint("Spend", labels(team="ml", service="ec2"))


@dataclass
class Valued(Script):
    """One instance, whose text is its value; nothing: no breach."""

    def evaluate(self, facts: object, now: object) -> Iterator[Finding]:
        for service, (verdict, text) in self.findings.items():
            value = Decimal(text) if text and text != "?" else None
            yield Finding(
                labels(team="ml", service=service), verdict, value, Decimal(50), "USD", text or "ok"
            )


@pytest.fixture
def house() -> Iterator[House]:
    """Where ``ec2`` fires at 100, and is expected to for nine days, as it is ± 20 %."""
    with new_house(rule=Valued()) as house:
        house.find(ec2="100")
        expect(house.warehouse, EC2, 9 * DAY, "ann", "a backfill", house.now)
        yield house


def play(house: House, *values: str) -> list[str]:
    for value in values:
        house.wait()
        house.find(**({"ec2": value} if value else {}))
        house.deliver()
    return house.receiver.said


def test_it_is_quiet_while_its_value_stays_about_what_it_was(house: House) -> None:
    assert play(house, "100", "119", "120", "81", "80") == []


@pytest.mark.parametrize("value", ["120.01", "79.99", "-100", "100000"])
def test_it_is_told_when_its_value_leaves_the_band_and_the_expectation_is_over(
    house: House, value: str
) -> None:
    assert play(house, "110", value) == [f"first: {value}"]
    with house.warehouse.read() as db:
        (over,) = silences(db)
        assert (over.left_at_value, over.ends_at) == (Decimal(value), START + 2 * HOUR)
        said = [(one.who, one.what, one.comment) for one in recorded_acts(db, START)]
        (alert,) = current_alerts(db, START).values()
    assert said == [("ann", "expect", "a backfill"), ("", "out of band", "ann expected: a backfill")]
    limit = "down to $80.00" if Decimal(value) < 80 else "up to $120.00"
    told = was_expected(alert, [over], house.now)
    assert told == f"was expected {limit} by ann: a backfill"
    (sent, _) = house.receiver.got[-1]
    assert (sent.is_aloud, sent.remarks) == (True, {EC2: (told,)})
    assert kept_silences(house.warehouse, house.now) == []
    assert play(house, "100") == [f"first: {value}", "changed: 100"], "back in the band it is quiet no more"


def test_what_was_told_before_it_was_expected_is_told_aloud_when_it_leaves_the_band() -> None:
    with new_house(rule=Valued()) as house:
        house.find(ec2="100")
        house.deliver()
        expect(house.warehouse, EC2, DAY, "ann", "a backfill", house.now)
        assert play(house, "110", "200")[-1] == "new: 200"


def test_it_is_told_when_the_time_is_over(house: House) -> None:
    play(house, "100")
    house.wait(9 * DAY)
    assert play(house, "100") == ["first: 100"]


def test_what_is_over_within_the_band_is_not_told(house: House) -> None:
    assert play(house, "110", "", "") == []


def test_what_is_over_and_back_within_the_time_is_as_expected_or_not(house: House) -> None:
    assert play(house, "110", "", "90") == []
    house.wait(2 * DAY)  # long enough that it does not flap
    assert play(house, "", "500") == ["first: 500"]


def test_want_of_data_is_not_what_was_expected(house: House) -> None:
    house.rule.no_data = "alert"
    house.rule.findings = {"ec2": (Verdict.UNKNOWN, "?")}
    house.wait()
    evaluate(house.warehouse, [house.rule], house.now)
    house.deliver()
    assert house.receiver.said == ["first: no data: ?"]


def test_evaluating_twice_at_the_same_instant_ends_it_once(house: House) -> None:
    house.wait()
    for _ in range(2):
        house.find(ec2="500")
    with house.warehouse.read() as db:
        assert [one.what for one in recorded_acts(db, START)] == ["expect", "out of band"]
        events = db.execute("SELECT count(*) FROM alert_event WHERE state = 'firing'").fetchone()[0]
    assert events == 2


AMOUNTS = st.decimals(-(10**9), 10**9, places=2)


@given(value=AMOUNTS, now=AMOUNTS, tolerance=st.decimals(0, 3, places=2))
def test_a_band_holds_the_value_it_was_made_of_and_mutes_no_other_than_it_says(
    value: Decimal, now: Decimal, tolerance: Decimal
) -> None:
    band = Band.around(value, "USD", tolerance)
    assert band.holds(value, "USD")
    assert not band.holds(value, "EUR")
    assert not band.holds(None, "USD")
    alert = an_alert(value=now, unit="USD", fired_at=START)
    made = Silence("s", (), alert.fingerprint, START, START + HOUR, "ann", "test", band=band)
    is_muted = bool(muted([alert], [made], [], START + HOUR / 2))
    assert is_muted is (abs(now - value) <= abs(value) * tolerance)
    assert bool(was_expected(alert, [made], START + HOUR / 2)) is not is_muted
