"""Whose an objective is, and which system's cost belongs to it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from costwatch.allocation.teams import Team
from costwatch.config.quote import instead, quoted
from costwatch.config.slos.fields import Labels
from costwatch.cost.systems import System
from costwatch.model.names import folded
from costwatch.slo.objectives import Objective

OWNER_LABELS = ("team", "owner", "pyrra.dev/team", "costwatch.io/team")
_SYSTEM = "costwatch.io/system"


class Owners:
    """Teams and systems, as ``costwatch.yaml`` names them."""

    def __init__(self, teams: Iterable[Team], systems: Iterable[System]) -> None:
        self._teams: dict[str, str] = {}
        for team in teams:
            for alias in (team.name, *team.aliases):
                self._teams.setdefault(folded(alias if isinstance(alias, str) else alias.id), team.name)
        self._systems = {folded(system.name): system.name for system in systems}

    def given(self, objective: Objective, labels: Labels, team: str, keys: Sequence[str]) -> Objective:
        """With its team and its system. team: whose its file is; '': as labels with these keys say."""
        said = {**labels, **objective.annotations}
        owner, of_owner = (team, ()) if team else self._named("team", self._teams, said, keys)
        system, of_system = self._named("system", self._systems, said, (_SYSTEM,))
        system = system or (self._systems.get(folded(objective.service), "") if not of_system else "")
        return replace(objective, team=owner, system=system, notes=(*objective.notes, *of_owner, *of_system))

    def _named(
        self, what: str, known: Mapping[str, str], said: Labels, keys: Sequence[str]
    ) -> tuple[str, tuple[str, ...]]:
        for key in keys:
            if name := said.get(key):
                if found := known.get(folded(name)):
                    return found, ()
                near = instead(name, known.values())
                near = near if "did you mean" in near else ""
                return "", (f"its {key} {quoted(name)} is no {what} of costwatch.yaml{near}",)
        return "", ()
