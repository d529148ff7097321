"""What a receiver did not take goes to another, which is told why it comes to it."""

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta

from costwatch.alerts.dedup import episode
from costwatch.delivery.sending import is_for
from costwatch.warehouse.alerts.outbox import Notification, Outbox, SendState
from costwatch.warehouse.store import Warehouse
from costwatch.wording import at_instant

# By then a receiver has been tried a dozen times or more: it is no hiccup, and a page that is an hour
# late must reach someone. Shorter, and every deployment of a chat server would be told twice.
PATIENCE = timedelta(hours=1)


def hand_over(
    warehouse: Warehouse, fallback: str, now: datetime, only: str | None = None
) -> list[Notification]:
    """Queue for ``fallback`` what was refused for good within ``PATIENCE``, or is late by more than that.

    only: what that receiver did not take; the others were not tried. Each firing of an alert goes there
    once, however often its message is tried or rewritten. The message stays in its own conversation, too.
    """
    with warehouse.read() as db:
        outbox = Outbox(db)
        late = [each for each in outbox.not_taken(fallback, now - PATIENCE) if is_for(each, only)]
        found = [_handed_over(each, fallback, now) for each in late]
        copies = [copy for copy in found if not outbox.is_known(copy.group.id)]
    if copies:
        with warehouse.write() as db:
            for copy in copies:
                Outbox(db).put(copy)
    return copies


def _handed_over(original: Notification, fallback: str, now: datetime) -> Notification:
    group = original.group
    since = "" if original.state is SendState.FAILED else f" since {at_instant(original.queued_at)}"
    why = f": {original.error}" if original.error else ""
    copy = replace(
        group,
        id=_id(original),
        key=f"fallback:{group.receiver}:{group.key}",
        receiver=fallback,
        note=f"This was for receiver '{group.receiver}', which did not take it{since}{why}",
    )
    return Notification(
        copy, original.digest, original.event, SendState.QUEUED, 0, now, now, fallback_of=group.id
    )


def _id(original: Notification) -> str:
    episodes = sorted(str(episode(alert)) for alert in original.group.alerts)
    return hashlib.sha256("\n".join(("fallback", original.group.id, *episodes)).encode()).hexdigest()[:24]
