"""What a rule's settings make of what it finds: no data, errors, small breaches, severity, texts."""

from dataclasses import replace
from decimal import Decimal
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costwatch.alerts.lifecycle import advance, not_evaluated
from costwatch.model import Alert, Driver, Finding, Impact, Severity, Verdict, labels
from tests.made.timed_rule import HOUR, START, Timed, finding, run

# --- no_data --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "no_data", "for_hours", "keep_hours", "states", "events"),
    [
        pytest.param("ubuo", "keep", 0, 0, ".ffr", "fr", id="keep: an unknown verdict changes nothing"),
        pytest.param("buo", "ok", 0, 0, "frr", "fr", id="ok: it is no breach"),
        pytest.param("bub", "ok", 2, 0, "p.p", "prp", id="ok: it starts the clock again"),
        pytest.param("buu", "ok", 0, 2, "fff", "f", id="ok: keep_firing_for holds the alert up"),
        pytest.param("uo", "alert", 0, 0, "nr", "nr", id="alert: want of data fires, and is over with it"),
        pytest.param("uuuo", "alert", 2, 0, "ppnr", "pnr", id="alert: once it has lasted for"),
        pytest.param("uuo", "alert", 2, 0, "pp.", "pr", id="alert: shorter, nobody hears of it"),
        pytest.param(
            "uoo", "alert", 0, 2, "nrr", "nr", id="alert: data that is back needs no keep_firing_for"
        ),
        pytest.param("uuu", "alert", 0, 0, "nnn", "n", id="alert: it is told once"),
        pytest.param("bu", "alert", 0, 0, "fn", "fn", id="alert: a breach that loses its data fires anew"),
        pytest.param("ub", "alert", 0, 0, "nf", "nf", id="alert: a breach after it fires anew"),
        pytest.param(
            "bbbuuub", "alert", 2, 0, "ppfffnf", "pfnf", id="alert: a breach holds for as long as for"
        ),
        pytest.param("bbbubuuo", "alert", 2, 0, "ppfffffr", "pfr", id="alert: a breach between resets that"),
        pytest.param(
            "bubu", "alert", 3, 0, "pppn", "pn", id="alert: either way something is wrong, and fires"
        ),
        pytest.param("u-", "alert", 0, 0, "nr", "nr", id="alert: no longer reported, it is over"),
    ],
)
def test_an_unknown_verdict_is_what_no_data_says(
    script: str,
    no_data: Literal["keep", "ok", "alert"],
    for_hours: int,
    keep_hours: int,
    states: str,
    events: str,
) -> None:
    rule = Timed(for_=for_hours * HOUR, keep_firing_for=keep_hours * HOUR, no_data=no_data)
    assert run(script, rule) == (states, events)


def test_want_of_data_is_the_same_instance_and_shows_no_value() -> None:
    breach = fired(finding(), Timed())
    missing = finding(
        Verdict.UNKNOWN, summary="ml-platform: two days are missing", impact=Impact(Decimal(1), "USD")
    )
    alert = fired(missing, Timed(no_data="alert"))
    assert (alert.fingerprint, alert.labels) == (breach.fingerprint, breach.labels)
    assert alert.summary == "no data: ml-platform: two days are missing"
    assert (alert.value, alert.impact) == (None, None)
    assert alert.about is not None
    assert (alert.about.query, alert.about.day) == ("EffectiveCost", None)


@given(
    script=st.text("bbouu-", max_size=40),
    no_data=st.sampled_from(["keep", "ok", "alert"]),
    for_hours=st.integers(0, 3),
    keep_hours=st.integers(0, 3),
)
def test_whatever_is_missing_every_resolution_ends_what_fired(
    script: str, no_data: Any, for_hours: int, keep_hours: int
) -> None:
    rule = Timed(for_=for_hours * HOUR, keep_firing_for=keep_hours * HOUR, no_data=no_data)
    states, events = run(script, rule)
    told = events.replace("pr", "").replace("p", "")
    assert "rr" not in told
    assert not told.startswith("r")
    assert not {"ff", "nn"} & {told[place : place + 2] for place in range(len(told))}
    assert "n" not in states or no_data == "alert"


# --- on_error -------------------------------------------------------------------------------------


