"""How good live estimates are: at what they price nodes, what they cannot price, how far off they were."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from costwatch.cost.live_estimate import TOLERATED, Accuracy, Rate, accuracy
from costwatch.cost.node_share import NodeKind
from costwatch.model import Window
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.warehouse.usage import live_estimates as stored
from costwatch.wording import percent, printable

_DAYS = 30


@dataclass(frozen=True, slots=True)
class LiveEstimates:
    """rates: of the kinds of nodes that are not billed yet; None: neither a settled rate nor a list price.

    accuracy: of the workloads whose days were settled in the last 30 days; None: of none anything is known.
    today: what was estimated so far of the running UTC day, by currency; in no sum of the bill.
    """

    rates: Mapping[NodeKind, Rate | None]
    accuracy: Accuracy | None
    today: Mapping[str, Decimal]

    @property
    def is_any(self) -> bool:
        """Whether there is anything to say: not where no usage was ever collected."""
        return bool(self.rates or self.accuracy or self.today)

    @property
    def sentence(self) -> str:
        """How far off they were; '' where nothing was estimated yet that is billed now."""
        if self.accuracy is None:
            return ""
        off = f"{percent(self.accuracy.median)} (median) and {percent(self.accuracy.p90)} (90 of 100)"
        of = f"{self.accuracy.count:,} workload days"
        return f"live estimates of {_DAYS} days were off the bill by {off}, in {of}"

    @property
    def finding(self) -> str:
        """The same, where it is more than people should have to expect; '' where it is not."""
        if self.accuracy is None or not self.accuracy.is_poor:
            return ""
        why = "see whether commitments or prices changed, and go by the bill until it is less"
        return f"{self.sentence}, above {percent(TOLERATED)}; {why}"

    @property
    def unpriced(self) -> tuple[str, ...]:
        """A sentence on each kind of node whose usage cannot be estimated."""
        return tuple(
            f"{printable(' '.join(filter(None, kind)) or 'nodes of no known type')}: no settled rate and no "
            "list price, so that what runs there is not estimated; write it under list_prices of its source"
            for kind, rate in self.rates.items()
            if rate is None
        )


def live_estimates(facts: WarehouseSnapshot) -> LiveEstimates:
    """What is known of them now."""
    today = facts.now.date()
    window = Window.of_days(today, today + timedelta(days=1))
    costs = facts.totals("workload_cost", (), [window])[window]
    return LiveEstimates(
        stored.rates(facts.db),
        accuracy(stored.accuracy_pairs(facts.db, today - timedelta(days=_DAYS))),
        {dict(key)["currency"]: amount for key, amount in costs.items()},
    )
