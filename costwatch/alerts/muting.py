"""Which alerts are kept out of messages, and by what. Pure.

Alertmanager's silences, inhibition and time intervals
(https://prometheus.io/docs/alerting/latest/alertmanager/): alerts are grouped first and muted then, so a
muted one stays a member of its group. Two things are added. An alert that is expected is silenced while its
value stays in a band (``costwatch.model.Band``). And an alert that is over is muted if it was muted
all the time that it fired, by one thing or by several in turn, whatever holds now: what nobody was to hear
of is not told afterwards, and what was loud for a moment is not lost.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache, partial
from itertools import chain
from typing import Annotated

from pydantic import AfterValidator

from costwatch.alerts.intervals import minutes
from costwatch.alerts.matchers import Matcher, MatcherText, parsed
from costwatch.alerts.routing import Node
from costwatch.alerts.silencing import described, is_active, matchers_of
from costwatch.model import Alert, Silence
from costwatch.plugins import Settings


class MutedBy(StrEnum):
    """What mutes."""

    SILENCE = "silence"
    INHIBITION = "inhibition"
    TIME_INTERVAL = "time interval"


@dataclass(frozen=True, slots=True)
class Muted:
    """Why an alert is muted. ``name``: id of the silence, fingerprint of the source, name of the interval.

    ``text`` says it to people; it holds what others wrote and is not escaped.
    """

    by: MutedBy
    name: str
    text: str


def _some(matchers: tuple[str, ...]) -> tuple[str, ...]:
    if not matchers:
        raise ValueError("empty, it would take every alert; write a matcher")
    return matchers


_Matchers = Annotated[tuple[MatcherText, ...], AfterValidator(_some)]


class InhibitRule(Settings):
    """Alerts that keep others quiet while they fire.

    source_matchers: which alerts do; target_matchers: which are kept quiet; equal: labels that both must
    have with the same value (one that neither has counts as equal).
    """

    source_matchers: _Matchers
    target_matchers: _Matchers
    equal: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Spell:
    """A time in which an alert is muted on every route: [start, end), UTC; ``end`` None: it goes on."""

    start: datetime
    end: datetime | None
    why: Muted


Spells = Mapping[str, Sequence[Spell]]


def muted(
    alerts: Sequence[Alert], silences: Iterable[Silence], inhibit_rules: Iterable[InhibitRule], now: datetime
) -> dict[str, Muted]:
    """By fingerprint, those of ``alerts`` that are muted on every route. All that fire must be among them."""
    return muted_throughout(alerts, spells(alerts, silences, inhibit_rules, now))


def spells(
    alerts: Sequence[Alert], silences: Iterable[Silence], inhibit_rules: Iterable[InhibitRule], now: datetime
) -> Spells:
    """By fingerprint, when ``alerts`` are muted: of what fires, those that hold now; of what is over, all."""
    fired = [(alert, dict(alert.labels)) for alert in alerts if alert.fired_at is not None]
    found: dict[str, list[Spell]] = defaultdict(list)
    for rule in inhibit_rules:
        for alert, spell in _inhibited(rule, fired):
            found[alert.fingerprint].append(spell)
    for silence in silences:
        matchers = matchers_of(silence)
        why = Muted(MutedBy.SILENCE, silence.id, described(silence))
        spell = Spell(silence.starts_at, silence.ends_at, why)
        for alert, labels in fired:
            if _is_silenced(alert, silence, now) and matches(silence, matchers, alert, labels):
                found[alert.fingerprint].append(spell)
    return found


def muted_throughout(
    alerts: Iterable[Alert], spells: Spells, group_wait: timedelta = timedelta()
) -> dict[str, Muted]:
    """By fingerprint, those of ``alerts`` that fire and are muted, or are over and were all the time.

    group_wait: what was to be heard for less than that would not have been told if it had fired for so long.
    """
    return {
        alert.fingerprint: found[-1].why
        for alert in alerts
        if (found := spells.get(alert.fingerprint))
        and (alert.is_firing or _is_unheard(_gaps(alert, found), group_wait))
    }


def muted_on(
    route: Node, alerts: Iterable[Alert], now: datetime, spells: Spells | None = None
) -> dict[str, Muted]:
    """By fingerprint, those of ``alerts`` that are muted on this route, by its time intervals.

    spells: when alerts were muted on every route; what is over may have been muted by both in turn.
    """
    found = {}
    if route.mute_time_intervals or route.active_time_intervals:
        at = cache(partial(_time_interval, route))  # alerts of one storm share their minutes
        for alert in alerts:
            of_this = (spells or {}).get(alert.fingerprint, ())
            reason = at(now) if alert.is_firing else _all_the_time(at, alert, of_this)
            if reason is not None:
                found[alert.fingerprint] = reason
    return found


def matches(
    silence: Silence, matchers: Iterable[Matcher] | None, alert: Alert, labels: Mapping[str, str]
) -> bool:
    """Whether a silence is about an alert; ``matchers`` (see ``matchers_of``) and ``labels`` are theirs."""
    is_meant = matchers is not None and silence.fingerprint in ("", alert.fingerprint)
    return is_meant and all(matcher.matches(labels) for matcher in matchers or ())


def _is_silenced(alert: Alert, silence: Silence, now: datetime) -> bool:
    if alert.is_firing:
        is_as_expected = silence.band is None or silence.band.holds(alert.value, alert.unit)
        return is_as_expected and is_active(silence, now)
    return _overlaps(alert, silence.starts_at, silence.ends_at)


def _overlaps(alert: Alert, start: datetime, end: datetime | None) -> bool:
    """Whether an alert that is over fired in [start, end]; ``end`` None: it is not there yet."""
    if alert.fired_at is None or alert.resolved_at is None:
        return False
    return start <= alert.resolved_at and (end is None or alert.fired_at <= end)


def _gaps(alert: Alert, spells: Iterable[Spell]) -> list[tuple[datetime, datetime]]:
    """When an alert that is over fired and was not muted; what is over as a spell ends was in it."""
    if alert.fired_at is None or alert.resolved_at is None:
        return []
    found, at = [], alert.fired_at
    for spell in sorted(spells, key=lambda it: it.start):
        if spell.start > alert.resolved_at:
            break
        if spell.start > at:
            found.append((at, spell.start))
        at = max(at, min(spell.end or alert.resolved_at, alert.resolved_at))
    return [*found, (at, alert.resolved_at)] if at < alert.resolved_at else found


def _is_unheard(gaps: Sequence[tuple[datetime, datetime]], group_wait: timedelta) -> bool:
    heard = sum((end - start for start, end in gaps), timedelta())
    return not gaps or heard < group_wait


def _inhibited(
    rule: InhibitRule, fired: Sequence[tuple[Alert, Mapping[str, str]]]
) -> Iterator[tuple[Alert, Spell]]:
    source_matchers = parsed(rule.source_matchers)
    target_matchers = parsed(rule.target_matchers)
    sources: dict[tuple[tuple[str, ...], bool], list[Alert]] = defaultdict(list)
    targets = []
    for alert, labels in sorted(fired, key=lambda pair: not pair[0].is_firing):
        is_target = all(matcher.matches(labels) for matcher in target_matchers)
        is_source = all(matcher.matches(labels) for matcher in source_matchers)
        equal = tuple(labels.get(name, "") for name in rule.equal)
        if is_source:
            sources[equal, is_target].append(alert)
        if is_target:
            targets.append((alert, is_source, equal))
    for alert, is_source, equal in targets:
        # What is source and target inhibits neither itself nor its like.
        able = chain(sources[equal, False], () if is_source else sources[equal, True])
        found = (_spell(source) for source in able if _inhibits(source, alert))
        for spell in found:
            yield alert, spell
            if alert.is_firing or not _gaps(alert, [spell]):
                break  # one is enough


def _inhibits(source: Alert, alert: Alert) -> bool:
    if alert.is_firing:
        return source.is_firing
    return source.fired_at is not None and _overlaps(alert, source.fired_at, _end(source))


def _spell(source: Alert) -> Spell:
    why = Muted(MutedBy.INHIBITION, source.fingerprint, f"inhibited by {source.rule}: {source.summary}")
    return Spell(source.fired_at or source.active_at, _end(source), why)


def _end(source: Alert) -> datetime | None:
    return None if source.is_firing else source.resolved_at


def _time_interval(route: Node, instant: datetime) -> Muted | None:
    for interval in route.mute_time_intervals:
        if interval.contains(instant):
            return Muted(MutedBy.TIME_INTERVAL, interval.name, f"muted in '{interval.name}'")
    names = [interval.name for interval in route.active_time_intervals]
    if not names or any(interval.contains(instant) for interval in route.active_time_intervals):
        return None
    return Muted(MutedBy.TIME_INTERVAL, ", ".join(names), f"muted outside of '{', '.join(names)}'")


def _all_the_time(
    at: Callable[[datetime], Muted | None], alert: Alert, spells: Sequence[Spell]
) -> Muted | None:
    """Why an alert that is over was muted whenever it fired outside ``spells``; None: it was not."""
    if alert.fired_at is None or alert.resolved_at is None:
        return None
    gaps = _gaps(alert, spells) if spells else [(alert.fired_at, alert.resolved_at)]
    reasons = (at(minute) for start, end in gaps for minute in minutes(start, end))
    first = next(reasons, None)
    return first if first and all(reasons) else None
