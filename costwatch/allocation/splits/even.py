"""Split ``even``: the same for every team."""

from typing import Literal

from costwatch.allocation.teams import TeamName
from costwatch.plugins import SplitSettings


class EvenPool(SplitSettings):
    """Shared evenly, among ``teams`` or all teams."""

    split: Literal["even"]
    teams: tuple[TeamName, ...] = ()
