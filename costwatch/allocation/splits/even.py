"""Split ``even``: the same for every team."""

from collections.abc import Iterator

from costwatch.allocation.teams import TeamName
from costwatch.plugins import SplitSettings, Weighing, Weight


class EvenPool(SplitSettings):
    """Shared evenly, among ``teams`` or all teams; ``over`` changes nothing."""

    teams: tuple[TeamName, ...] = ()

    def weighed_by(self, team: str) -> str:
        """See ``SplitSettings``."""
        return f"even, among {len(self.teams) or 'all'} teams"

    def weights(self, asked: Weighing) -> Iterator[Weight]:
        """See ``Split``."""
        for span in asked.spans:
            for team in self.teams or asked.teams:
                yield Weight(span.number, team, 1)
