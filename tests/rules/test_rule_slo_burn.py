"""Rule kind ``slo_burn``: pairs of windows, few events, want of data, and what is told."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from costwatch.model import Finding, Severity, Verdict
from costwatch.plugins import PluginContext
from costwatch.rules.slo_burn import SloBurn
from costwatch.testing import FakeSnapshot, points
from tests.made.slo_facts import bad, slo_facts, together

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
FAST = {"1h": 15, "5m": 16}


def found(facts: Mapping[str, Any], **settings: Any) -> list[Finding]:
    return list(SloBurn.model_validate({"name": "Burn", **settings}).evaluate(FakeSnapshot(facts), NOW))


@pytest.mark.parametrize(
    ("burns", "severity"),
    [
        pytest.param(FAST, Severity.PAGE, id="an hour and five minutes call somebody"),
        pytest.param({"1h": 15, "5m": 14}, None, id="the long window alone does not: it is over"),
        pytest.param({"1h": 14.4, "5m": 100}, None, id="just as fast as the factor is not faster"),
        pytest.param({"6h": 7, "30m": 7}, Severity.PAGE, id="six hours call somebody, too"),
        pytest.param({"1d": 4, "2h": 4}, Severity.TICKET, id="a day can wait"),
        pytest.param({"3d": 2, "6h": 2}, Severity.TICKET, id="so can three"),
        pytest.param({"1d": 4, "2h": 4, **FAST}, Severity.PAGE, id="the most urgent pair counts"),
        pytest.param({"1h": 15, "5m": None}, None, id="no events in the short window"),
    ],
)
def test_both_windows_must_burn(burns: Mapping[str, object], severity: Severity | None) -> None:
    (finding,) = found(slo_facts(NOW, burns=burns))
    assert (finding.verdict, finding.severity) == (Verdict.BREACH if severity else Verdict.OK, severity)


def test_a_finding_says_when_the_budget_is_gone_and_what_is_used() -> None:
    facts = slo_facts(NOW, burns=FAST, used=412, allowed=600, left="0.3133", hours_left={"1h": "52.2"})
    (finding,) = found(facts)
    assert finding.summary == (
        "checkout: burns at 15 over 1 h and 16 over 5 min; at this rate the budget is gone in 2 d 4 h; "
        "412 of 600 allowed errors used"
    )
    assert (str(finding.value), str(finding.threshold), finding.unit) == ("15", "14.4", "burn")
    assert finding.labels == (("service", "shop"), ("slo", "checkout"), ("team", "payments"))
    assert finding.evidence["bad_events"] == "1500"


def test_few_events_are_no_breach_and_it_is_said() -> None:
    """Case s06."""
    (finding,) = found(slo_facts(NOW, burns={"1h": 100, "5m": 1000}, events=10))
    assert (finding.verdict, finding.summary) == (Verdict.OK, "checkout: 10 events in 1 h, fewer than 100")
    (finding,) = found(slo_facts(NOW, burns={"1h": 100, "5m": 1000}, events=10), min_events=10)
    assert finding.verdict is Verdict.BREACH
    (finding,) = found(slo_facts(NOW, burns=FAST, events=60, unit="slices"))
    assert finding.verdict is Verdict.BREACH


def test_windows_are_those_of_the_period_and_of_the_file() -> None:
    week = {"burns": {"1h": 3.4, "5m": 3.4}, "period": "7d"}
    assert found(slo_facts(NOW, **week))[0].severity is Severity.PAGE  # type: ignore[arg-type]
    assert found(slo_facts(NOW, burns={"1h": 3.4, "5m": 3.4}))[0].verdict is Verdict.OK
    assert found(slo_facts(NOW, burns=FAST, alerts="ticket"))[0].verdict is Verdict.OK
    both = slo_facts(NOW, burns={**FAST, "1d": 4, "2h": 4}, alerts="ticket")
    assert found(both)[0].severity is Severity.TICKET
    (none,) = found(slo_facts(NOW, burns=FAST, alerts="ticket", period="7d"))
    assert (none.verdict, none.threshold) == (Verdict.OK, None)


def test_instances_are_told_apart_by_their_labels() -> None:
    """Case s04: the mixture burns at 5."""
    facts = together(
        slo_facts(NOW, "edge", burns=0, instance={"host": "a", "team": "x"}),
        slo_facts(NOW, "edge", burns=50, instance={"host": "b", "team": "x"}),
    )
    assert {dict(one.labels)["host"]: one.verdict for one in found(facts)} == {
        "a": Verdict.OK,
        "b": Verdict.BREACH,
    }
    assert dict(found(facts)[0].labels)["instance_team"] == "x"
    assert found(facts)[1].summary.startswith("edge{host=b,team=x}: burns at 50")
    assert [dict(one.labels)["host"] for one in found(facts, match={"host": "b"})] == ["b"]
    assert found(facts, match={"team": "growth"})[0].verdict is Verdict.UNKNOWN


def test_what_is_old_is_unknown_and_what_is_gone_is_let_go() -> None:
    facts = together(
        slo_facts(NOW, "silent", burns=20, age="0.8"),
        slo_facts(NOW, "pods", burns=20, age=None, instance={"pod": "gone"}),
        slo_facts(NOW, "pods", burns={"1h": 20, "5m": None}, age=2, instance={"pod": "ends"}),
        slo_facts(NOW, "pods", burns=0, instance={"pod": "lives"}),
    )
    assert {(dict(one.labels)["slo"], dict(one.labels).get("pod")): one.verdict for one in found(facts)} == {
        ("silent", None): Verdict.UNKNOWN,
        ("pods", "ends"): Verdict.OK,
        ("pods", "lives"): Verdict.OK,
    }
    said = [one.summary for one in found(facts, slo="silent")]
    assert said == ["nothing new is known of any of its objectives", "silent: nothing new for 48 min"]


@pytest.mark.parametrize(
    ("slo", "names"),
    [
        ("*", ["shop/checkout{site=east}", "shop/search"]),
        ("checkout", ["shop/checkout{site=east}"]),
        ("shop/search", ["shop/search"]),
        (["sea*"], ["shop/search"]),
    ],
)
def test_objectives_are_named_by_id_name_or_pattern(slo: Any, names: list[str]) -> None:
    facts = together(slo_facts(NOW, "shop/checkout{site=east}"), slo_facts(NOW, "shop/search"))
    assert [dict(one.labels)["slo"] for one in found(facts, slo=slo)] == names


@pytest.mark.parametrize(
    ("slo", "known", "expected"),
    [
        ("checkuot", ("shop/checkout",), "no SLO is called 'checkuot'; use checkout"),
        ("*", (), "can never fire: no objective is named"),
        ("chec*", ("shop/checkout",), ""),
        ("anything", None, ""),
    ],
)
def test_a_name_that_no_objective_has_is_refused(slo: str, known: Any, expected: str) -> None:
    context = PluginContext(Path(), "slo_burn", slos=known)
    if not expected:
        SloBurn.model_validate({"name": "Burn", "slo": slo}, context=context)
        return
    with pytest.raises(ValidationError, match=expected.replace("*", r"\*")):
        SloBurn.model_validate({"name": "Burn", "slo": slo}, context=context)


def test_bad_events_are_told_by_label_and_sum_up() -> None:
    """Of a window in which 1,500 went wrong, as Prometheus says of some that lie closely beside it."""
    rule = SloBurn.model_validate({"name": "Burn", "prometheus": "http://prometheus:9090"})
    live = {
        "sli_bad_events": {
            key: series for n in range(9) for key, series in bad(f"/{n}", "500", 100 + n, NOW).items()
        }
    }
    deploy = {
        (("kind", "deploy"), ("service", "shop"), ("team", ""), ("title", "v42")): points(
            NOW - timedelta(minutes=20), timedelta(seconds=1), 1
        )
    }
    other = {
        (("kind", "deploy"), ("service", "feed"), ("team", ""), ("title", "v7")): points(
            NOW - timedelta(minutes=20), timedelta(seconds=1), 1
        )
    }
    facts = FakeSnapshot({**slo_facts(NOW, burns=FAST), "marker": {**deploy, **other}}, live_facts=live)
    (finding,) = rule.evaluate(facts, NOW)
    told = rule.explain(finding, facts, NOW)
    assert told is not None
    assert [dict(part.labels).get("route") for part in told.drivers] == ["/8", "/7", "/6", "/5", "/4", None]
    assert sum(part.amount for part in told.drivers) == 1500
    assert told.texts["bad events"].endswith("code=500 route=/4 167, the rest 651 of 1,500")
    assert told.texts["changes before"] == "deploy v42 at 08:40 UTC"
    assert told.texts["query"].startswith(
        "http://prometheus:9090/graph?g0.expr=%28sum%28rate%28http_requests_total"
    )


def test_without_an_answer_it_is_said_that_there_is_none() -> None:
    facts = FakeSnapshot(slo_facts(NOW, burns=FAST))
    rule = SloBurn(name="Burn", drivers=("code",))
    (finding,) = rule.evaluate(facts, NOW)
    told = rule.explain(finding, facts, NOW)
    assert told is not None
    assert told.texts == {"bad events": "not told by code, as Prometheus could not be asked"}
