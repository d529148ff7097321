"""How service level objectives stand, worst first, and what their budgets went through."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from costwatch.model import Window
from costwatch.slo.standing import Health, SloState
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.warehouse.slo.buckets import Stored

__all__ = ["BudgetPoint", "Health", "SloState", "buckets", "burn_down", "burn_downs", "slo_answer"]


@dataclass(frozen=True, slots=True)
class BudgetPoint:
    """What was left of the budget at an instant (UTC), as a share; None: unknown."""

    at: datetime
    left: float | None


def slo_answer(
    facts: WarehouseSnapshot,
    *,
    slo: str | None = None,
    team: str | None = None,
    service: str | None = None,
    system: str | None = None,
) -> tuple[SloState, ...]:
    """Every instance of every objective at ``facts.now``, worst first (see ``SloState.rank``).

    slo, team, service, system: only those of it; slo is an id or a name. An objective that has brought
    nothing yet is one state without an instance (number 0), unknown.
    """
    raise NotImplementedError


def burn_down(
    facts: WarehouseSnapshot, state: SloState, step: timedelta = timedelta(hours=1)
) -> tuple[BudgetPoint, ...]:
    """What was left of the budget at each step of its period up to now.

    Of a rolling period: of the budget of the period that ends now, as it was used up: 1 at its start, what is
    left now at its end. So two points tell apart what each hour used.
    """
    raise NotImplementedError


def burn_downs(
    facts: WarehouseSnapshot, states: tuple[SloState, ...], step: timedelta = timedelta(days=1)
) -> Mapping[int, tuple[BudgetPoint, ...]]:
    """``burn_down`` of many, by the number of their instance."""
    raise NotImplementedError


def buckets(facts: WarehouseSnapshot, state: SloState, window: Window) -> list[Stored]:
    """What is stored of an instance inside ``window``, such as an incident, in its order."""
    raise NotImplementedError
