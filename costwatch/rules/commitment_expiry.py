"""Rule kind ``commitment_expiry``: reservations and savings plans that end soon."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from costwatch.model import REACHED, About, Finding, Impact, Labels, Verdict, Window, labels
from costwatch.money import exact
from costwatch.plugins import (
    Duration,
    MatchedValues,
    RuleSettings,
    Selection,
    Snapshot,
    accepted,
    matching,
    one_of,
)
from costwatch.wording import count_of, on_day

_DAY = timedelta(days=1)
_COST, _LEFT = "commitment_cost", "commitment_days_left"
_LABELS = ("commitment", "commitment_kind", "source", "service", "team")


def _descending(within: tuple[timedelta, ...]) -> tuple[timedelta, ...]:
    if list(within) != sorted(set(within), reverse=True) or within[-1] <= timedelta():
        raise ValueError("must be more than 0s, descending, each once, such as [30d, 7d]")
    return within


Label = Annotated[str, one_of(_LABELS, "label of commitments")]


class CommitmentExpiry(RuleSettings):
    """Reservations and savings plans that end soon: one finding for each, told anew at each of ``within``.

    within: how long before its end, descending. match: label -> the value or values it must have
    (commitment_kind, source, service, team: that most of its cost is of). The end is known where AWS's CUR
    2.0 or legacy report has the columns of it (``reservation/EndTime``, ``savingsPlan/EndTime``); FOCUS has
    none: a source that names commitments and no end is told as unknown, as ``no_data`` says.

    What it costs a month if it stays (see ``min_impact``) is what it costs a month now: what its usage costs
    without it is more, by how much is not known.

    Example::

        - {name: CommitmentEnds, kind: commitment_expiry, within: [30d, 7d], min_impact: 100}
    """

    within: Annotated[tuple[Duration, ...], Field(min_length=1), AfterValidator(_descending)] = (
        30 * _DAY,
        7 * _DAY,
    )
    match: Mapping[Label, MatchedValues] = Field(default_factory=dict)
    settle: Literal["estimated"] = "estimated"

    @property
    def selections(self) -> tuple[Selection, ...]:
        """See ``plugins.RuleSettings``."""
        return (Selection(_COST, _LABELS, accepted(self.match)),)

    @property
    def finding_labels(self) -> tuple[str, ...]:
        """See ``plugins.RuleSettings``."""
        return ("commitment", "team", "source")

    def evaluate(self, facts: Snapshot, now: datetime) -> Iterator[Finding]:
        """See ``plugins.Rule``."""
        today = Window.of_days(now.date(), now.date() + _DAY)
        costs = matching(facts.series(_COST, _LABELS, today), accepted(self.match))
        left = facts.series(_LEFT, _LABELS, today)
        monthly: dict[Labels, list[Impact]] = {}
        for key, series in sorted(costs.items()):
            of = dict(key)
            currency = of.pop("currency")
            monthly.setdefault(labels(**of), []).append(Impact(series[-1].value, currency))
        if not monthly:
            unknown = "no bill that is read in this process names a reservation or savings plan it looks at"
            yield Finding((), Verdict.UNKNOWN, None, None, "days", unknown, About(_COST))
        untold: dict[str, int] = {}
        for key, impacts in monthly.items():
            if key in left:
                dearest = max(impacts, key=lambda impact: impact.amount)
                yield self._finding(dict(key), left[key][-1].value, dearest, now)
            else:
                source = dict(key)["source"]
                untold[source] = untold.get(source, 0) + 1
        for source, count in sorted(untold.items()):
            said = (
                f"{source}: its export does not tell when {count_of(count, 'commitment', 'commitments')} end"
            )
            about = About(_COST, _LABELS, {"source": (source,)})
            yield Finding(
                labels(source=source), Verdict.UNKNOWN, None, None, "days", f"{said}; CUR 2.0 does", about
            )

    def _finding(self, of: dict[str, str], days: Decimal, monthly: Impact, now: datetime) -> Finding:
        instance = labels(commitment=of["commitment"], team=of["team"])
        about = About(_LEFT, _LABELS, {name: (of[name],) for name in _LABELS})
        limits = [Decimal(str(each / _DAY)) for each in self.within]
        passed = [limit for limit in limits if 0 < days <= limit]
        end = (now + timedelta(seconds=int(days * 86_400))).date()
        name = f"{of['commitment_kind']} {of['commitment'].rpartition('/')[2]}"
        name += f" for {of['service']}" if of["service"] else ""
        limit = passed[-1] if passed else limits[0]
        if not passed:
            said = f"{name}: {'ends' if days > 0 else 'ended'} on {on_day(end)}"
            return Finding(instance, Verdict.OK, days, limit, "days", said, about)
        said = f"{name}: ends on {on_day(end)}, in {count_of(int(days), 'day', 'days')}; it costs"
        said += f" {exact(monthly.amount, monthly.currency)} a month"
        if of["team"]:
            said += f", most of it {of['team']}"
        said += "; renew it, or let it end"
        evidence = {REACHED: len(passed)}
        return Finding(instance, Verdict.BREACH, days, limit, "days", said, about, evidence, impact=monthly)
