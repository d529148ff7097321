"""What passes between a collector of SLOs and what stores them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol, Self, runtime_checkable

from costwatch.model import Labels, Window
from costwatch.plugins import Collector
from costwatch.slo.objectives import Objective

SLI = "sli"  # the table that a batch is of which is read as a ``Reading``


class Kept(NamedTuple):
    """A bucket as it is kept: [start, start + seconds), start in seconds since 1970.

    known_seconds: of these so many are known; 0 is a gap. bridged_seconds: of the known ones, those that are
    a part of a longer growth.
    """

    start: int
    seconds: int
    good: float
    total: float
    known_seconds: int
    bridged_seconds: int = 0


class Events(NamedTuple):
    """Good and total of a span, in ``Objective.unit``."""

    good: float
    total: float

    @property
    def bad(self) -> float:
        """What of all was not good."""
        return self.total - self.good


class Growth(NamedTuple):
    """Between two buckets, and in the second one without what is new in it, which may be old.

    between: None where the server does not know the first bucket any more. first: None where it is not known
    but for what is new: then ``between`` is of it, too.
    """

    between: Events | None
    first: Events | None


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of one instance. buckets: those of which anything is known, oldest first.

    edges: starts of those before which nothing is known. They may hold a part of what happened in them, such
    as at
    the end of what the server keeps: they are no better than what is known of them already.
    """

    buckets: Sequence[Kept]
    edges: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Answered:
    """Instances by label set. notes: what is odd about the answer, each in a sentence."""

    instances: Mapping[Labels, Told]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ShortAnswer:
    """Short windows that ended ``at``: instance -> seconds -> what happened in them."""

    at: datetime
    windows: Mapping[Labels, Mapping[int, Events]] = field(default_factory=dict)


@runtime_checkable
class Reading(Protocol):
    """A server's answers about objectives. Every method raises SourceError, which names the SLO."""

    objectives: Sequence[Objective]
    keep_days: int
    now: datetime

    def check(self) -> None:
        """Raise SourceError where nothing can be read at all: that is told once then, not of each."""
        ...

    def first_start(self, objective: Objective) -> datetime:
        """From when on one is read that never was."""
        ...

    def buckets(self, objective: Objective, window: Window) -> Answered:
        """The whole buckets of its grid inside ``window``."""
        ...

    def growth(self, objective: Objective, last: datetime, first: datetime) -> Mapping[Labels, "Growth"]:
        """What happened between two buckets that begin then, and are known: by what counters grew.

        An instance of which the server knows nothing is left out.
        """
        ...

    def short_windows(self, objective: Objective) -> ShortAnswer:
        """Those that end now."""
        ...


@runtime_checkable
class SloCollector(Collector, Protocol):
    """A source of SLOs, which is told what to ask for. Its batch is read as a ``Reading``.

    It may have a setting ``slos``: names or ids of those that it takes; none: all.
    """

    def with_objectives(self, objectives: Sequence[Objective]) -> Self:
        """The same, asking for those of ``objectives`` that it takes."""
        ...
