"""The outbox: messages planned, being sent, sent or failed. What is planned here survives any crash."""

import json
import sqlite3
from collections.abc import Iterable
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
    merged_into: str = ""  # id of the message in which it is told

    @property
    def is_unseen(self) -> bool:
        """Whether the receiver cannot have seen it: it may still be rewritten."""
        return self.state is SendState.FAILED or (self.state is SendState.QUEUED and self.attempts == 0)


@dataclass(frozen=True, slots=True)
class Conversation:
    """What was last sent (or may have been) of one group, and what is not sent yet.

    ``refused``: what was refused for good since it was last sent, while ``unsent`` waited behind it.
    ``told_at``: when the last message was sent (or queued) that was no silent edit; UTC.
    """

    last_sent: Notification | None = None
    unsent: Notification | None = None
    refused: tuple[Notification, ...] = ()
    told_at: datetime | None = None
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


@dataclass(frozen=True, slots=True)
class Previous:
    """``receipt``: what a message gave back; None: there was none. ``alerts``: as it told them."""

    receipt: Receipt | None = None
    alerts: tuple[Alert, ...] = ()

    @property
    def can_be_edited(self) -> bool:
        """Whether there is a message to correct in place."""
        return self.receipt is not None and bool(self.receipt.reference)


class Outbox:
    """The notifications of the warehouse, over one transaction."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def owed(self) -> frozenset[str]:
        """Fingerprints of alerts that wait to be told to somebody."""
        return frozenset(row["fingerprint"] for row in queries.rows(self._db, "owed_alerts"))

    def places(self) -> set[tuple[str, str]]:
        """Receiver and group key of all conversations there ever were."""
        rows = self._db.execute("SELECT DISTINCT receiver, group_key FROM notification")
        return {(row["receiver"], row["group_key"]) for row in rows}

    def conversation(self, receiver: str, key: str, *, edits: bool = True) -> Conversation:
        """How far the conversation has come; edits: its corrections are silent edits, no messages."""
        where = {"receiver": receiver, "key": key}
        newest = [_notification(row) for row in queries.rows(self._db, "newest_of_conversation", where)]
        seen = [each for each in newest if not each.is_unseen]
        unseen = [each for each in newest if each.is_unseen]
        unsent = unseen[0] if unseen else None
        asked = {**where, "unsent": unsent.group.id if unsent else "", "silent": "changed" if edits else ""}
        summary = self._db.execute(queries.text("conversation"), asked).fetchone()
        return Conversation(
            last_sent=seen[0] if seen else None,
            unsent=unsent,
            refused=tuple(unseen[1:]),
            told_at=from_text(summary["told_at"]) if summary["told_at"] else None,
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

    def carry_over(self, notification: Notification, receipt: Receipt, at: datetime) -> None:
        """Begin a conversation with what was told, at that time, in another one of its receiver."""
        self.put(notification)
        self.claim(notification, at)
        self.sent(notification, receipt, at)

    def unsent(self) -> list[Notification]:
        """What is still to be sent, oldest first; without what is told in another message."""
        return [_notification(row) for row in queries.rows(self._db, "unsent_notifications")]

    def merge(self, into: str, notifications: Iterable[Notification]) -> None:
        """These are told in the message of that id: they are sent, or refused, when it is."""
        ids = [(into, each.group.id) for each in notifications]
        self._db.executemany("UPDATE notification SET merged_into = ? WHERE id = ?", ids)

    def has_merged(self) -> bool:
        """Whether any message waits in another one."""
        row = self._db.execute(
            "SELECT 1 FROM notification WHERE state IN ('queued', 'failed') AND merged_into <> '' LIMIT 1"
        ).fetchone()
        return row is not None

    def part(self) -> None:
        """Undo all merging into messages that nobody has tried to send."""
        for name in ("part_notifications", "forget_summaries"):
            self._db.execute(queries.text(name))

    def not_taken(self, fallback: str, since: datetime) -> list[Notification]:
        """What others than ``fallback`` have refused since then, or could not be sent for so long."""
        rows = queries.rows(self._db, "not_taken", {"fallback": fallback, "since": to_text(since)})
        return [_notification(row) for row in rows]

    def is_known(self, id: str) -> bool:
        """Whether there is a message with this id."""
        row = self._db.execute("SELECT 1 FROM notification WHERE id = ?", (id,)).fetchone()
        return row is not None

    def previous(self, notification: Notification) -> Previous:
        """What the last message of its conversation gave back, and told, since the newest first one."""
        if notification.group.reason is Reason.FIRST:
            return Previous()
        group = notification.group
        return self.last_sent(group.receiver, group.key)

    def last_sent(self, receiver: str, key: str) -> Previous:
        """What the conversation's last message that arrived gave back, and told."""
        where = {"receiver": receiver, "key": key}
        row = self._db.execute(queries.text("previous_receipt"), where).fetchone()
        if row is None:
            return Previous()
        return Previous(Receipt(json.loads(row["receipt"])), _GROUP.validate_json(row["content"]).alerts)

    def claim(self, notification: Notification, now: datetime) -> None:
        """It is being sent: from here on it may have arrived, with what is told in it."""
        self._settle("claim_notification", notification, now)

    def sent(self, notification: Notification, receipt: Receipt, now: datetime) -> None:
        """It arrived, with what is told in it."""
        reference = json.dumps(dict(receipt.reference), sort_keys=True)
        self._settle("notification_sent", notification, now, receipt=reference)

    def postponed(self, notification: Notification, error: str, until: datetime) -> None:
        """It is to be tried again."""
        self._db.execute(
            "UPDATE notification SET state = 'queued', next_attempt_at = ?, error = ? WHERE id = ?",
            (to_text(until), error, notification.group.id),
        )

    def failed(self, notification: Notification, error: str, now: datetime) -> None:
        """It was refused for good, as it is, with what is told in it."""
        self._settle("notification_failed", notification, now, error=error)

    def _settle(self, query: str, of: Notification, now: datetime, **values: str) -> None:
        self._db.execute(queries.text(query), {"id": of.group.id, "at": to_text(now), **values})


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
        merged_into=row["merged_into"],
    )
