"""The outbox: messages planned, being sent, sent or failed. What is planned here survives any crash."""

import json
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pydantic import TypeAdapter

from costwatch.model import Alert, Group, Reason, Receipt
from costwatch.warehouse import queries
from costwatch.warehouse.encoding import from_text, to_text

_GROUP = TypeAdapter(Group)


class SendState(StrEnum):
    """How far a message has come."""

    QUEUED = "queued"
    SENDING = "sending"  # it may have arrived
    SENT = "sent"
    FAILED = "failed"  # refused for good, as it was


@dataclass(frozen=True, slots=True)
class Notification:
    """One message: planned, being sent, sent or failed. Times in UTC.

    ``event`` is the newest entry of the alert log it was planned from. A conversation is the
    notifications of one ``group.receiver`` and ``group.key``.
    """

    group: Group
    digest: str
    event: int
    state: SendState
    attempts: int
    queued_at: datetime
    next_attempt_at: datetime  # of a failed one: when it failed
    error: str = ""  # why it was not taken when it was last tried
    fallback_of: str = ""  # id of the message that its own receiver did not take

    @property
    def is_unseen(self) -> bool:
        """Whether the receiver cannot have seen it: it may still be rewritten."""
        return self.state is SendState.FAILED or (self.state is SendState.QUEUED and self.attempts == 0)


@dataclass(frozen=True, slots=True)
class Conversation:
    """What was last sent (or may have been) of one group, what is not sent yet, and how loud it was.

    ``refused``: what was refused for good since it was last sent, while ``unsent`` waited behind it.
    """

    last_sent: Notification | None = None
    unsent: Notification | None = None
    refused: tuple[Notification, ...] = ()
    aloud_at: datetime | None = None  # corrections are quiet: they interrupt nobody
    length: int = 0

    @property
    def last_sent_alerts(self) -> tuple[Alert, ...]:
        """Alerts as they were last told."""
        return self.last_sent.group.alerts if self.last_sent else ()

    @property
    def unsent_fingerprints(self) -> frozenset[str]:
        """Fingerprints of alerts that wait to be told."""
        waiting = (self.unsent, *self.refused) if self.unsent else ()
        return frozenset(alert.fingerprint for each in waiting for alert in each.group.alerts)


class Outbox:
    """The notifications of the warehouse, over one transaction."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def newest_event(self) -> int:
        """The newest entry of the alert log; 0: none."""
        return int(self._db.execute("SELECT coalesce(max(id), 0) FROM alert_event").fetchone()[0])

    def fired_since_planned(self) -> frozenset[str]:
        """Fingerprints of alerts that fired after messages were last planned."""
        rows = self._db.execute(queries.text("fired_since_planned"))
        return frozenset(row["fingerprint"] for row in rows)

    def owed(self) -> frozenset[str]:
        """Fingerprints of alerts that wait to be told to somebody."""
        return frozenset(row["fingerprint"] for row in queries.rows(self._db, "owed_alerts"))

    def unfinished(self) -> list[tuple[str, str]]:
        """Receiver and group key of conversations whose last message did not tell the end."""
        rows = self._db.execute(queries.text("unfinished_conversations"))
        return [(row["receiver"], row["group_key"]) for row in rows]

    def conversation(self, receiver: str, key: str) -> Conversation:
        """How far the conversation has come."""
        where = {"receiver": receiver, "key": key}
        rows = self._db.execute(
            queries.text("newest_of_conversation"),
            where,
        )
        newest = [_notification(row) for row in rows]
        seen = [each for each in newest if not each.is_unseen]
        unseen = [each for each in newest if each.is_unseen]
        unsent = unseen[0] if unseen else None
        summary = self._db.execute(
            queries.text("conversation"),
            {**where, "unsent": unsent.group.id if unsent else ""},
        ).fetchone()
        return Conversation(
            last_sent=seen[0] if seen else None,
            unsent=unsent,
            refused=tuple(unseen[1:]),
            aloud_at=from_text(summary["aloud_at"]) if summary["aloud_at"] else None,
            length=summary["length"],
        )

    def put(self, notification: Notification) -> None:
        """Queue it, or rewrite the untold one with its id."""
        group = notification.group
        self._db.execute(
            queries.text("put_notification"),
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
                "fallback_of": notification.fallback_of,
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

    def not_taken(self, fallback: str, since: datetime) -> list[Notification]:
        """What others than ``fallback`` have refused since then, or could not be sent for so long."""
        rows = queries.rows(self._db, "not_taken", {"fallback": fallback, "since": to_text(since)})
        return [_notification(row) for row in rows]

    def is_known(self, id: str) -> bool:
        """Whether there is a message with this id."""
        row = self._db.execute("SELECT 1 FROM notification WHERE id = ?", (id,)).fetchone()
        return row is not None

    def previous(self, notification: Notification) -> Receipt | None:
        """What the last message since the conversation's newest first one gave back."""
        if notification.group.reason is Reason.FIRST:
            return None
        row = self._db.execute(
            queries.text("previous_receipt"),
            {"receiver": notification.group.receiver, "key": notification.group.key},
        ).fetchone()
        return None if row is None else Receipt(json.loads(row["receipt"]))

    def claim(self, notification: Notification, now: datetime) -> None:
        """It is being sent: from here on it may have arrived."""
        self._db.execute(
            "UPDATE notification SET state = 'sending', attempts = attempts + 1, tried_at = ? WHERE id = ?",
            (to_text(now), notification.group.id),
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
        state=SendState(row["state"]),
        attempts=row["attempts"],
        queued_at=from_text(row["queued_at"]),
        next_attempt_at=from_text(row["next_attempt_at"]),
        error=row["error"],
        fallback_of=row["fallback_of"],
    )