def test_a_rule_that_cannot_be_evaluated_says_so_where_it_shall() -> None:
    rule = Timed(on_error="alert", severity=Severity.PAGE, labels={"tier": "1"})
    step = not_evaluated(None, rule, "prometheus: no answer; start it", START)
    assert step.alert is not None
    assert step.alert is step.event
    assert dict(step.alert.labels) == {"rule": "Spend", "severity": "page", "tier": "1"}
    assert step.alert.summary == "Spend cannot be evaluated: prometheus: no answer; start it"
    assert step.alert.fingerprint != fired(finding(labels=()), rule).fingerprint
    assert not_evaluated(step.alert, rule, "x", START + HOUR).event is None, "it is told once"
    assert not_evaluated(None, Timed(), "x", START).alert is None


# --- min_impact -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("impact", "fires"),
    [
        pytest.param(None, True, id="what is not known to be small is a breach"),
        pytest.param(99, False, id="less is none"),
        pytest.param(100, True, id="as much is one"),
    ],
)
def test_a_breach_that_costs_too_little_is_none(impact: int | None, fires: bool) -> None:
    small = finding(impact=None if impact is None else Impact(Decimal(impact), "USD"))
    step = advance(None, small, Timed(min_impact=Decimal(100)), START)
    assert (step.alert is not None, step.event is not None) == (fires, fires)


def test_an_alert_that_comes_to_cost_too_little_says_why_it_is_over() -> None:
    rule = Timed(min_impact=Decimal(100))
    alert = fired(finding(impact=Impact(Decimal(500), "USD")), rule)
    over = advance(alert, finding(impact=Impact(Decimal(40), "USD")), rule, START + HOUR).alert
    assert over is not None
    assert not over.is_firing
    assert over.summary == "ml-platform: $5000 on 2026-11-18 ($40.00 a month if it stays, under $100.00)"


# --- severity, drivers ----------------------------------------------------------------------------


def test_a_finding_may_be_more_severe_than_its_rule() -> None:
    alert = fired(finding(severity=Severity.PAGE), Timed())
    assert (alert.severity, alert.label("severity")) == (Severity.PAGE, "page")
    assert alert.fingerprint == fired(finding(), Timed()).fingerprint


@pytest.mark.parametrize(
    ("before", "after", "fires_anew"),
    [
        pytest.param("ticket", "page", True, id="more severe, it fires anew"),
        pytest.param("page", "ticket", False, id="less severe, it goes on"),
        pytest.param("page", "page", False, id="as severe, it goes on"),
    ],
)
def test_what_becomes_more_severe_is_told_again(before: str, after: str, fires_anew: bool) -> None:
    alert = fired(finding(severity=Severity(before)), Timed())
    step = advance(alert, finding(severity=Severity(after)), Timed(), START + HOUR)
    assert step.alert is not None
    assert step.alert.severity == after
    assert (step.alert.fired_at, step.event is not None) == (
        (START + HOUR, True) if fires_anew else (START, False)
    )


def test_an_alert_carries_what_drives_it() -> None:
    drivers = (
        Driver(labels(service="Amazon EC2"), Decimal(1700)),
        Driver(labels(service="S3"), Decimal(300)),
    )
    alert = fired(finding(change=Decimal(2000), drivers=drivers, impact=Impact(Decimal(9), "USD")), Timed())
    assert (alert.change, alert.drivers, alert.impact) == (2000, drivers, Impact(Decimal(9), "USD"))


# --- annotations ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("ask {team}", "ask ml-platform", id="a label of the finding"),
        pytest.param("tier {tier}, {severity}", "tier 1, ticket", id="labels of the rule"),
        pytest.param("ask {owner}", "ask {owner}", id="a label it lacks stays to be seen"),
        pytest.param("{} {a b} 100%{", "{} {a b} 100%{", id="other braces are text"),
    ],
)
def test_annotations_hold_the_labels_of_the_alert(text: str, shown: str) -> None:
    alert = fired(finding(), Timed(labels={"tier": "1"}, annotations={"hint": text}))
    assert alert.annotations == {"hint": shown}


def test_a_label_that_looks_like_a_placeholder_is_not_filled_in() -> None:
    hostile = replace(finding(), labels=labels(team="{severity}"))
    alert = fired(hostile, Timed(annotations={"hint": "ask {team}"}))
    assert alert.annotations == {"hint": "ask {severity}"}


def fired(found: Finding, rule: Timed) -> Alert:
    alert = advance(None, found, rule, START).alert
    assert alert is not None
    return alert
