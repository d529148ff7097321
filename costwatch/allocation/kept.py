"""Which closed periods keep other teams, pools and charges than today's."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from costwatch.allocation.claimed import Claimed
from costwatch.allocation.owners import account_validities, name_validities
from costwatch.allocation.plan import is_closed
from costwatch.allocation.settings import Allocation
from costwatch.allocation.teams import Team
from costwatch.errors import CostwatchError
from costwatch.model import CONFIGURED
from costwatch.warehouse.bill import loads, publish, unclaimed
from costwatch.warehouse.bill.publish import PublishedPeriod
from costwatch.warehouse.bill.unclaimed import Unclaimed
from costwatch.warehouse.encoding import to_int
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot


@dataclass(frozen=True, slots=True)
class Kept:
    """Closed periods that today's configuration would decide differently, and how to let it; none: ''."""

    periods: tuple[date, ...]
    sentence: str

    @classmethod
    def of(cls, facts: WarehouseSnapshot, allocation: Allocation) -> "Kept":
        """Of what is published."""
        known, nobodys = publish.published(facts.db), unclaimed.by_period(facts.db)
        charges = {load.period: load.id for load in loads.newest_loads(facts.db, [CONFIGURED])}
        kept: dict[date, set[str]] = {}
        for period, each in sorted(known.items()):
            if is_closed(each.period_end, allocation, facts.now):
                if _differs(period, each, allocation, nobodys.get(period, [])):
                    kept.setdefault(period, set()).add("teams")
                if period in charges and charges[period] not in each.loads:
                    kept.setdefault(period, set()).add("charges")
        if not kept:
            return cls((), "")
        one = len(kept) == 1
        many = "1 closed period" if one else f"{len(kept)} closed periods"
        names = ", ".join(f"{period:%Y-%m}" for period in kept)
        what = " and ".join(sorted(set().union(*kept.values()), reverse=True))
        return cls(
            tuple(kept),
            f"{many} ({names}) {f'keeps the {what} it was' if one else f'keep the {what} they were'} "
            f"published with; to use today's: costwatch allocate --from {min(kept)} "
            f"--to {max(known[period].period_end for period in kept)}",
        )


def _differs(
    period: date, published: PublishedPeriod, allocation: Allocation, nobodys: Sequence[Unclaimed]
) -> bool:
    """Whether today's configuration may give some charge of a period to another than it has.

    Teams that were added count where they name something that nobody carries.
    """
    if published.config == allocation.published_json():
        return False
    try:
        then = Allocation.as_published(period, published.config)
    except CostwatchError:
        return True
    decided = [(each.pools, each.systems, each.dimensions) for each in (then, allocation)]
    if decided[0] != decided[1] or published.spelling is None:
        return True
    if {team.name for team in then.teams} != {team.name for team in allocation.teams} and any(
        getattr(pool, "teams", None) == () for pool in allocation.pools
    ):
        return True  # a split among all teams
    end = to_int(published.period_end)
    if _claims(then.teams, end) - _claims(allocation.teams, end):
        return True
    today = Claimed(allocation)
    return any(today.team_of(each, before=published.period_end) for each in nobodys)


def _claims(teams: Iterable[Team], end: int) -> set[tuple[object, ...]]:
    """What teams claim before a day."""
    teams = [*teams]
    dated = {
        (kind, name, since, min(until, end), team)
        for kind, known in (("name", name_validities(teams)), ("account", account_validities(teams)))
        for name, since, until, team in known
        if since < end
    }
    return dated | {(each, team.name) for team in teams for each in team.named_accounts}
