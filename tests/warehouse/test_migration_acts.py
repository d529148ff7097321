"""Version 6 keeps what people do: messages that wait are sent on."""

import json
import sqlite3
from datetime import UTC, datetime

from pydantic import TypeAdapter

from costwatch.model import Group
from costwatch.testing import a_group
from costwatch.warehouse.alerts.acts import acks
from costwatch.warehouse.alerts.groups import alert_groups
from costwatch.warehouse.alerts.muted_alerts import muted_alerts
from costwatch.warehouse.alerts.outbox import Outbox
from costwatch.warehouse.alerts.silences import silences
from tests.made.older_warehouse import LeftBefore

NOW = datetime(2026, 11, 21, tzinfo=UTC)
NOTIFICATION = """
INSERT INTO notification
  (id, receiver, group_key, reason, content, digest, event, state, attempts, queued_at, next_attempt_at)
VALUES (?, 'default', 'k', 'first', ?, 'd', 1, 'queued', 1, '2026-11-20T06:00:00Z', '2026-11-20T06:15:00Z')
"""


def test_messages_that_wait_are_sent_on(left: LeftBefore) -> None:
    found = left("0006_acts", "")
    # As a version without the fields of today would have written it.
    content = json.loads(TypeAdapter(Group).dump_json(a_group()))
    del content["note"]
    with sqlite3.connect(found.path) as db:
        db.execute(NOTIFICATION, ("m-1", json.dumps(content)))
    db.close()
    found.migrate()
    with found.read() as db:
        (unsent,) = Outbox(db).unsent()
        assert [*alert_groups(db)] == [("default", "k")]
        assert [*silences(db, datetime(2000, 1, 1, tzinfo=UTC)), *muted_alerts(db), *acks(db, NOW)] == []
    assert (unsent.group.note, unsent.fallback_of, unsent.attempts) == ("", "", 1)
