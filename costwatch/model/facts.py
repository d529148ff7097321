"""What rules, pages and reports read: labels, series, and how settled a day is."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

# What a number can be grouped and filtered by: the label used in rules, URLs and flags,
# and the FOCUS column (ours prefixed x_) that it stands for.
DIMENSIONS: Mapping[str, str] = {
    "team": "x_Team",
    "service": "ServiceName",
    "provider": "ProviderName",
    "account": "SubAccountId",
    "account_name": "SubAccountName",
    "region": "RegionId",
    "category": "ChargeCategory",
    "charge_class": "ChargeClass",
    "charge_kind": "x_ChargeKind",
    "usage_type": "x_UsageType",
    "system": "x_System",
    "parent": "x_Parent",
    "cost_center": "x_CostCenter",
    "pool": "x_Pool",
    "billing_period": "BillingPeriodStart",
    "source": "x_Source",
    "currency": "BillingCurrency",
    "cluster": "x_Cluster",
    "namespace": "x_Namespace",
    "workload": "x_Workload",
}
# Those that splits tell: keys of AllocatedTags. Any other key is asked as ``allocated:KEY``, and the label
# KEY of pods, which is the key ``label:KEY``, as that.
ALLOCATED = ("cluster", "namespace", "workload")
KEYED_DIMENSIONS: Mapping[str, str] = {"label": "AllocatedTags", "allocated": "AllocatedTags"}
PRICING_UNIT = "unit"  # a label of what is priced alone
METRICS = ("EffectiveCost", "BilledCost")
# What each of them is without credits and refunds.
BEFORE_CREDITS: Mapping[str, str] = {metric: f"{metric}BeforeCredits" for metric in METRICS}
# Everything that can be asked of cost.
COST_METRICS = (*METRICS, *BEFORE_CREDITS.values())

# Where a dollar lies that no team carries. No team may take one of these names.
UNALLOCATED = "unallocated"
UNMEASURED = "unmeasured"
IDLE = "idle"
RESIDUALS = (IDLE, UNMEASURED, UNALLOCATED)

# What a line says of its owner, before any of it is shared: the values of the label ``tagging``.
TAGGED, UNTAGGED, NOT_ASKED = "tagged", "untagged", "not asked"

# Between the pools in the ``x_Pool`` of what was given on: no pool's name can hold it.
GIVEN_ON = " > "

# What belongs to no system, and to no cost center. Nothing may take one of these names.
NO_SYSTEM = "no system"
NO_COST_CENTER = "no cost center"


def allocated_key(label: str) -> str | None:
    """The key of AllocatedTags that a label of cost stands for; None where it is another one, or none.

    Of what has no such key, the label's value is ``no`` and the key: ``no namespace``.
    """
    kind, _, key = label.partition(":")
    if label in ALLOCATED:
        return label
    # SQLite's paths into JSON cannot quote these.
    is_key = kind in KEYED_DIMENSIONS and key.isprintable() and not {*key} & {*'"\\'} and key
    return (key if kind == "allocated" else label) if is_key else None


def is_dimension(label: str, configured: Collection[str] = ()) -> bool:
    """Whether cost can be grouped and filtered by it. configured: the dimensions of ``costwatch.yaml``."""
    return label in DIMENSIONS or label in configured or allocated_key(label) is not None


def is_configured(label: str) -> bool:
    """Whether a label that cost is known to have is a dimension of ``costwatch.yaml``."""
    return label not in (*DIMENSIONS, PRICING_UNIT) and ":" not in label


def tag_key(label: str) -> str | None:
    """``allocated_key`` of a label that cost is known to have: a configured dimension is its own key."""
    return label if is_configured(label) else allocated_key(label)


def dimension_column(label: str) -> str:
    """What a label's values are called in answers: ``ServiceName``, ``AllocatedTags/label:app``."""
    return DIMENSIONS.get(label) or f"AllocatedTags/{tag_key(label)}"


class State(StrEnum):
    """How settled a cost day is."""

    ESTIMATED = "estimated"
    SETTLED = "settled"
    CLOSED = "closed"

    @property
    def is_settled(self) -> bool:
        """Whether rules may act on it."""
        return self is not State.ESTIMATED


Labels = tuple[tuple[str, str], ...]  # sorted (name, value) pairs


def labels(**pairs: str) -> Labels:
    """Labels in their one order."""
    return tuple(sorted(pairs.items()))


@dataclass(frozen=True, slots=True)
class Point:
    """One step of a series, from the instant ``at`` on (aware, UTC): of daily series, the day's midnight.

    value: exact, in the unit of its query.
    """

    at: datetime
    value: Decimal
    state: State

    @property
    def day(self) -> date:
        """The UTC day that holds it."""
        return self.at.date()


Series = tuple[Point, ...]  # ascending by ``at``; a step that has no point is unknown, not zero
SeriesByLabels = Mapping[Labels, Series]
