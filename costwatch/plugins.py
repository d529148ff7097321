"""The three doors: collectors, rules, notifiers. Built-ins come through them like everyone else.

A plugin is a frozen ``Settings`` model: its fields are its YAML keys, its docstring is its manual.
It is registered under its kind in the entry-point group ``costwatch.collectors``,
``costwatch.rules`` or ``costwatch.notifiers`` and only loaded when a file names that kind.
"""

import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from itertools import product
from math import prod
from typing import Annotated, Any, Literal, Protocol, runtime_checkable

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from costwatch.errors import UsageError
from costwatch.model import Batch, Finding, Group, Labels, Receipt, Series, Severity, Window

COLLECTORS = "costwatch.collectors"
RULES = "costwatch.rules"
NOTIFIERS = "costwatch.notifiers"
GROUPS = (COLLECTORS, RULES, NOTIFIERS)


class Settings(BaseModel):
    """What every model read from a file is: frozen, and without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, allow_inf_nan=False)


_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}
_DURATION = re.compile(r"(?:\d{1,12}(?:ms|[smhdwy]))+")


def parse_duration(text: object) -> timedelta:
    """A Prometheus duration: ``15m``, ``1h30m``, ``2d``, ``0s``.

    Raises ValueError. Source: https://prometheus.io/docs/prometheus/latest/configuration/configuration/
    """
    if isinstance(text, timedelta):
        return text
    if text in ("0", 0) and not isinstance(text, bool):
        return timedelta()
    if not isinstance(text, str) or not _DURATION.fullmatch(text):
        raise ValueError("must be a duration such as 15m, 2h or 1d")
    parts = re.findall(r"(\d+)(ms|[smhdwy])", text)
    seconds = sum(int(number) * _UNITS[unit] for number, unit in parts)
    if seconds > 100 * _UNITS["y"]:
        raise ValueError("must be a duration of at most 100y")
    return timedelta(seconds=seconds)


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    Field(json_schema_extra={"type": "string", "format": "duration", "examples": ["15m", "1d"]}),
]


class Collector(Protocol):
    """One source of ``costwatch.yaml``."""

    @property
    def name(self) -> str:
        """Unique; becomes ``x_Source``."""
        ...

    @property
    def role(self) -> Literal["bill", "check"]:
        """``bill``: its charges are the bill; ``check``: they are only compared with it."""
        ...

    @property
    def lookback(self) -> timedelta:
        """How far behind its watermark it reads again, since data is restated."""
        ...

    def collect(self, window: Window) -> Iterator[Batch]:
        """The batches that overlap ``window``, oldest first; raises SourceError.

        A bill's batches are whole billing periods. A source that answers must yield at least one
        batch: none at all is a failure. Files a batch's ``read`` gave may be deleted as soon as the
        next batch is asked for.
        """
        ...


class Purse(Protocol):
    """What a source may still spend today."""

    def pay(self, dollars: Decimal) -> None:
        """Note a paid request before it is sent, so that a crash cannot forget it.

        Raises SourceError, noting nothing, if it would pass the day's budget: then it must not be sent.
        """
        ...


@runtime_checkable
class PaidCollector(Collector, Protocol):
    """A source that costs money to ask. costwatch asks it by ``collect_paid`` only."""

    @property
    def daily_budget(self) -> Decimal:
        """What asking may cost in a UTC day, in USD."""
        ...

    @property
    def every(self) -> timedelta:
        """How long its last answer is good for: sooner it is only asked for a window that someone names."""
        ...

    def collect_paid(self, window: Window, now: datetime, purse: Purse) -> Iterator[Batch]:
        """``collect`` as of ``now`` (UTC), where each request is paid from ``purse``, retries too."""
        ...


class CollectorSettings(Settings):
    """What all collectors share.

    name: unique; becomes ``x_Source``. role: ``bill`` (its charges are the bill) or ``check`` (only
    compared with the bill).
    """

    name: str = Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$")
    role: Literal["bill", "check"] = "bill"


class Snapshot(Protocol):
    """One consistent view of the warehouse, as rules see it; answers are cached by their arguments."""

    @property
    def data_through(self) -> date | None:
        """The newest cost day such that it and all before it are settled; None: no settled day."""
        ...

    def series(self, query: str, by: tuple[str, ...], window: Window) -> Mapping[Labels, Series]:
        """Daily series of ``query`` inside ``window``, one for each combination of the ``by`` labels.

        ``EffectiveCost`` and ``BilledCost``: by any of ``DIMENSIONS``; the label ``currency`` is
        always added, since money is never summed across currencies.
        ``budget``: by ``name``, ``team`` (``*``: the whole bill), ``metric``, ``period`` (``month``
        or ``quarter``); a point on each period's first day inside the window holds its amount.
        ``freshness``: by ``source``; one point: hours since that source last delivered something new,
        or since it was first tried when it never did. A source never tried has no series.
        Raises ValueError for an unknown query or label.
        """
        ...


RECENT_DAYS = 35


def recent(facts: Snapshot, now: datetime) -> Window:
    """The 35 days up to the newest settled one, and all after it: rules that ask for it share answers."""
    today = now.date()
    through = facts.data_through or today
    first = min(through, today) - timedelta(days=RECENT_DAYS - 1)
    return Window.of_days(first, max(through, today) + timedelta(days=1))


def matching(answer: Mapping[Labels, Series], where: Mapping[str, Collection[str]]) -> dict[Labels, Series]:
    """The series each of whose labels has, where ``where`` names it, one of the values given there."""
    names = [name for name, _ in next(iter(answer), ())]
    if where.keys() >= {*names} and prod(len(where[name]) for name in names) < len(answer):
        keys = (
            tuple(zip(names, values, strict=True)) for values in product(*(where[name] for name in names))
        )
        return {key: answer[key] for key in keys if key in answer}
    return {
        key: series
        for key, series in answer.items()
        if all(value in where[name] for name, value in key if name in where)
    }


class Rule(Protocol):
    """One rule of ``alerts.yaml``."""

    @property
    def name(self) -> str:
        """Unique; becomes the label ``rule``."""
        ...

    @property
    def severity(self) -> Severity:
        """Becomes the label ``severity``."""
        ...

    @property
    def for_(self) -> timedelta:
        """How long a breach must last before it fires."""
        ...

    @property
    def keep_firing_for(self) -> timedelta:
        """How long it goes on firing after the breach ends."""
        ...

    @property
    def labels(self) -> Mapping[str, str]:
        """Added to its alerts, for routing."""
        ...

    @property
    def runbook(self) -> str:
        """URL for whoever is told, or nothing."""
        ...

    def evaluate(self, facts: Snapshot, now: datetime) -> Iterable[Finding]:
        """A finding for each instance looked at, in breach or not. Filters the answer, not the query."""
        ...


class RuleSettings(Settings):
    """What all rule kinds share.

    name: unique; becomes the label ``rule``. severity: page, ticket or info. for: how long a breach
    must last before it fires. keep_firing_for: how long it goes on firing after the breach ends.
    labels: added to its alerts, for routing. runbook: URL shown in the first message.
    """

    name: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_-]*$")
    severity: Severity = Severity.TICKET
    for_: Duration = Field(default=timedelta(), alias="for")
    keep_firing_for: Duration = timedelta()
    labels: Mapping[str, str] = Field(default_factory=dict)
    runbook: str = ""


class Notifier(Protocol):
    """One receiver of ``alerts.yaml``."""

    @property
    def name(self) -> str:
        """Unique; what routes call it."""
        ...

    def notify(self, group: Group, previous: Receipt | None) -> Receipt:
        """Send ``group``; ``previous`` is what the last message of the same conversation gave back.

        Raises NotifyError: ``permanent`` when trying again is no use.
        """
        ...


def registered(group: str) -> dict[str, EntryPoint]:
    """The kinds of one group, by name, without importing any."""
    return {point.name: point for point in _installed(tuple(sys.path)).select(group=group)}


@lru_cache(maxsize=2)
def _installed(path: tuple[str, ...]) -> Any:  # Python 3.11 and 3.12 name its type differently
    """Every entry point below ``path``: looking through all packages takes longer than all the rest."""
    return entry_points()


def load(group: str, kind: str) -> type[Any]:
    """The class registered as ``kind``. Raises KeyError if none is, UsageError if two packages' are."""
    packages = {
        point.dist.name
        for point in _installed(tuple(sys.path)).select(group=group, name=kind)
        if point.dist is not None
    }
    if len(packages) > 1:
        raise UsageError(f"kind '{kind}' comes with {' and with '.join(sorted(packages))}; uninstall one")
    loaded: type[Any] = registered(group)[kind].load()
    return loaded
