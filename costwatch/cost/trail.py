"""The ways that a team's cost came, pool by pool. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeVar

from costwatch.money import exact
from costwatch.wording import amount as in_digits
from costwatch.wording import share

_Key = TypeVar("_Key")


@dataclass(frozen=True, slots=True)
class MeasuredShare:
    """What who was given something had of a measure, and what everyone had of it; in its unit."""

    measure: str
    unit: str
    value: float
    whole: float

    @property
    def share(self) -> float | None:
        """Of the whole; None of a whole that is nothing."""
        return self.value / self.whole if self.whole else None

    @property
    def in_words(self) -> str:
        """``4 of 6 calls (67 %)``."""
        of = "" if self.share is None else f" ({share(Decimal(self.share))})"
        mine, whole = (in_digits(Decimal(value)) for value in (self.value, self.whole))
        return f"{mine} of {whole} {self.unit}".rstrip() + of


@dataclass(frozen=True, slots=True)
class Step:
    """A pool on the way. whole: all that came into it this way; carried_by: whose cost it gives on, or ''.

    measured: of one that splits by a measure, what the receiver had of it.
    """

    pool: str
    split: str
    weighed_by: str
    carried_by: str
    whole: Decimal
    measured: tuple[MeasuredShare, ...] = ()

    @property
    def split_by(self) -> str:
        """By what it is split, with what was measured."""
        measured = "; ".join(each.in_words for each in self.measured)
        return f"{self.weighed_by}: {measured}" if measured else self.weighed_by

    @property
    def in_words(self) -> str:
        """The same, after whose cost it gives on."""
        given = f"what {self.carried_by} carries, " if self.carried_by else ""
        return given + self.split_by


@dataclass(frozen=True, slots=True)
class Part:
    """What one workload of a cluster was given for; each '' where the split told of none."""

    cluster: str
    namespace: str
    workload: str
    amount: Decimal

    @property
    def name(self) -> str:
        """``prod · shop · deployment/cart``."""
        return " · ".join(filter(None, (self.cluster, self.namespace, self.workload))) or "(no workload told)"


@dataclass(frozen=True, slots=True)
class Residue:
    """Of a whole pool of clusters: what is idle (signed) and unmeasured, also where that was given on.

    coverage: the share of its nodes' lives that was measured; None: unknown.
    """

    idle: Decimal
    unmeasured: Decimal
    coverage: float | None

    def in_words(self, whole: Decimal, currency: str) -> str:
        """``idle $4.00 (40 %), unmeasured $0.00; 98 % of its nodes' time was measured``."""
        idle, unmeasured = (
            exact(amount, currency) + (f" ({share(amount / whole)})" if amount and whole else "")
            for amount in (self.idle, self.unmeasured)
        )
        known = "how much" if self.coverage is None else share(Decimal(self.coverage))
        measured = f"{known} of its nodes' time was measured"
        unknown = " is unknown" if self.coverage is None else ""
        return f"idle {idle}, unmeasured {unmeasured}; {measured}{unknown}"


@dataclass(frozen=True, slots=True)
class TrailRow:
    """What came one way, of one currency. steps: at least one. parts: largest first; they sum to ``amount``.

    next_question: a command, for a shell.
    """

    pool: str
    currency: str
    amount: Decimal
    steps: tuple[Step, ...]
    parts: tuple[Part, ...]
    residue: Residue | None
    next_question: str

    @property
    def of_clusters(self) -> str:
        """What is left over of its pool of clusters, in words; '' where it came through none."""
        if self.residue is None:
            return ""
        first = self.steps[0]
        return f"{first.pool}: {self.residue.in_words(first.whole, self.currency)}"

    @property
    def whole(self) -> Decimal:
        """What the last pool split."""
        return self.steps[-1].whole

    @property
    def share(self) -> Decimal | None:
        """The team's, of the whole; None of a whole that is nothing."""
        return self.amount / self.whole if self.whole else None


@dataclass(frozen=True, slots=True)
class Trail:
    """Of the UTC days ``first`` up to ``after``: owners first, then by the order of pools."""

    team: str
    first: date
    after: date
    metric: str
    rows: tuple[TrailRow, ...]

    @property
    def totals(self) -> dict[str, Decimal]:
        """By currency: what ``cost show --by team`` says."""
        return summed((row.currency, row.amount) for row in self.rows)

    @property
    def left_over(self) -> Sequence[str]:
        """What is idle and unmeasured of each pool of clusters, a sentence each."""
        return [*dict.fromkeys(row.of_clusters for row in self.rows if row.of_clusters)]

    @property
    def next_questions(self) -> Sequence[tuple[str, str]]:
        """``x_Pool`` and the command."""
        return [*dict.fromkeys((row.pool, row.next_question) for row in self.rows)]


def summed(pairs: Iterable[tuple[_Key, Decimal]]) -> dict[_Key, Decimal]:
    """The sum of each key, in the order of the first of each."""
    found: dict[_Key, Decimal] = defaultdict(Decimal)
    for key, amount in pairs:
        found[key] += amount
    return dict(found)
