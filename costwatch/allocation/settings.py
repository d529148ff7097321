"""What ``costwatch.yaml`` says of teams, of pools of shared cost, of settling and of budgets."""

from typing import Annotated

from pydantic import Field

from costwatch.allocation.splits.even import EvenPool
from costwatch.allocation.splits.fixed import FixedPool
from costwatch.allocation.splits.owner import OwnerPool
from costwatch.allocation.splits.proportional import ProportionalPool
from costwatch.allocation.teams import Team
from costwatch.cost.settings import BudgetSettings, Settle
from costwatch.plugins import Settings

Pool = Annotated[OwnerPool | ProportionalPool | EvenPool | FixedPool, Field(discriminator="split")]


class Allocation(Settings):
    """The part of ``costwatch.yaml`` by which the bill is allocated."""

    teams: tuple[Team, ...] = ()
    pools: tuple[Pool, ...] = ()
    budgets: tuple[BudgetSettings, ...] = ()
    settle: Settle = Settle()
