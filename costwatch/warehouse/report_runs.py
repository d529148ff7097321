"""Which report was sent to whom, and what they gave back."""

import json
import sqlite3
from dataclasses import dataclass
from datetime import datetime

from costwatch.model import Receipt
from costwatch.warehouse import queries
from costwatch.warehouse.encoding import to_text


@dataclass(frozen=True, slots=True)
class ReportRun:
    """How far the sending of a report has come. ``digest`` is of its text; ``receipt`` the last one."""

    digest: str
    attempts: int
    is_sent: bool
    receipt: Receipt | None


def report_run(db: sqlite3.Connection, receiver: str, report: str) -> ReportRun | None:
    """The last one of this report to this receiver; None: there was none."""
    row = db.execute(
        "SELECT * FROM report_run WHERE receiver = ? AND report = ?", (receiver, report)
    ).fetchone()
    if row is None:
        return None
    receipt = Receipt(json.loads(row["receipt"])) if row["receipt"] else None
    return ReportRun(row["digest"], row["attempts"], row["sent_at"] is not None, receipt)


def begin_report_run(db: sqlite3.Connection, receiver: str, report: str, digest: str, attempt: int) -> None:
    """It is being sent: from here on it may have arrived."""
    row = {"receiver": receiver, "report": report, "digest": digest, "attempts": attempt}
    db.execute(queries.text("begin_report_run"), row)


def end_report_run(
    db: sqlite3.Connection, receiver: str, report: str, receipt: Receipt, now: datetime
) -> None:
    """It arrived."""
    db.execute(
        "UPDATE report_run SET sent_at = ?, receipt = ? WHERE receiver = ? AND report = ?",
        (to_text(now), json.dumps(dict(receipt.reference), sort_keys=True), receiver, report),
    )
