"""Teams, as ``costwatch.yaml`` names them: what is theirs, and whom to ask."""

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Self

from pydantic import Field, model_validator

from costwatch.cost.hierarchy import Membership, Since, memberships
from costwatch.model import NO_COST_CENTER, RESIDUALS
from costwatch.model.names import folded
from costwatch.plugins import Settings

TeamName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_. -]*$", max_length=80)]


class Claim(Settings):
    """An account or another name of a team, from ``valid_from`` (a UTC day) on; None: always.

    Where two teams claim the same thing, the later ``valid_from`` not after the charge's day wins.
    """

    id: str
    valid_from: date | None = None


class AccountName(Settings):
    """Accounts by SubAccountName, from ``valid_from`` on: by a ``name``, by how names begin, or by a pattern.

    name and prefix are compared as all names are; ``pattern`` is a regular expression (RE2) that must match
    the whole name as it is written, ``(?i)`` before it without case.
    """

    name: str = ""
    prefix: str = ""
    pattern: str = ""
    valid_from: date | None = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if sum(map(bool, (self.name, self.prefix, self.pattern))) != 1:
            raise ValueError("must give one of name, prefix and pattern")
        if self.pattern and (reason := _unreadable(self.pattern)):
            raise ValueError(f"'{self.pattern}' is no regular expression of RE2: {reason}")
        return self

    def means(self, written: str) -> bool:
        """Whether an account of that SubAccountName is meant."""
        if self.pattern:
            return _matches(f"^(?:{self.pattern})$", written)
        if self.prefix:
            return folded(written).startswith(folded(f"{self.prefix}.")[:-1])
        return folded(written) == folded(self.name)


class Team(Settings):
    """A team that pays.

    name: as shown; also its tag value, compared as all names are (docs/allocation.md). aliases: other tag or
    cost-category values that mean it. accounts: SubAccountIds whose untagged charges it carries;
    account_names: the same by SubAccountName, asked after all ``accounts``. contact: who to
    ask, shown in alerts (for Slack a mention such as ``<!subteam^S123>``). parent: the team above it, whose
    rolled-up cost holds this one's; cost_center: what accounting calls it, which what is below it does not
    share. Either may be a list of entries with ``valid_from``, for teams move; an empty ``id``: none since.
    """

    name: TeamName
    aliases: tuple[str | Claim, ...] = ()
    accounts: tuple[str | Claim, ...] = ()
    account_names: tuple[str | AccountName, ...] = ()
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

    @property
    def names(self) -> tuple[Claim, ...]:
        """What tags and cost categories call it, and from when on."""
        return (Claim(id=self.name), *map(_as_claim, self.aliases))

    @property
    def claimed_accounts(self) -> tuple[Claim, ...]:
        """``accounts``, each in its long form."""
        return tuple(map(_as_claim, self.accounts))

    @property
    def named_accounts(self) -> tuple[AccountName, ...]:
        """``account_names``, each in its long form."""
        return tuple(AccountName(name=each) if isinstance(each, str) else each for each in self.account_names)


def _as_claim(entry: str | Claim) -> Claim:
    """The short form of a claim is one that always holds."""
    return Claim(id=entry) if isinstance(entry, str) else entry


def _unreadable(pattern: str) -> str:
    """Why RE2 cannot read it; '' where it can."""
    from pyarrow import ArrowInvalid

    try:
        _matches(pattern, "")
    except ArrowInvalid as error:
        return str(error).partition(": ")[2] or str(error)
    return ""


def _matches(pattern: str, text: str) -> bool:
    """By RE2, which takes time in proportion to the text: names come from a bill."""
    from pyarrow import compute, scalar

    return bool(compute.match_substring_regex(scalar(text), pattern).as_py())


def memberships_of(teams: Iterable[Team]) -> list[Membership]:
    """Which teams are above each one, and its cost center, over all time. Raises CircleError."""
    above = {team.name: _entries(team.parent) for team in teams if team.parent or team.cost_center}
    centers = {team.name: _entries(team.cost_center) for team in teams if team.cost_center}
    return memberships({**dict.fromkeys(centers, ()), **above}, centers)


def _entries(of: str | tuple[str | Claim, ...]) -> tuple[Since, ...]:
    entries = (of,) if isinstance(of, str) else of
    return tuple((each, None) if isinstance(each, str) else (each.id, each.valid_from) for each in entries)
