"""The bill against what another source says of it, by service and day: every difference gets a name. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from costwatch.model import METRICS
from costwatch.money import nanos, smallest_unit, units
from costwatch.proof.bill import SHOWN, Check, Discrepancy
from costwatch.wording import digits, on_day

# One service under several names: Cost Explorer's after the bill's own; then the codes that stand for the
# name where a report has none. Sources: real answers and reports of one company, and for EC2
# https://github.com/aws/agent-toolkit-for-aws (aws-billing-and-cost-management/references/cost-explorer.md)
_NAMES = {
    "Amazon Elastic Compute Cloud": ("Amazon Elastic Compute Cloud - Compute", "EC2 - Other", "AmazonEC2"),
    "Amazon Elastic Kubernetes Service": ("Amazon Elastic Container Service for Kubernetes", "AmazonEKS"),
    "Amazon Elastic Container Registry": ("Amazon EC2 Container Registry (ECR)", "AmazonECR"),
    "Amazon Elastic File System": ("AmazonEFS",),
    "Amazon EventBridge": ("CloudWatch Events", "AWSEvents"),
    "Amazon Relational Database Service": ("AmazonRDS",),
    "Amazon Simple Notification Service": ("AmazonSNS",),
    "Amazon Simple Queue Service": ("AWSQueueService",),
    "Amazon Simple Storage Service": ("AmazonS3",),
    "Amazon Virtual Private Cloud": ("AmazonVPC",),
    "AWS Key Management Service": ("awskms",),
    "AWS Step Functions": ("AmazonStates",),
}
_TAX = "Tax"
_GIVEN_BACK = ("Credit", "Adjustment")


class Cause(StrEnum):
    """Why the bill and another source differ."""

    TAX = "tax"
    CREDITS = "credits"  # and refunds, and other adjustments
    ROUNDING = "rounding"  # at most the smallest unit of the currency, for a service and day
    UNSETTLED = "not yet settled"  # one of them calls the day estimated, or does not reach it yet
    COMMITMENT = "commitment"  # one tells the cost as billed, the other spread over its time
    NAMING = "other names"  # the day agrees, its services have other names or other borders
    UNEXPLAINED = "unexplained"


@dataclass(frozen=True, slots=True)
class ComparedLine:
    """What one side says of a service, a category and a UTC day, in nano-units."""

    day: date
    ServiceName: str
    ChargeCategory: str
    BilledCostNano: int
    EffectiveCostNano: int

    def nano(self, metric: str) -> int:
        """One of ``METRICS``."""
        return self.BilledCostNano if metric == "BilledCost" else self.EffectiveCostNano


@dataclass(frozen=True, slots=True)
class Compared:
    """A billing period as the bill and one other source tell it, in one currency.

    ``unsettled``: days that either of them calls estimated, or that only one of them reaches yet.
    """

    source: str
    period: date
    currency: str
    bill: Sequence[ComparedLine]
    said: Sequence[ComparedLine]
    unsettled: Collection[date]


@dataclass(frozen=True, slots=True)
class Difference:
    """Bill and other source on one day and service, in nano-units, and why they differ."""

    day: date
    ServiceName: str
    reason: Cause
    bill_nano: int
    said_nano: int

    @property
    def nano(self) -> int:
        """The bill less what is said of it."""
        return self.bill_nano - self.said_nano


@dataclass(frozen=True, slots=True)
class Tolerance:
    """What may stay unexplained of a day: a share of its bill or an amount, whichever is more."""

    share: Decimal = Decimal("0.01")
    amount: Decimal = Decimal(1)

    def nano(self, bill_nano: int) -> int:
        """In nano-units, for a day of that bill."""
        return max(nanos(abs(units(bill_nano)) * self.share), nanos(self.amount))


@dataclass(frozen=True, slots=True)
class Comparison:
    """One metric of one ``Compared``, compared. ``differences``: by day, then the largest first."""

    source: str
    period: date
    currency: str
    metric: str
    bill: Mapping[date, int]  # nano-units
    said: Mapping[date, int]
    differences: tuple[Difference, ...]

    def reasons(self) -> dict[Cause, int]:
        """What each reason comes to, in nano-units; together: all of the difference."""
        sums = dict.fromkeys(Cause, 0)
        for one in self.differences:
            sums[one.reason] += one.nano
        return sums

    def unexplained(self, tolerance: Tolerance) -> dict[date, int]:
        """Days of which more than that stays unexplained, and how much (nano-units), largest first."""
        days: dict[date, int] = defaultdict(int)
        for one in self.differences:
            if one.reason is Cause.UNEXPLAINED:
                days[one.day] += one.nano
        beyond = {day: nano for day, nano in days.items() if abs(nano) > tolerance.nano(self.bill[day])}
        return dict(sorted(beyond.items(), key=lambda pair: (-abs(pair[1]), pair[0])))

    def finding(self, tolerance: Tolerance) -> Discrepancy | None:
        """None where every day is explained as far as it must be."""
        days = self.unexplained(tolerance)
        if not days:
            return None
        shown = "; ".join(self._told(day, nano) for day, nano in list(days.items())[:SHOWN])
        more = f"; and {len(days) - SHOWN} days more" if len(days) > SHOWN else ""
        text = (
            f"{self.period:%Y-%m}: {self.metric} of the bill less what {self.source} says: {shown}{more}; "
            "see whether a delivery is missing or an account is left out on one side"
        )
        return Discrepancy(Check.OPINION, self.period.isoformat(), text)

    def _told(self, day: date, nano: int) -> str:
        most = max(
            (one for one in self.differences if one.day == day and one.reason is Cause.UNEXPLAINED),
            key=lambda one: abs(one.nano),
        )
        return f"{digits(units(nano))} {self.currency} on {on_day(day)}, most of it {most.ServiceName}"


def family(service: str) -> str:
    """The same text for all names of one service: by the table, else by its letters."""
    letters = _letters(service)
    return _FAMILIES.get(letters, letters)


def _letters(service: str) -> str:
    letters = "".join(letter for letter in service.lower() if letter.isalnum())
    return letters.removeprefix("amazon").removeprefix("aws") or letters


_FAMILIES = {_letters(name): _letters(known) for known, others in _NAMES.items() for name in (known, *others)}


@dataclass(slots=True)
class _Sums:
    """One side of a service and day, by metric: what is given back, and all the rest."""

    name: str = ""
    back: dict[str, int] = field(default_factory=lambda: dict.fromkeys(METRICS, 0))
    rest: dict[str, int] = field(default_factory=lambda: dict.fromkeys(METRICS, 0))

    def add(self, line: ComparedLine) -> None:
        self.name = self.name or line.ServiceName
        part = self.back if line.ChargeCategory in _GIVEN_BACK else self.rest
        for metric in METRICS:
            part[metric] += line.nano(metric)


def most_telling(of: Iterable[Comparison]) -> list[tuple[Comparison, Difference]]:
    """Every difference, what nothing explains first, then the largest."""
    every = [(opinion, one) for opinion in of for one in opinion.differences]
    return sorted(every, key=lambda pair: (pair[1].reason is not Cause.UNEXPLAINED, -abs(pair[1].nano)))


_Sides = tuple[_Sums, _Sums]  # the bill, and what is said


def compare(of: Compared) -> list[Comparison]:
    """An opinion for each metric: the two are never added together, nor are currencies."""
    days = _days(of)
    both_tell = all(any(line.ChargeCategory in _GIVEN_BACK for line in side) for side in (of.bill, of.said))
    slack = nanos(smallest_unit(of.currency))
    opinions = []
    for metric in sorted(METRICS):
        found: list[Difference] = []
        for day, services in sorted(days.items()):
            its = [
                one
                for sides in services.values()
                for one in _differences(day, sides, metric, both_tell, slack, day in of.unsettled)
            ]
            found += sorted(_named(its, slack), key=lambda one: (-abs(one.nano), one.ServiceName))
        opinions.append(
            Comparison(
                of.source,
                of.period,
                of.currency,
                metric,
                _daily(of.bill, days, metric),
                _daily(of.said, days, metric),
                tuple(found),
            )
        )
    return opinions


def _days(of: Compared) -> dict[date, dict[str, _Sides]]:
    """day -> family -> both sides; all tax of a day is one family, since Cost Explorer tells it so."""
    days: dict[date, dict[str, _Sides]] = defaultdict(lambda: defaultdict(lambda: (_Sums(), _Sums())))
    for side, lines in enumerate((of.bill, of.said)):
        for line in lines:
            if line.ChargeCategory == _TAX:
                line = replace(line, ServiceName=_TAX)
            days[line.day][family(line.ServiceName)][side].add(line)
    return days


def _daily(lines: Iterable[ComparedLine], days: Iterable[date], metric: str) -> dict[date, int]:
    sums = dict.fromkeys(sorted(days), 0)
    for line in lines:
        sums[line.day] += line.nano(metric)
    return sums


def _differences(
    day: date, sides: _Sides, metric: str, both_tell: bool, slack: int, unsettled: bool
) -> Iterator[Difference]:
    bill, said = sides
    name = bill.name or said.name

    def difference(reason: Cause, bill_nano: int, said_nano: int) -> Difference:
        return Difference(day, name, reason, bill_nano, said_nano)

    if name == _TAX:
        rest = difference(Cause.TAX, *(side.rest[metric] + side.back[metric] for side in sides))
        if rest.nano:
            yield rest if abs(rest.nano) > slack else replace(rest, reason=Cause.ROUNDING)
        return
    back = difference(Cause.CREDITS, bill.back[metric], said.back[metric])
    rest = difference(Cause.UNEXPLAINED, bill.rest[metric], said.rest[metric])
    # Where only one side tells credits apart, the other has netted them into its services, or has none.
    if back.nano and (both_tell or abs(rest.nano) <= slack < abs(back.nano)):
        yield back
    else:
        rest = replace(
            rest, bill_nano=rest.bill_nano + back.bill_nano, said_nano=rest.said_nano + back.said_nano
        )
    if not rest.nano:
        return
    other = next(each for each in METRICS if each != metric)
    if abs(rest.nano) <= slack:
        reason = Cause.ROUNDING
    elif unsettled:
        reason = Cause.UNSETTLED
    elif min(abs(bill.rest[other] - rest.said_nano), abs(rest.bill_nano - said.rest[other])) <= slack:
        reason = Cause.COMMITMENT
    else:
        reason = Cause.UNEXPLAINED
    yield replace(rest, reason=reason)


def _named(differences: Sequence[Difference], slack: int) -> Iterator[Difference]:
    """Where all that is unexplained of a day adds up to nothing, only the services have other names."""
    unexplained = [one for one in differences if one.reason is Cause.UNEXPLAINED]
    agrees = abs(sum(one.nano for one in unexplained)) <= slack * len(unexplained)
    for one in differences:
        named = agrees and one.reason is Cause.UNEXPLAINED
        yield replace(one, reason=Cause.NAMING) if named else one
