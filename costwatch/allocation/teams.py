"""Teams, as ``costwatch.yaml`` names them: what is theirs, and whom to ask."""

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Self

from pydantic import Field, model_validator

from costwatch.cost.hierarchy import Membership, Since, memberships
from costwatch.model import NO_COST_CENTER, RESIDUALS
from costwatch.plugins import Settings

TeamName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_. -]*$", max_length=80)]


class Claim(Settings):
    """An account or another name of a team, from ``valid_from`` (a UTC day) on; None: always.

    Where two teams claim the same thing, the later ``valid_from`` not after the charge's day wins.
    """

    id: str
    valid_from: date | None = None


class Team(Settings):
    """A team that pays.

    name: as shown; also its tag value, compared without case. aliases: other tag or cost-category
    values that mean it. accounts: SubAccountIds whose untagged charges it carries. contact: who to
    ask, shown in alerts (for Slack a mention such as ``<!subteam^S123>``). parent: the team above it, whose
    rolled-up cost holds this one's; cost_center: what accounting calls it, which what is below it does not
    share. Either may be a list of entries with ``valid_from``, for teams move; an empty ``id``: none since.
    """

    name: TeamName
    aliases: tuple[str | Claim, ...] = ()
    accounts: tuple[str | Claim, ...] = ()
    contact: str = ""
    parent: str | tuple[str | Claim, ...] = ()
    cost_center: str | tuple[str | Claim, ...] = ()

    @model_validator(mode="after")
    def _name_is_free(self) -> Self:
        if self.name.lower() in (*RESIDUALS, "*"):
            raise ValueError(f"'{self.name}' names a residual; call the team something else")
        if any(center.strip().lower() == NO_COST_CENTER for center, _ in _entries(self.cost_center)):
            raise ValueError(f"'{NO_COST_CENTER}' is shown where there is none; leave 'cost_center' out")
        return self


def memberships_of(teams: Iterable[Team]) -> list[Membership]:
    """Which teams are above each one, and its cost center, over all time. Raises CircleError."""
    above = {team.name: _entries(team.parent) for team in teams if team.parent or team.cost_center}
    centers = {team.name: _entries(team.cost_center) for team in teams if team.cost_center}
    return memberships({**dict.fromkeys(centers, ()), **above}, centers)


def _entries(of: str | tuple[str | Claim, ...]) -> tuple[Since, ...]:
    entries = (of,) if isinstance(of, str) else of
    return tuple((each, None) if isinstance(each, str) else (each.id, each.valid_from) for each in entries)
