"""What became of alerts, in one time line: how they went, who was told, what people did about it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from costwatch.alerts.matchers import parsed
from costwatch.model import ActRecord, Reason
from costwatch.warehouse import queries
from costwatch.warehouse.alerts.acts import recorded_acts
from costwatch.warehouse.encoding import from_text, to_text
from costwatch.warehouse.store import Transaction
from costwatch.wording import at_instant

_REASONS: Mapping[str, str] = {
    Reason.FIRST: "told",
    Reason.NEW: "told, with what is new beside it",
    Reason.CHANGED: "message corrected",
    Reason.SOME_RESOLVED: "told, that some of its group are over",
    Reason.RESOLVED: "told that it is over",
    Reason.REPEAT: "told again",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened, at an instant in UTC. Texts are not escaped.

    what: ``pending``, ``fired``, ``fired anew``, ``restated``, ``resolved``, ``over before it fired``; how
    somebody was told, ``waits``, ``not told``; or what people did (see ``ActRecord``). who: the person, or
    the receiver. rule and fingerprint: of the alert; empty where it is about many.
    """

    at: datetime
    what: str
    who: str = ""
    text: str = ""
    rule: str = ""
    fingerprint: str = ""
    is_message: bool = False


def alert_history(db: Transaction, since: datetime, *, fingerprint: str = "", rule: str = "") -> list[Entry]:
    """All that happened since then (UTC) to one alert, to those of a rule, or to all; the oldest first."""
    about = {"since": to_text(since), "fingerprint": fingerprint, "rule": rule}
    events = [_event(row) for row in queries.rows(db, "alert_events", about)]
    messages = [_message(row) for row in queries.rows(db, "messages_about", about)]
    people = list(_acts(db, since, fingerprint, rule))
    # What happens at one instant happens in this order; sorting keeps it.
    return sorted([*events, *people, *messages], key=lambda entry: entry.at)


def _event(row: Any) -> Entry:
    state, before = row["state"], row["state_before"]
    what = {"firing": "fired"}.get(state, state)
    if state == before == "firing":
        what = "restated" if row["fired_at"] == row["fired_at_before"] else "fired anew"
    elif state == before == "resolved":
        what = "restated"
    elif state == "resolved" and before == "pending":
        what = "over before it fired"
    at = from_text(row["at"])
    return Entry(at, what, "", row["summary"], row["rule"], row["fingerprint"])


def _message(row: Any) -> Entry:
    at, what, text = row["queued_at"], "waits", row["error"]
    if row["state"] == "sent":
        at, what, text = row["sent_at"] or at, _REASONS.get(row["reason"], row["reason"]), ""
        if row["alert_state"] == "resolved" and row["reason"] not in (Reason.RESOLVED, Reason.CHANGED):
            what = "told that it is over"
    elif row["state"] == "failed":
        at, what = row["next_attempt_at"], "not told"
    elif not text:
        text = f"goes out from {at_instant(from_text(row['next_attempt_at']))} on"
    if row["merged_into"]:
        text = f"{text} (in one message with others)".strip()
    if row["fallback_of"]:
        text = f"{text} (in the place of another receiver)".strip()
    return Entry(from_text(at), what, row["receiver"], text, row["rule"], row["fingerprint"], True)


def _acts(db: Transaction, since: datetime, fingerprint: str, rule: str) -> Iterator[Entry]:
    """What people did about these alerts, also by silences that match them."""
    known = {row["fingerprint"]: row for row in queries.rows(db, "alert_names")}
    for act in recorded_acts(db, since):
        found = known.get(act.fingerprint)
        if act.fingerprint:
            is_meant = fingerprint in ("", act.fingerprint) and rule in ("", found["rule"] if found else "")
        else:
            is_meant = not (fingerprint or rule) or _matches_any(act, known, fingerprint, rule)
        if is_meant:
            yield Entry(
                act.at, act.what, act.who, _said(act), found["rule"] if found else "", act.fingerprint
            )


def _matches_any(act: ActRecord, known: Mapping[str, Any], fingerprint: str, rule: str) -> bool:
    try:
        matchers = parsed(act.matchers)
    except ValueError:  # an older version took what this one cannot read
        return False
    return any(
        all(matcher.matches(json.loads(row["labels"])) for matcher in matchers)
        for row in known.values()
        if fingerprint in ("", row["fingerprint"]) and rule in ("", row["rule"])
    )


def _said(act: ActRecord) -> str:
    parts = [f"{act.silence}: {' '.join(act.matchers)}".removesuffix(": ") if act.silence else ""]
    parts += [f"until {at_instant(act.until)}" if act.until and act.what != "expire" else "", act.comment]
    return " · ".join(part for part in parts if part)
