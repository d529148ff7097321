"""The outbox: messages planned, being sent, sent or failed. What is planned here survives any crash."""

import json
import sqlite3
from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter

from costwatch.model import Alert, Group, Reason, Receipt
from costwatch.warehouse.encoding import from_text, to_text

_GROUP = TypeAdapter(Group)


@dataclass(frozen=True, slots=True)
class Notification:
    """One message: planned, being sent, sent or failed. Times in UTC.

    ``event`` is the newest entry of the alert log it was planned from. A conversation is the
    notifications of one ``group.receiver`` and ``group.key``.
    """

    group: Group
    digest: str
    event: int
    state: str  # queued, sending, sent, failed
    attempts: int
    queued_at: datetime
    next_attempt_at: datetime  # of a failed one: when it failed

    @property
    def is_untold(self) -> bool:
        """Whether the receiver cannot have seen it: it may still be rewritten."""
        return self.state == "failed" or (self.state == "queued" and self.attempts == 0)


@dataclass(frozen=True, slots=True)
class Conversation:
    """What was told, or may have been, of one group; what waits to be told; when it was last told aloud."""

    told: Notification | None = None
    waiting: Notification | None = None
    aloud_at: datetime | None = None  # corrections are quiet: they interrupt nobody
    length: int = 0

    @property
    def told_alerts(self) -> tuple[Alert, ...]:
        """Alerts as they were last told."""
        return self.told.group.alerts if self.told else ()

    @property
    def owed(self) -> frozenset[str]:
        """Fingerprints of alerts that wait to be told."""
        alerts = self.waiting.group.alerts if self.waiting else ()
        return frozenset(alert.fingerprint for alert in alerts)


class Outbox:
    """The notifications of the warehouse, over one transaction."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def newest_event(self) -> int:
        """The newest entry of the alert log; 0: none."""
        return int(self._db.execute("SELECT coalesce(max(id), 0) FROM alert_event").fetchone()[0])

    def fired_since_planned(self) -> frozenset[str]:
        """Fingerprints of alerts that fired after messages were last planned."""
        rows = self._db.execute(
            """
            SELECT DISTINCT fingerprint FROM alert_event
            WHERE state = 'firing' AND id > (SELECT coalesce(max(event), 0) FROM notification)
            """
        )
        return frozenset(row["fingerprint"] for row in rows)

    def unfinished(self) -> list[tuple[str, str]]:
        """Receiver and group key of conversations whose last message did not tell the end."""
        rows = self._db.execute(
            """
            SELECT receiver, group_key FROM notification
            WHERE rowid IN (SELECT max(rowid) FROM notification GROUP BY receiver, group_key)
              AND reason <> 'resolved'
            ORDER BY rowid
            """
        )
        return [(row["receiver"], row["group_key"]) for row in rows]

    def conversation(self, receiver: str, key: str) -> Conversation:
        """How far the conversation has come."""
        where = {"receiver": receiver, "key": key}
        rows = self._db.execute(
            """
            SELECT * FROM notification WHERE receiver = :receiver AND group_key = :key
            ORDER BY rowid DESC LIMIT 2
            """,
            where,
        )
        newest = [_notification(row) for row in rows]
        waiting = newest.pop(0) if newest and newest[0].is_untold else None
        summary = self._db.execute(
            """
            SELECT count(*) AS length, max(
              CASE WHEN reason NOT IN ('changed', 'resolved') AND id <> :waiting THEN queued_at END
            ) AS aloud_at
            FROM notification WHERE receiver = :receiver AND group_key = :key
            """,
            {**where, "waiting": waiting.group.id if waiting else ""},
        ).fetchone()
        return Conversation(
            told=newest[0] if newest else None,
            waiting=waiting,
            aloud_at=from_text(summary["aloud_at"]) if summary["aloud_at"] else None,
            length=summary["length"],
        )

    def put(self, notification: Notification) -> None:
        """Queue it, or rewrite the untold one with its id."""
        group = notification.group
        self._db.execute(
            """
            INSERT INTO notification
              (id, receiver, group_key, reason, content, digest, event, state, queued_at, next_attempt_at)
            VALUES (
              :id, :receiver, :key, :reason, :content, :digest, :event, 'queued', :queued_at,
              :next_attempt_at
            )
            ON CONFLICT (id) DO UPDATE SET
              reason = excluded.reason, content = excluded.content, digest = excluded.digest,
              event = excluded.event, state = 'queued', attempts = 0, queued_at = excluded.queued_at,
              next_attempt_at = excluded.next_attempt_at, error = ''
            """,
            {
                "id": group.id,
                "receiver": group.receiver,
                "key": group.key,
                "reason": str(group.reason),
                "content": _GROUP.dump_json(group).decode(),
                "digest": notification.digest,
                "event": notification.event,
                "queued_at": to_text(notification.queued_at),
                "next_attempt_at": to_text(notification.next_attempt_at),
            },
        )

    def withdraw(self, notification: Notification) -> None:
        """Forget an untold one that has nothing to tell any more."""
        self._db.execute("DELETE FROM notification WHERE id = ?", (notification.group.id,))

    def unsent(self) -> list[Notification]:
        """What is still to be sent, oldest first."""
        rows = self._db.execute(
            "SELECT * FROM notification WHERE state IN ('queued', 'sending') ORDER BY rowid"
        )
        return [_notification(row) for row in rows]

    def previous(self, notification: Notification) -> Receipt | None:
        """What the last message since the conversation's newest first one gave back."""
        if notification.group.reason is Reason.FIRST:
            return None
        row = self._db.execute(
            """
            SELECT receipt FROM notification
            WHERE receiver = :receiver AND group_key = :key AND state = 'sent' AND rowid >= (
              SELECT coalesce(max(rowid), 0) FROM notification
              WHERE receiver = :receiver AND group_key = :key AND reason = 'first'
            )
            ORDER BY rowid DESC LIMIT 1
            """,
            {"receiver": notification.group.receiver, "key": notification.group.key},
        ).fetchone()
        return None if row is None else Receipt(json.loads(row["receipt"]))

    def claim(self, notification: Notification) -> None:
        """It is being sent: from here on it may have arrived."""
        self._db.execute(
            "UPDATE notification SET state = 'sending', attempts = attempts + 1 WHERE id = ?",
            (notification.group.id,),
        )

    def sent(self, notification: Notification, receipt: Receipt, now: datetime) -> None:
        """It arrived."""
        self._db.execute(
            "UPDATE notification SET state = 'sent', sent_at = ?, receipt = ?, error = '' WHERE id = ?",
            (to_text(now), json.dumps(dict(receipt.reference), sort_keys=True), notification.group.id),
        )

    def postponed(self, notification: Notification, error: str, until: datetime) -> None:
        """It is to be tried again."""
        self._db.execute(
            "UPDATE notification SET state = 'queued', next_attempt_at = ?, error = ? WHERE id = ?",
            (to_text(until), error, notification.group.id),
        )

    def failed(self, notification: Notification, error: str, now: datetime) -> None:
        """It was refused for good, as it is."""
        self._db.execute(
            "UPDATE notification SET state = 'failed', next_attempt_at = ?, error = ? WHERE id = ?",
            (to_text(now), error, notification.group.id),
        )


def _notification(row: sqlite3.Row) -> Notification:
    return Notification(
        group=_GROUP.validate_json(row["content"]),
        digest=row["digest"],
        event=row["event"],
        state=row["state"],
        attempts=row["attempts"],
        queued_at=from_text(row["queued_at"]),
        next_attempt_at=from_text(row["next_attempt_at"]),
    )
