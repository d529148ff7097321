"""From a team's number back to the pools that it came through, and what to ask next."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from shlex import join

from costwatch.answers.cost_answer import ask_cost
from costwatch.answers.measured import measured, share_of
from costwatch.answers.published_pools import (
    PublishedPool,
    is_below,
    is_of_clusters,
    place_of,
    published_pools,
    steps_of,
)
from costwatch.cost.conversion import Conversion
from costwatch.cost.trail import Part, Residue, Step, Trail, TrailRow, summed
from costwatch.model import BEFORE_CREDITS, GIVEN_ON, IDLE, RESIDUALS, UNALLOCATED, UNMEASURED, allocated_key
from costwatch.plugins import Measured
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.warehouse.usage.reading import capacity_of

_PART = ("cluster", "namespace", "workload")


def trail(
    facts: WarehouseSnapshot,
    team: str,
    first: date,
    after: date,
    where: Mapping[str, Collection[str]],
    metric: str,
    conversion: Conversion | None = None,
) -> Trail:
    """Of a team or a residual. where: labels of cost without the team; metric: one of ``COST_METRICS``."""
    return _Asking(facts, team, first, after, where, metric, conversion).answer()


_Sums = Mapping[tuple[str, ...], Decimal]


@dataclass(frozen=True, slots=True)
class _Asking:
    facts: WarehouseSnapshot
    team: str
    first: date
    after: date
    where: Mapping[str, Collection[str]]
    metric: str
    conversion: Conversion | None
    kept: dict[str, Sequence[Measured]] = field(default_factory=dict)  # of pools, each asked once

    def answer(self) -> Trail:
        pools = published_pools(self.facts, self.first, self.after)
        mine = self._ask(["pool", "currency"], self._of_team)
        # What a step split went other ways, too: the pool that was asked for is only the end of one.
        whole = self._ask(
            ["pool", "currency", "team"], {name: of for name, of in self.where.items() if name != "pool"}
        )
        told = {name for name, _ in mine if is_of_clusters(name, pools)}
        parts, covered = self._parts(told), self._coverage(told)
        services = self._services()

        rows = []
        for name, currency in sorted(mine, key=lambda key: (place_of(key[0], pools), key)):
            steps, of = self._followed(name, currency, pools, whole), parts.get((name, currency), ())
            start = name.split(GIVEN_ON)[0]
            residue = _residue(start, currency, whole, pools, covered.get(start)) if name in told else None
            last = pools.get(name.split(GIVEN_ON)[-1])
            onward = self._next(name, steps, of, services[name, currency], last.label if last else "")
            rows.append(TrailRow(name, currency, mine[name, currency], steps, of, residue, onward))
        return Trail(self.team, self.first, self.after, self.metric, tuple(rows))

    @property
    def _of_team(self) -> Mapping[str, Collection[str]]:
        return {**self.where, "team": (self.team,)}

    def _ask(self, by: Sequence[str], where: Mapping[str, Collection[str]]) -> _Sums:
        of_kinds = self.metric in BEFORE_CREDITS.values()
        answer = ask_cost(
            self.facts,
            self.first,
            self.after,
            by,
            where,
            per_day=False,
            conversion=self.conversion,
            before_credits=of_kinds,
        )
        return summed(
            (tuple(row.labels[name] for name in by), answer.amount(row, self.metric)) for row in answer.rows
        )

    def _followed(
        self, name: str, currency: str, pools: Mapping[str, PublishedPool], whole: _Sums
    ) -> tuple[Step, ...]:
        """Each pool of an ``x_Pool``, by whom it was carried on, and what it split."""
        names = name.split(GIVEN_ON)
        found = []
        for number, (one, pool) in enumerate(steps_of(name, pools)):
            below = pools.get(names[number + 1]) if number + 1 < len(names) else None
            receiver = below.carried_by if below else self.team
            way = GIVEN_ON.join(names[: number + 1])
            came = sum(
                (
                    amount
                    for (other, other_currency, _), amount in whole.items()
                    if other_currency == currency and is_below(other, way)
                ),
                Decimal(),
            )
            split, words = (pool.split, pool.weighed_by(receiver)) if pool else ("", "a pool of earlier days")
            told = share_of(receiver, self._measured(pool)) if pool else ()
            found.append(Step(one, split, words, pool.carried_by if pool else "", came, told))
        return tuple(found)

    def _measured(self, pool: PublishedPool) -> Sequence[Measured]:
        if pool.name not in self.kept:
            self.kept[pool.name] = measured(self.facts, pool, self.first, self.after)
        return self.kept[pool.name]

    def _parts(self, told: Collection[str]) -> Mapping[tuple[str, ...], tuple[Part, ...]]:
        if not told:
            return {}
        found: dict[tuple[str, ...], list[Part]] = defaultdict(list)
        by = ("pool", "currency", *_PART)
        for (name, currency, *labels), amount in self._ask(by, {**self._of_team, "pool": [*told]}).items():
            cluster, namespace, workload = (
                "" if value == f"no {label}" else value for label, value in zip(_PART, labels, strict=True)
            )
            found[name, currency].append(Part(cluster, namespace, workload, amount))
        return {
            key: tuple(sorted(parts, key=lambda part: (-abs(part.amount), part.cluster, part.namespace)))
            for key, parts in found.items()
        }

    def _coverage(self, told: Collection[str]) -> Mapping[str, float | None]:
        """By the pool that took the lines: how much of the nodes of its clusters was measured."""
        starts = {name.split(GIVEN_ON)[0] for name in told}
        nodes = capacity_of(self.facts.db, self.first, self.after) if starts else {}
        found = {}
        for start in starts:
            clusters = {
                cluster for cluster, _ in self._ask(["cluster", "currency"], {**self.where, "pool": [start]})
            }
            known = [nodes[cluster] for cluster in clusters & nodes.keys()]
            expected = sum(each.expected_seconds for each in known)
            found[start] = sum(each.measured_seconds for each in known) / expected if expected else None
        return found

    def _services(self) -> Mapping[tuple[str, str], str]:
        """The service that most of each way is of."""
        found = self._ask(["pool", "currency", "service"], self._of_team)
        return {
            (name, currency): service
            for (name, currency, service), _ in sorted(found.items(), key=lambda one: abs(one[1]))
        }

    def _next(self, name: str, steps: Sequence[Step], parts: Sequence[Part], service: str, label: str) -> str:
        """The command that goes one step further."""
        span = ["--from", f"{self.first}", "--to", f"{self.after}"]
        if self.team == UNALLOCATED:
            return "costwatch teams suggest"
        if parts:
            spaces = summed(((part.cluster, part.namespace), abs(part.amount)) for part in parts)
            cluster, namespace = max(spaces, key=lambda space: spaces[space])
            if namespace and self.team not in RESIDUALS:
                return join(
                    ["costwatch", "usage", "rightsize", "--cluster", cluster, "--namespace", namespace]
                )
            return join(["costwatch", "usage", "show", "--by", "cluster", *span])
        if steps[-1].split == "owner":
            return join(["costwatch", "cost", "resources", "--team", self.team, "--service", service, *span])
        if allocated_key(by := f"allocated:{label}"):
            return join(["costwatch", "cost", "show", "--by", by, "--team", self.team, "--pool", name, *span])
        return join(["costwatch", "cost", "show", "--by", "service", "--pool", name, *span])


def _residue(
    start: str,
    currency: str,
    whole: _Sums,
    pools: Mapping[str, PublishedPool],
    coverage: float | None,
) -> Residue:
    amounts = dict.fromkeys(RESIDUALS, Decimal())
    for (name, of, team), amount in whole.items():
        if of == currency and is_below(name, start):
            onward = [pools[one].carried_by for one in name.split(GIVEN_ON)[1:] if one in pools]
            carrier = onward[0] if onward else team
            if carrier in amounts:
                amounts[carrier] += amount
    return Residue(amounts[IDLE], amounts[UNMEASURED], coverage)
