"""What rules read of each instance of each objective: the facts ``slo_…``, put together. Pure."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from fnmatch import fnmatchcase

from costwatch.model import About, Labels, SeriesByLabels, Window
from costwatch.plugins import parse_duration, tags_of
from costwatch.slo.windows import BurnWindow, burn_windows

OF = ("slo", "service", "team", "system", "instance")
Series = Callable[[str, tuple[str, ...], Window], SeriesByLabels]  # query, labels, window

_DAY = timedelta(days=1)
_OWN = {*OF, "rule", "severity"}  # labels of alerts that an instance's own cannot be called
_BY_WINDOW = {"slo_burn_rate": "burns", "slo_window_events": "events", "slo_hours_left": "hours_left"}
_PLAIN = {
    "slo_budget_left": "left",
    "slo_errors_used": "used",
    "slo_errors_allowed": "allowed",
    "slo_coverage": "coverage",
    "slo_data_age": "age",
}


@dataclass
class InstanceFacts:
    """One instance, as its facts tell it now. slo: its objective's id. own: its own labels.

    unit: what it counts: events, samples (scrapes), slices or seconds. alerts: the severities that its file
    has on. burns, events, hours_left: by the length of a window. left: of the budget, a share. used,
    allowed: in ``unit``. age: hours since the newest that is known of it ended. None: unknown.
    """

    slo: str
    service: str
    team: str
    system: str
    instance: str
    target: Decimal = Decimal()
    unit: str = "events"
    period: timedelta = timedelta(days=30)
    alerts: tuple[str, ...] = ()
    promql: str = ""
    burns: dict[timedelta, Decimal] = field(default_factory=dict)
    events: dict[timedelta, Decimal] = field(default_factory=dict)
    hours_left: dict[timedelta, Decimal] = field(default_factory=dict)
    left: Decimal | None = None
    used: Decimal | None = None
    allowed: Decimal | None = None
    coverage: Decimal | None = None
    age: Decimal | None = None

    @property
    def own(self) -> Mapping[str, str]:
        """Its labels; none where it is the only instance."""
        return tags_of(self.instance)

    @property
    def name(self) -> str:
        """``checkout``, ``edge{host=a}``."""
        told = ",".join(f"{name}={value}" for name, value in sorted(self.own.items()))
        return f"{self.slo}{{{told}}}" if told else self.slo

    @property
    def labels(self) -> Labels:
        """Of its findings: what it is of, and its own, which give way where both are called alike."""
        own = {f"instance_{name}" if name in _OWN else name: value for name, value in self.own.items()}
        of = {"slo": self.slo, "service": self.service, "team": self.team}
        return tuple(sorted((name, value) for name, value in {**own, **of}.items() if value))

    @property
    def windows(self) -> list[BurnWindow]:
        """The pairs over which its burn is told."""
        return [pair for pair in burn_windows(self.period)[0] if pair.severity in self.alerts]

    def lasts(self, window: timedelta) -> timedelta | None:
        """How long the budget does at the burn of ``window``; None: unknown, or longer than its period."""
        hours = self.hours_left.get(window)
        return None if hours is None else timedelta(hours=float(hours))

    def bad(self, window: timedelta) -> Decimal | None:
        """What went wrong in ``window``."""
        if window not in self.burns or window not in self.events:
            return None
        return round(self.events[window] * self.burns[window] * (1 - self.target), 1)

    def about(self, query: str, *by: str) -> About:
        """The fact that a finding of it rests on."""
        where = {"slo": (self.slo,), "instance": (self.instance,)}
        return About(query, (*OF, *by), where)


def span(now: datetime) -> Window:
    """What holds the one point that each fact of now has: the same for all rules, so that they share it."""
    return Window(now - _DAY, now + _DAY)


def instance_facts(series: Series, now: datetime) -> list[InstanceFacts]:
    """All that are known, by name. series: asks for facts, as rules do."""
    found: dict[tuple[str, ...], InstanceFacts] = {}
    asked = (*OF, "unit", "period", "alerts", "promql")
    for key, points in series("slo_objective", asked, span(now)).items():
        of = dict(key)
        slo, service, team, system, instance = key_of = _key(of)
        found[key_of] = InstanceFacts(
            slo,
            service,
            team,
            system,
            instance,
            target=points[-1].value,
            unit=of["unit"],
            period=parse_duration(of["period"]),
            alerts=tuple(of["alerts"].split(",")),
            promql=of["promql"],
        )
    for query, name in _PLAIN.items():
        for key, points in series(query, OF, span(now)).items():
            if one := found.get(_key(dict(key))):
                setattr(one, name, points[-1].value)
    for query, name in _BY_WINDOW.items():
        for key, points in series(query, (*OF, "window"), span(now)).items():
            if one := found.get(_key(of := dict(key))):
                getattr(one, name)[parse_duration(of["window"])] = points[-1].value
    return sorted(found.values(), key=lambda one: (one.slo, one.instance))


def _key(of: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(of[name] for name in OF)


def plain_name(slo: str) -> str:
    """``checkout`` for ``shop/checkout{site=east}``: the name without namespace and labels."""
    return re.sub(r"\{.*\}$", "", slo).rpartition("/")[2]


def is_named(slo: str, patterns: Iterable[str]) -> bool:
    """Whether one of them is its id or its name, or a pattern such as ``checkout-*`` of one of these."""
    names = (slo, plain_name(slo))
    return any(pattern in names or any(fnmatchcase(name, pattern) for name in names) for pattern in patterns)


def chosen(
    known: Iterable[InstanceFacts], patterns: Collection[str], where: Mapping[str, tuple[str, ...]]
) -> list[InstanceFacts]:
    """Those of these objectives that have, of each label of ``where``, one of its values."""
    return [
        one
        for one in known
        if is_named(one.slo, patterns) and all(_label(one, name) in values for name, values in where.items())
    ]


def _label(of: InstanceFacts, name: str) -> str:
    return getattr(of, name) if name in OF[1:4] else of.own.get(name, "")


def is_silent(known: Collection[InstanceFacts], at_most: timedelta) -> bool:
    """Whether nothing new enough is known of any of these."""
    hours = Decimal(str(at_most / timedelta(hours=1)))
    return not any(one.age is not None and one.age <= hours for one in known)


def is_gone(of: InstanceFacts) -> bool:
    """Whether it brought something once, and brings nothing any more, while others of its objective do."""
    return of.coverage is not None and of.age is None
