"""Many messages at once become one that counts and names them; one that failed joins the one after it."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from costwatch.delivery.lanes import URGENCY, lane_of
from costwatch.delivery.sending import is_for
from costwatch.model import Alert, Group, Reason, Severity
from costwatch.plugins import Editor, Receiver
from costwatch.warehouse.alerts.groups import Place
from costwatch.warehouse.alerts.outbox import Notification, Outbox, SendState
from costwatch.warehouse.store import Warehouse

AT_MOST = 20  # new messages for one receiver that are told one by one
_NAMED = 20


def merge(
    warehouse: Warehouse, receivers: Mapping[str, Receiver], now: datetime, only: str | None = None
) -> list[Notification]:
    """What is to be sent, after merging what is due.

    More than ``AT_MOST`` new messages for one receiver, below the urgency of a page, become one summary. A
    receiver that cannot edit is told once what has become of a group since a message that did not arrive.
    What is merged is sent, or refused, with the message it is in.
    """
    with warehouse.read() as db:
        outbox = Outbox(db)
        unsent = outbox.unsent()
        due = [each for each in unsent if is_for(each, only) and each.next_attempt_at <= now]
        followed = dict(_followed(due, receivers))
        new: dict[str, list[Notification]] = defaultdict(list)
        for each in due:
            is_post = each.group.id not in followed and not lane_of(outbox, each, receivers)[1]
            if is_post and each.attempts == 0 and not each.fallback_of and not _is_page(each):
                new[each.group.receiver].append(each)
    summaries = {
        name: (_summary(name, found, now), found) for name, found in new.items() if len(found) > AT_MOST
    }
    if not followed and not summaries:
        return unsent
    by_id = {each.group.id: each for each in unsent}
    with warehouse.write() as db:
        outbox = Outbox(db)
        for earlier, later in followed.items():
            outbox.merge(later, [by_id[earlier]])
        for summary, found in summaries.values():
            outbox.put(summary)
            outbox.merge(summary.group.id, found)
        return outbox.unsent()


def _followed(due: Sequence[Notification], receivers: Mapping[str, Receiver]) -> Iterable[tuple[str, str]]:
    """Ids of messages that failed, and of the newer ones of their conversations that tell all of theirs."""
    newest: dict[Place, Notification] = {}
    for each in reversed(due):
        later = newest.setdefault((each.group.receiver, each.group.key), each)
        if later is not each and not isinstance(receivers.get(each.group.receiver), Editor):
            yield each.group.id, later.group.id


def _is_page(notification: Notification) -> bool:
    return any(alert.is_firing and alert.severity is Severity.PAGE for alert in notification.group.alerts)


def _summary(receiver: str, found: Sequence[Notification], now: datetime) -> Notification:
    ids = sorted(each.group.id for each in found)
    id = hashlib.sha256("\n".join(("summary", receiver, *ids)).encode()).hexdigest()[:24]
    groups = [each.group for each in found]
    alerts = tuple(sorted((it for group in groups for it in group.alerts), key=_urgency))
    through = [group.data_through for group in groups if group.data_through is not None]
    message = Group(
        id=id,
        key=f"summary:{id}",
        receiver=receiver,
        labels=tuple(label for label in groups[0].labels if all(label in group.labels for group in groups)),
        alerts=alerts,
        reason=Reason.FIRST if any(alert.is_firing for alert in alerts) else Reason.RESOLVED,
        data_through=min(through, default=None),
        links=_shared(groups),
        owners=tuple(dict.fromkeys(owner for group in groups for owner in group.owners)),
        note=_names(groups),
        remarks={key: said for group in groups for key, said in group.remarks.items()},
        is_aloud=any(group.is_aloud for group in groups),
    )
    event = max(each.event for each in found)
    return Notification(message, id, event, SendState.QUEUED, 0, now, now)


def _urgency(alert: Alert) -> tuple[bool, int, str]:
    return not alert.is_firing, URGENCY[alert.severity], alert.rule


def _shared(groups: Sequence[Group]) -> Mapping[str, str]:
    """Links that all have."""
    return {
        text: url for text, url in groups[0].links.items() if all(it.links.get(text) == url for it in groups)
    }


def _names(groups: Sequence[Group]) -> str:
    """How many groups there are, and which."""
    shown = {", ".join(value for _, value in group.labels) or "all alerts" for group in groups}
    names = sorted(shown)
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{len(groups)} groups at once, told in one message: {'; '.join(names[:_NAMED])}{more}"
