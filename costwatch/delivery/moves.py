"""Alerts that are told elsewhere since routes or ``group_by`` changed: moved is neither new nor over."""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from costwatch.alerts.dedup import is_anew
from costwatch.alerts.routing import Bundle
from costwatch.model import Alert, Group, Reason
from costwatch.warehouse.alerts.groups import Place
from costwatch.warehouse.alerts.outbox import Conversation, Notification, SendState

TEXT = "told elsewhere since the routes changed"


@dataclass(frozen=True)
class Moves:
    """``left``: by conversation, fingerprints of what was told there as firing and is told elsewhere now.

    ``began``: by conversation, what was told before in others of its receiver, and in which. ``taken_over``:
    conversation -> the one whose message goes on in it.
    """

    left: Mapping[Place, frozenset[str]] = field(default_factory=dict)
    began: Mapping[Place, tuple[tuple[Place, Alert], ...]] = field(default_factory=dict)
    taken_over: Mapping[Place, Place] = field(default_factory=dict)


def moves(bundles: Mapping[Place, Bundle], talks: Mapping[Place, Conversation]) -> Moves:
    """What moved, by how alerts are grouped now and what was told of them."""
    firing = {
        alert.fingerprint: alert for bundle in bundles.values() for alert in bundle.alerts if alert.is_firing
    }
    gone = {
        place: found for place, talk in talks.items() if (found := _gone(talk, bundles.get(place), firing))
    }
    if not gone:
        return Moves()
    places = _places(bundles, {alert.fingerprint for alerts in gone.values() for alert in alerts})
    began: dict[Place, list[tuple[Place, Alert]]] = defaultdict(list)
    for place, alerts in gone.items():
        for alert in alerts:
            for target in places[place[0], alert.fingerprint]:
                if target != place and not _is_told(talks.get(target), alert):
                    began[target].append((place, alert))
    return Moves(
        left={place: frozenset(alert.fingerprint for alert in alerts) for place, alerts in gone.items()},
        began={place: tuple(found) for place, found in began.items()},
        taken_over=dict(_taken_over(began, gone, talks)),
    )


def carried_over(
    bundle: Bundle,
    place: Place,
    talk: Conversation,
    told: Iterable[tuple[Place, Alert]],
    source: Notification,
) -> Notification:
    """The message that stands for what was told of these alerts elsewhere; source: where that was."""
    alerts = {alert.fingerprint: alert for alert in talk.last_sent_alerts if alert.is_firing}
    alerts |= {alert.fingerprint: alert for _, alert in told}
    id = hashlib.sha256("\n".join(("moved", *place, source.group.id)).encode()).hexdigest()[:24]
    group = Group(
        id=id,
        key=place[1],
        receiver=place[0],
        labels=bundle.labels,
        alerts=tuple(alerts.values()),
        reason=Reason.NEW if talk.last_sent_alerts else Reason.FIRST,
        data_through=source.group.data_through,
        links=source.group.links,
        owners=source.group.owners,
        remarks=source.group.remarks,
        is_aloud=False,
    )
    return replace(source, group=group, digest="", state=SendState.SENT, merged_into="", fallback_of="")


def _gone(talk: Conversation, bundle: Bundle | None, firing: Mapping[str, Alert]) -> list[Alert]:
    here = {alert.fingerprint for alert in bundle.alerts} if bundle else set()
    told = [each for each in talk.last_sent_alerts if each.is_firing and each.fingerprint not in here]
    now = [(each, firing.get(each.fingerprint)) for each in told]
    return [each for each, current in now if current is not None and not is_anew(each, current)]


def _places(bundles: Mapping[Place, Bundle], of: Collection[str]) -> Mapping[tuple[str, str], list[Place]]:
    """By receiver and fingerprint, where an alert is told now."""
    found: dict[tuple[str, str], list[Place]] = defaultdict(list)
    for place, bundle in bundles.items():
        for alert in bundle.alerts:
            if alert.fingerprint in of:
                found[place[0], alert.fingerprint].append(place)
    return found


def _is_told(talk: Conversation | None, alert: Alert) -> bool:
    told = talk.last_sent_alerts if talk else ()
    return any(each.is_firing and each.fingerprint == alert.fingerprint for each in told)


def _taken_over(
    began: Mapping[Place, list[tuple[Place, Alert]]],
    gone: Mapping[Place, list[Alert]],
    talks: Mapping[Place, Conversation],
) -> Iterator[tuple[Place, Place]]:
    """Where one conversation becomes one other, its message goes on."""
    targets: dict[Place, set[Place]] = defaultdict(set)
    for target, found in began.items():
        for source, _ in found:
            targets[source].add(target)
    for target, found in began.items():
        sources = {source for source, _ in found}
        is_new = not any(alert.is_firing for alert in talks.get(target, Conversation()).last_sent_alerts)
        if len(sources) != 1 or not is_new:
            continue
        (source,) = sources
        firing = [alert for alert in talks[source].last_sent_alerts if alert.is_firing]
        if len(targets[source]) == 1 and len(firing) == len(gone[source]) == len(found):
            yield target, source


def newest(sources: Iterable[Conversation]) -> tuple[Notification, datetime] | None:
    """The message that told last, and when."""
    found = [(talk.last_sent, talk.told_at or talk.last_sent.queued_at) for talk in sources if talk.last_sent]
    return max(found, key=lambda pair: pair[1], default=None)
