"""What usage costs that is not billed yet, told anew by each run of ``allocate``; what was told of days that
have settled since is held against their bill.

This step alone has all of it: what was collected, what was just published, and whose it is.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from costwatch.allocation.settings import Allocation
from costwatch.allocation.splits.kubernetes import KubernetesPool
from costwatch.cost.live_estimate import (
    Estimate,
    Rate,
    billed_costs,
    elapsed_by_cluster,
    estimated_costs,
    estimates,
    list_rates,
    settled,
    settled_rates,
)
from costwatch.cost.node_share import NodeDay, NodeKind, PartPrices, WorkloadCost, WorkloadKey
from costwatch.model import Window
from costwatch.plugins import Batches, Collector, Weighing
from costwatch.warehouse.encoding import to_text
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.warehouse.store import Warehouse
from costwatch.warehouse.usage import live_estimates as stored
from costwatch.warehouse.usage import node_costs

if TYPE_CHECKING:
    from costwatch.allocation.clusters.owners import Receivers

_USUAL = KubernetesPool(name="usual", split="kubernetes")
_DAY = timedelta(days=1)
_REACH = timedelta(days=35)  # how far back rates are looked for, and days are held against a bill that moves
_KEPT = timedelta(days=100)


def estimate_unbilled(
    warehouse: Warehouse,
    sources: Sequence[Collector],
    allocation: Allocation,
    batches: Batches,
    now: datetime,
) -> None:
    """Estimate the days that are not settled, and hold those that are against the bill, where either is new.

    Writes ``live_estimate``, ``live_estimate_day`` and ``live_rate`` alone; running it again changes nothing.
    List prices are those that sources have in ``list_prices``: instance type -> price of an hour, in their
    ``currency``, by default USD.
    """
    window = Window.of_days(now.date() - _REACH, now.date() + _DAY)
    with warehouse.read() as db:
        if not (node_costs.has_table(db, "node_days") and node_costs.has_table(db, "workload_days")):
            return
        days = _Days(WarehouseSnapshot(db, now), window, sources, allocation, batches, now)
        known = stored.keys(db)
        due = {day: key for day, key in days.keys().items() if known.get(day) != key}
        if not due:
            return
        days.read_nodes()
        found = {day: days.estimates(day) for day in due}
    with warehouse.write() as db:
        stored.replace_rates(db, days.rates)
        for day, of_day in found.items():
            stored.replace_day(db, day, of_day, due[day], is_settled=days.is_settled(day))
        stored.forget_before(db, now.date() - _KEPT)


class _Days:
    """The days of a window: what their estimates rest on, and what they come to."""

    def __init__(
        self,
        facts: WarehouseSnapshot,
        window: Window,
        sources: Sequence[Collector],
        allocation: Allocation,
        batches: Batches,
        now: datetime,
    ) -> None:
        self._db, self._window, self._batches, self._now = facts.db, window, batches, now
        self._through = facts.data_through
        self._teams = allocation.teams
        self._pools = [pool for pool in allocation.pools if isinstance(pool, KubernetesPool)]
        self._prices = [
            (
                {name: Decimal(str(price)) for name, price in prices.items()},
                str(getattr(source, "currency", "USD")),
            )
            for source in sources
            if (prices := getattr(source, "list_prices", None))
        ]
        self._nodes: dict[date, list[NodeDay]] = defaultdict(list)
        self._receivers: dict[str, Receivers] = {}
        self.rates: dict[NodeKind, Rate | None] = {}

    def is_settled(self, day: date) -> bool:
        """Whether the bill of a day counts."""
        return self._through is not None and day <= self._through

    def keys(self) -> dict[date, str]:
        """Of each day with usage, all that its estimates rest on, in short."""
        published = stored.published_at(self._db, self._window)
        newest = max(published.values(), default="")
        teams = [sorted((team.name, str(team.names)) for team in self._teams), self._pools]
        found = {}
        for day, versions in stored.usage_versions(self._db, self._window).items():
            rests_on: list[Any] = [versions, teams]
            if self.is_settled(day):
                rests_on += ["bill", published.get(day)]
            else:
                prices = [[sorted(each.items()), currency] for each, currency in self._prices]
                rests_on += [str(self._through), newest, prices]
            if stored.has_partial(versions):  # an incomplete answer may be another one under the same version
                rests_on.append(to_text(self._now))
            text = json.dumps(rests_on, default=str)
            found[day] = hashlib.sha256(text.encode()).hexdigest()
        return found

    def read_nodes(self) -> None:
        """All nodes of the window, and the rates of those that are not billed."""
        for node in stored.node_days(self._db, self._window):
            pool = self._pool(node.key.cluster)
            prices = PartPrices(pool.price.cpu, pool.price.memory, pool.price.gpu)
            node = replace(node, prices=prices, min_coverage=pool.min_coverage)
            self._nodes[node.key.day].append(node)
        self._billed = node_costs.between(self._db, *self._window.days)
        days = [(self.is_settled(day), nodes) for day, nodes in self._nodes.items()]
        kinds = {node.kind for is_settled, nodes in days if not is_settled for node in nodes}
        known: dict[NodeKind, Rate] = {}
        for prices, currency in reversed(self._prices):  # of two that price a type the first counts
            known |= list_rates(kinds, prices, currency)
        known |= settled_rates(
            (node for is_settled, nodes in days if is_settled for node in nodes), self._billed
        )
        self.rates = {kind: known.get(kind) for kind in kinds}

    def estimates(self, day: date) -> list[Estimate]:
        """What each workload of a day cost, or will have cost."""
        nodes = self._nodes[day]
        rates = {kind: rate for kind, rate in self.rates.items() if rate is not None}
        is_settled = self.is_settled(day)
        costs = billed_costs(nodes, self._billed) if is_settled else estimated_costs(nodes, rates)
        found = stored.workload_costs(self._db, day, nodes, costs)
        teams = {key: self._team(key, cost) for key, cost in found.items()}
        before = stored.of_day(self._db, day)
        if is_settled:
            return settled(found, teams, before, self._now)
        return estimates(found, teams, elapsed_by_cluster(nodes), before, self._now)

    def _pool(self, cluster: str) -> KubernetesPool:
        """The first that splits a cluster; where none does, the kind's own settings."""
        return next((pool for pool in self._pools if cluster in (pool.clusters or (cluster,))), _USUAL)

    def _team(self, key: WorkloadKey, cost: WorkloadCost) -> str:
        """Whose the pool says that it is."""
        from costwatch.allocation.clusters.owners import Receivers  # here: Arrow and Ibis are slow to start
        from costwatch.allocation.owners import teams_by_name

        pool = self._pool(key.cluster)
        if pool.name not in self._receivers:
            asked = Weighing(self._window, (), (), self._batches, names=teams_by_name(self._teams))
            self._receivers[pool.name] = Receivers(pool, asked)
        return self._receivers[pool.name].team(key.namespace, cost.labels, key.day)
