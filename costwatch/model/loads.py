"""What was delivered of a bill, and what it holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

# The source of the charges that costwatch.yaml itself says. No other may take its name.
CONFIGURED = "charges"


class Role(StrEnum):
    """What the charges of a source are."""

    BILL = "bill"  # the bill
    CHECK = "check"  # only compared with it


@dataclass(frozen=True, slots=True)
class Amounts:
    """Sums of some lines of one currency: both costs in nano-units, and how many lines they are."""

    BilledCostNano: int = 0
    EffectiveCostNano: int = 0
    line_count: int = 0

    def __add__(self, other: "Amounts") -> "Amounts":
        return Amounts(
            self.BilledCostNano + other.BilledCostNano,
            self.EffectiveCostNano + other.EffectiveCostNano,
            self.line_count + other.line_count,
        )

    def __sub__(self, other: "Amounts") -> "Amounts":
        return self + Amounts(-other.BilledCostNano, -other.EffectiveCostNano, -other.line_count)

    def __bool__(self) -> bool:
        return self != Amounts()

    def nano(self, metric: str) -> int:
        """One of ``METRICS`` in nano-units."""
        return self.BilledCostNano if metric == "BilledCost" else self.EffectiveCostNano


@dataclass(frozen=True, slots=True)
class Counted:
    """What one load holds of one currency. ``control``: the files' own decimal sums, by metric."""

    amounts: Amounts
    control: Mapping[str, Decimal]


class LoadFindingKind(StrEnum):
    """What is odd about a load."""

    REPEATED = "repeated"  # lines that are equal in every column
    PURCHASE = "purchase"  # a commitment's Purchase that carries EffectiveCost beside its amortised usage
    CATEGORY = "category"  # charges of a ChargeCategory that FOCUS does not have
    UNAMORTISED = "unamortised"  # commitments whose lines stay at their unblended cost
    REPLACED = "replaced"  # a file whose charges a later one holds, too
    LACKING = "lacking"  # columns that its format has and it has not
    UNCOUNTED = "uncounted"  # quantities and contracted costs beyond what is counted exactly

    @property
    def is_wrong(self) -> bool:
        """Whether a number may be wrong by it; the others only say how it came about."""
        return self in (LoadFindingKind.REPEATED, LoadFindingKind.PURCHASE, LoadFindingKind.CATEGORY)


@dataclass(frozen=True, slots=True)
class LoadFinding:
    """One thing that is odd about a load, in a sentence, and the charges of one currency it is about."""

    kind: LoadFindingKind
    text: str
    currency: str = ""
    amounts: Amounts = Amounts()


@dataclass(frozen=True, slots=True)
class Load:
    """One billing period of one delivery. ``digest`` is of the content alone: other names are no other load.

    files: digests of what the ledger holds. accounts: BillingAccountIds. totals: by BillingCurrency.
    delivered: name without its folder, bytes and SHA-256 of each file. id: 0 until it is stored.
    unamortised: commitments whose lines stay at their unblended cost; None: their columns alone decide.
    """

    period: date
    period_end: date
    digest: str
    format: str
    files: tuple[str, ...]
    accounts: tuple[str, ...]
    totals: Mapping[str, Counted]
    delivered: tuple[tuple[str, int, str], ...] = field(default=(), compare=False)
    source: str = ""
    role: Role = Role.BILL
    id: int = 0
    findings: tuple[LoadFinding, ...] = field(default=(), compare=False)
    unamortised: tuple[str, ...] | None = None

    @property
    def line_count(self) -> int:
        """Over all currencies."""
        return sum(counted.amounts.line_count for counted in self.totals.values())

    @property
    def names(self) -> Mapping[str, str]:
        """digest -> name of each file as it was delivered."""
        return {digest: name for name, _, digest in self.delivered}
