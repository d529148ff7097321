"""A later version keeps when groups are told: what was told before goes on, and is not told again."""

import json
from datetime import UTC, datetime, timedelta

from pydantic import TypeAdapter

from costwatch.alerts.routing import RootRoute
from costwatch.deliver import deliver
from costwatch.model import AlertState, Group
from costwatch.testing import a_group, an_alert
from costwatch.warehouse.alerts import alerts as stored_alerts
from costwatch.warehouse.alerts.groups import alert_groups, last_plan
from costwatch.warehouse.store import Warehouse
from tests.made.delivery_world import Recorder
from tests.made.older_warehouse import LeftBefore

FIRED = datetime(2026, 11, 20, 6, tzinfo=UTC)
ALERT = an_alert(fingerprint="f", state=AlertState.FIRING, active_at=FIRED, fired_at=FIRED, resolved_at=None)
KEY = "{}:" + json.dumps({"rule": dict(ALERT.labels)["rule"]})


def told(id: str, receiver: str, reason: str) -> str:
    content = json.loads(TypeAdapter(Group).dump_json(a_group(alerts=(ALERT,), key=KEY, receiver=receiver)))
    for name in ("remarks", "is_aloud"):
        del content[name]
    text = json.dumps(content).replace("'", "''")
    return f"""
    INSERT INTO notification
      (id, receiver, group_key, reason, content, digest, event, state, attempts, queued_at, next_attempt_at,
       sent_at, receipt)
    VALUES ('{id}', '{receiver}', '{KEY}', '{reason}', '{text}', 'd', 0, 'sent', 1, '2026-11-20T06:00:00Z',
      '2026-11-20T06:00:00Z', '2026-11-20T06:00:05Z', '{{"ts": "1"}}');"""


def upgraded(left: LeftBefore) -> Warehouse:
    rows = told("m-1", "default", "first") + told("m-2", "other", "first") + told("m-3", "other", "resolved")
    found = left("0023_alert_group", rows)
    found.migrate()
    return found


def test_conversations_that_are_not_over_are_groups(left: LeftBefore) -> None:
    with upgraded(left).read() as db:
        ((place, timer),) = alert_groups(db).items()
        plan = last_plan(db)
    assert (place, timer.began_at, timer.flushed_at) == (("default", KEY), FIRED, None)
    assert plan is not None
    assert (plan.at, plan.event) == (FIRED, 0)


def test_what_was_told_is_not_told_again_and_its_end_is(left: LeftBefore) -> None:
    found, receiver = upgraded(left), Recorder()
    route = RootRoute.model_validate({"receiver": "default", "group_by": ["rule"]})
    over_at = FIRED + timedelta(hours=1)
    over = an_alert(
        fingerprint="f", state=AlertState.RESOLVED, active_at=FIRED, fired_at=FIRED, resolved_at=over_at
    )
    for hours, alert in ((0.5, ALERT), (1, over), (2, over)):
        with found.write() as db:
            stored_alerts.save(db, [alert], [], [])
        deliver(found, route, [receiver], {}, "", FIRED + timedelta(hours=hours))
    assert [said.split(":")[0] for said in receiver.said if not said.startswith("changed")] == ["resolved"]
