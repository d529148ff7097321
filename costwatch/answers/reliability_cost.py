"""What systems with objectives cost, beside what is left of their budgets and used of their machines."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from costwatch.answers.usage import Resource, UsageRow, held_days, usage
from costwatch.cost.systems import System, listed
from costwatch.model import Window
from costwatch.model.names import folded
from costwatch.savings.efficiency import efficiency
from costwatch.slo.standing import Health, SloState
from costwatch.slo.worth import Decision, decide
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot

COST_DAYS = 30  # settled ones
_DAY = timedelta(days=1)
_COVERED = 0.5  # of a period, or less known: what is left of its budget says too little
_BURNING = (Health.PAGE, Health.TICKET)
_SILENT = (Health.NO_EVENTS, Health.GONE)  # they say nothing of how reliable it is


@dataclass(frozen=True, slots=True)
class SystemReliability:
    """A system, or a service whose objectives name none.

    costs: currency -> EffectiveCost of the last 30 settled days; empty: not known. worst: of its objectives;
    None: of none anything is known. use: of what it requests, by resource, over 30 days; empty: not known.
    """

    name: str
    is_system: bool
    team: str
    costs: Mapping[str, Decimal]
    objective_count: int
    worst: SloState | None
    use: Mapping[str, float] = field(default_factory=dict)
    decision: Decision = field(default_factory=lambda: decide(None, None))

    @property
    def busiest(self) -> tuple[str, float] | None:
        """The resource of which the largest share is used, by which alone it could be made smaller."""
        return max(self.use.items(), key=lambda pair: pair[1], default=None)


def reliability_cost(
    facts: WarehouseSnapshot, states: Iterable[SloState], systems: Sequence[System]
) -> list[SystemReliability]:
    """One for each system or service that ``states`` are of, in their order: the worst first.

    systems: of ``costwatch.yaml``; which namespaces and workloads are theirs says what is used of them.
    """
    groups: dict[tuple[bool, str], list[SloState]] = defaultdict(list)
    for state in states:
        of = state.objective
        groups[bool(of.system), of.system or of.service or of.name].append(state)
    costs, rows = _costs(facts), _usage_rows(facts)
    known = {system.name: system for system in systems}
    return [
        _of_group(name, is_system, mine, costs, known.get(name) if is_system else None, rows)
        for (is_system, name), mine in groups.items()
    ]


def _of_group(
    name: str,
    is_system: bool,
    states: Sequence[SloState],
    costs: Mapping[str, Mapping[str, Decimal]],
    system: System | None,
    rows: Sequence[UsageRow],
) -> SystemReliability:
    telling = [one for one in states if one.health not in _SILENT]
    worst = min(telling, key=lambda one: one.rank, default=None)
    is_known = bool(telling) and all(
        one.health is not Health.UNKNOWN and one.coverage > _COVERED for one in telling
    )
    lefts = [one.left for one in telling if one.left is not None]
    use = _use(system, rows) if system else {}
    is_burning = any(one.health in _BURNING for one in telling)
    decision = decide(
        min(lefts) if is_known and lefts else None, max(use.values(), default=None), is_burning=is_burning
    )
    team = (system.team if system else "") or states[0].objective.team
    its = costs.get(name, {}) if is_system else {}
    return SystemReliability(
        name, is_system, team, its, len({one.objective.id for one in states}), worst, use, decision
    )


def _costs(facts: WarehouseSnapshot) -> Mapping[str, Mapping[str, Decimal]]:
    """System -> currency -> what it cost."""
    through = facts.data_through
    if through is None:
        return {}
    window = Window.of_days(through - (COST_DAYS - 1) * _DAY, through + _DAY)
    found: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for key, amount in facts.totals("EffectiveCost", ("system",), (window,))[window].items():
        labels = dict(key)
        found[labels["system"]][labels["currency"]] = amount
    return found


def _usage_rows(facts: WarehouseSnapshot) -> Sequence[UsageRow]:
    held = held_days(facts)
    if held is None:
        return ()
    return usage(facts, "workload", max(held[0], held[1] - COST_DAYS * _DAY), held[1]).rows


def _use(system: System, rows: Iterable[UsageRow]) -> dict[str, float]:
    """The share that is used of what a system's namespaces and workloads request, by resource."""
    namespaces = {folded(name) for name in listed(system.match.namespaces)}
    workloads = {folded(name) for name in listed(system.match.workloads)}
    mine = [
        row
        for row in rows
        if folded(row.labels["namespace"]) in namespaces
        or {folded(row.labels["workload"]), folded(row.labels["workload"].partition("/")[2])} & workloads
    ]
    shares = {name: _share([getattr(row, name) for row in mine]) for name in ("cpu", "memory", "gpu")}
    return {name: value for name, value in shares.items() if value is not None}


def _share(parts: Iterable[Resource]) -> float | None:
    known = [
        (of.requested_with_use, of.used) for of in parts if of.requested_with_use and of.used is not None
    ]
    return efficiency(*(sum(amounts) for amounts in zip(*known, strict=True))) if known else None
