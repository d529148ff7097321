"""What ``costwatch.yaml`` says that bills are allocated by, and of settling, budgets and unit costs."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, SerializeAsAny, ValidationError

from costwatch.allocation.teams import Team
from costwatch.cost.dimensions import Dimension, DimensionName
from costwatch.cost.settings import BudgetSettings, Settle, UnitCostSettings
from costwatch.cost.systems import System
from costwatch.errors import CostwatchError
from costwatch.plugins import SPLITS, Settings, SplitSettings, load


class _NotInstalledError(ValueError):
    """The kind of a pool is not there."""


def _of_its_kind(pool: object) -> object:
    """What the kind named by ``split`` makes of a pool's keys."""
    if not isinstance(pool, dict):
        return pool
    try:
        kind: type[SplitSettings] = load(SPLITS, str(pool.get("split")))
    except KeyError:
        raise _NotInstalledError(str(pool.get("split"))) from None
    return kind.model_validate(pool)


Pool = Annotated[SerializeAsAny[SplitSettings], BeforeValidator(_of_its_kind)]


_DECIDING = ("teams", "pools", "systems", "dimensions")
# Whom to ask, and where teams and systems stand among others: none of it moves a charge.
_DECIDES_NOTHING = {
    "teams": {"__all__": {"contact", "parent", "cost_center"}},
    "systems": {"__all__": {"team", "tier"}},
}


class Allocation(Settings):
    """The part of ``costwatch.yaml`` by which the bill is allocated."""

    teams: tuple[Team, ...] = ()
    pools: tuple[Pool, ...] = ()
    systems: tuple[System, ...] = ()
    dimensions: Mapping[DimensionName, Dimension] = Field(default_factory=dict)
    budgets: tuple[BudgetSettings, ...] = ()
    unit_costs: tuple[UnitCostSettings, ...] = ()
    settle: Settle = Settle()

    @classmethod
    def as_published(cls, period: date, config: str) -> Self:
        """The settings by which a period was published. Raises CostwatchError for unknown ones."""
        try:
            return cls.model_validate_json(config)
        except CostwatchError:
            raise
        except Exception as error:  # whatever a stranger's module raises while it is imported
            found = error.errors() if isinstance(error, ValidationError) else []
            causes = [each.get("ctx", {}).get("error") for each in found]
            kinds = sorted(str(cause) for cause in causes if isinstance(cause, _NotInstalledError))
            unknown = f"split kind '{kinds[0]}', which is not installed" if kinds else "settings unknown here"
            install = "install its package again, or " if kinds else ""
            raise CostwatchError(
                f"period {period}: was allocated by {unknown}, and stays as published; "
                f"{install}allocate it by today's pools: costwatch allocate --from {period}"
            ) from None

    def published_json(self) -> str:
        """What is kept with a published period: what decides which team and system a charge belongs to."""
        return self.model_dump_json(include={*_DECIDING}, exclude=_DECIDES_NOTHING, exclude_defaults=True)

    def as_of(self, then: Self) -> Self:
        """These settings, with all that decides whose a charge is as it was ``then``."""
        return self.model_copy(update={name: getattr(then, name) for name in _DECIDING})
