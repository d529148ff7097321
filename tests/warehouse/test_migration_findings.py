"""Version 5 types what a finding rests on: what was told before is still corrected and sent."""

import json
from datetime import date
from decimal import Decimal

import pytest

from costwatch.alerts.lifecycle import fingerprint
from costwatch.evaluate import evaluate
from costwatch.model import About, AlertState, Verdict, Window, labels
from costwatch.rules.threshold import Threshold
from costwatch.warehouse.alerts.alerts import current_alerts
from costwatch.warehouse.alerts.outbox import Outbox
from tests.made.older_warehouse import LeftBefore
from tests.made.warehouse_rows import NOW, fill

NOV_2, NOV_3 = date(2026, 11, 2), date(2026, 11, 3)
DAY = {"query": "EffectiveCost", "by": ["team"], "day": "2026-11-02", "value": "5000"}
WHERE = {"team": ["ml-platform"], "currency": ["USD"]}


def an_alert(evidence: object, key: str = "f") -> str:
    text = json.dumps(evidence).replace("'", "''")
    return f"""
    INSERT INTO alert VALUES (
      '{key}', 'Spend', 'ticket', '{{"rule": "Spend", "severity": "ticket", "team": "ml-platform"}}',
      'firing', '5000', '3000', 'USD', 'ml-platform: $5,000.00 on 2 Nov 2026, above $3,000.00', '', '{text}',
      '2026-11-20T06:00:00Z', '2026-11-20T06:00:00Z', NULL, NULL
    );"""


@pytest.mark.parametrize(
    ("evidence", "about", "kept"),
    [
        pytest.param(
            {**DAY, "where": WHERE},
            About(
                "EffectiveCost",
                ("team",),
                {"team": ("ml-platform",), "currency": ("USD",)},
                Window.of_days(NOV_2, NOV_3),
                Decimal(5000),
            ),
            {},
            id="a sum of one day",
        ),
        pytest.param(
            {**DAY, "said": "x: $1", "restated_from": "1"},
            About("EffectiveCost", ("team",), {}, Window.of_days(NOV_2, NOV_3), Decimal(5000)),
            {"said": "x: $1", "restated_from": "1"},
            id="a restated day keeps what was said first",
        ),
        pytest.param(
            {"query": "BilledCost", "by": [], "days": ["2026-10-28", "2026-11-02"], "value": "1.5"},
            About("BilledCost", window=Window.of_days(date(2026, 10, 28), NOV_3), value=Decimal("1.5")),
            {},
            id="a sum of days",
        ),
        pytest.param(
            {"query": "budget", "through": "2026-11-02", "spent": "3"},
            About("budget", window=Window.of_days(NOV_2, NOV_3)),
            {"through": "2026-11-02", "spent": "3"},
            id="a budget",
        ),
        pytest.param(
            {"query": "freshness", "by": ["source"], "value": "31.5"},
            About("freshness", ("source",), value=Decimal("31.5")),
            {},
            id="a late source",
        ),
        pytest.param(
            {**DAY, "by": "team", "where": {"team": "risk"}, "day": "yesterday", "value": "NaN"},
            About("EffectiveCost"),
            {},
            id="what has another shape is left out",
        ),
        pytest.param(
            {**DAY, "by": [1], "where": {"team": [["risk"]]}, "day": None, "value": "lots"},
            About("EffectiveCost"),
            {},
            id="and so is what has another one inside",
        ),
        pytest.param({"note": "mine"}, None, {"note": "mine"}, id="what names no query is left as it is"),
        pytest.param(["a", "list"], None, ["a", "list"], id="what is no mapping, too"),
    ],
)
def test_what_an_alert_rests_on_moves_out_of_its_evidence(
    left: LeftBefore, evidence: object, about: About | None, kept: object
) -> None:
    warehouse = left("0005_findings", an_alert(evidence))
    warehouse.migrate()
    with warehouse.read() as db:
        (alert,) = current_alerts(db, NOW).values()
    assert (alert.about, alert.evidence) == (about, kept)
    assert (alert.impact, alert.drivers, alert.annotations, alert.verdict) == (None, (), {}, Verdict.BREACH)


def test_a_day_told_before_the_upgrade_is_still_corrected(left: LeftBefore) -> None:
    warehouse = left("0005_findings", an_alert(DAY, fingerprint("Spend", labels(team="ml-platform"))))
    warehouse.migrate()
    spent = ("ml-platform", "Amazon EC2", "USD", 2100, 2100, "settled")
    fill(warehouse, [(date(2026, 11, 1), *spent), (date(2026, 11, 2), *spent)])
    evaluate(warehouse, [Threshold(name="Spend", by=("team",), above=Decimal(3000))], NOW)
    with warehouse.read() as db:
        (alert,) = current_alerts(db, NOW).values()
    assert (alert.state, alert.summary) == (
        AlertState.RESOLVED,
        "ml-platform: $5,000.00 on 2 Nov 2026, above $3,000.00 · 2 Nov is $2,100.00 now (was $5,000.00)",
    )


MESSAGE = """{
  "id": "m", "key": "k", "receiver": "default", "labels": [["rule", "Spend"]], "reason": "first",
  "alerts": [{
    "fingerprint": "f", "rule": "Spend", "severity": "ticket", "labels": [["rule", "Spend"]],
    "state": "firing", "value": "5000", "threshold": "3000", "unit": "USD", "summary": "s", "runbook": "",
    "evidence": {"query": "EffectiveCost", "by": ["team"], "day": "2026-11-02", "value": "5000"},
    "active_at": "2026-11-20T06:00:00Z", "fired_at": "2026-11-20T06:00:00Z", "resolved_at": null,
    "keep_firing_since": null
  }],
  "data_through": "2026-11-02", "links": {}, "owners": [], "attempt": 1
}"""


def test_a_message_queued_before_the_upgrade_can_still_be_sent(left: LeftBefore) -> None:
    row = f"""
    INSERT INTO notification
      (id, receiver, group_key, reason, content, digest, event, state, queued_at, next_attempt_at)
    VALUES ('m', 'default', 'k', 'first', '{MESSAGE}', 'd', 0, 'queued', '2026-11-20T06:00:00Z',
      '2026-11-20T06:00:00Z');"""
    warehouse = left("0005_findings", row)
    warehouse.migrate()
    with warehouse.read() as db:
        (queued,) = Outbox(db).unsent()
    (alert,) = queued.group.alerts
    assert (alert.summary, alert.about, alert.verdict) == ("s", None, Verdict.BREACH)
