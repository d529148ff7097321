"""Which resources a team's cost of a service comes from.

The first question after a publication reads all its lines, and leaves a file beside the ledger: by resource
and day, sorted by team and service. The others read that. Each answer is held against what is published: a
file that is damaged or cannot be kept costs time, and no answer.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import date
from threading import Lock

from costwatch.allocation.settings import Allocation
from costwatch.allocation.trails import passed_on
from costwatch.errors import CostwatchError, LedgerError
from costwatch.ledger.files import LedgerFiles
from costwatch.ledger.resource_file import ResourceSum, resource_sums
from costwatch.model import Amounts, Load
from costwatch.money import units
from costwatch.warehouse.bill import loads, publish
from costwatch.warehouse.encoding import to_int
from costwatch.warehouse.facts.cost import Cost, cost
from costwatch.warehouse.store import Warehouse
from costwatch.wording import digits

_LABELS = ("account", "region", "currency")
# Readers of one process share the temporary folder, and the file that the first of them makes.
_MAKING = Lock()


@dataclass(frozen=True, slots=True)
class Resource:
    """What one resource cost; ``x_Pool`` instead of it for what a pool passed on, which no line shows."""

    ResourceId: str
    SubAccountId: str
    RegionId: str
    BillingCurrency: str
    x_Pool: str
    BilledCostNano: int
    EffectiveCostNano: int
    line_count: int


@dataclass(frozen=True, slots=True)
class Resources:
    """Largest EffectiveCost first.

    remark: why the next question will read all lines again, in a sentence; empty: it will not.
    """

    rows: tuple[Resource, ...] = ()
    remark: str = ""


@dataclass(frozen=True, slots=True)
class _Question:
    """Of days as yyyymmdd, ``first`` up to ``after``."""

    team: str
    service: str
    first: int
    after: int


@dataclass(frozen=True, slots=True)
class _Period:
    """A published period of which lines are asked, and what they come to by ``_LABELS``."""

    period: date
    known: publish.PublishedPeriod
    charged: Sequence[Load]
    expected: Mapping[tuple[str, ...], Amounts]

    @property
    def file(self) -> str:
        """Named by what it is made of: that of another publication is never taken for it."""
        return _file(self.period, self.known)


def resources(
    warehouse: Warehouse,
    files: LedgerFiles,
    team: str,
    service: str,
    first: date,
    after: date,
    tell: Callable[[str], None] = lambda _: None,
) -> Resources:
    """Cost of the days ``first`` up to ``after`` by resource.

    The sum is what ``warehouse.cost`` says of the same team, service and days. tell: what takes long, as it
    begins. Raises SourceError for a ledger file that is not there any more, CostwatchError where the lines
    come to another sum.
    """
    question = _Question(team, service, to_int(first), to_int(after))
    sums: defaultdict[tuple[str, ...], Amounts] = defaultdict(Amounts)
    with warehouse.read() as db:
        rows = cost(
            db, first, after, (*_LABELS, "pool", "billing_period"), {"team": [team], "service": [service]}
        )
        known = publish.published(db) if rows else {}
        trails = publish.pools_published(db) if rows else []
        asked = []
        for period, each in sorted(known.items()):
            mine = [row for row in rows if row.labels["billing_period"] == period.isoformat()]
            given = set(passed_on(Allocation.as_published(period, each.config), trails)) if mine else ()
            for row in mine:
                if row.labels["pool"] in given:
                    sums["", *_labels(row), row.labels["pool"]] += _amounts(row)
            if expected := _expected(row for row in mine if row.labels["pool"] not in given):
                asked.append(_Period(period, each, loads.stored_loads(db, each.loads), expected))
    names = {_file(*each) for each in known.items()}
    lines = _Lines(files, trails, names, tell)
    for of in asked:
        for resource, *labels, billed, effective, count in lines.of(of, question):
            sums[resource, *labels, ""] += Amounts(billed, effective, count)
    found = [_resource(key, of) for key, of in sums.items()]
    return Resources(tuple(sorted(found, key=_order)), lines.remark)


class _Lines:
    """What lines come to by resource: by the files that answer, which are made where they are not there.

    names: of these files, as far as they are of what is published now. remark: see ``Resources``.
    """

    def __init__(
        self, files: LedgerFiles, trails: Sequence[str], names: Collection[str], tell: Callable[[str], None]
    ) -> None:
        self._files, self._trails, self._names, self._tell = files, trails, names, tell
        self.remark = ""

    def of(self, asked: _Period, question: _Question) -> list[ResourceSum]:
        found = self._kept(asked, question)
        if found is None:
            with _MAKING:
                found = self._kept(asked, question)  # which another reader may have made meanwhile
                return self._made(asked, question) if found is None else found
        return found

    def _kept(self, asked: _Period, question: _Question) -> list[ResourceSum] | None:
        """By the period's file; None where there is none, or it is damaged."""
        try:
            found = resource_sums(self._files.derived(asked.file), *astuple(question))
        except LedgerError:
            return None
        return found if _sums(found) == asked.expected else None

    def _made(self, asked: _Period, question: _Question) -> list[ResourceSum]:
        from costwatch.allocation.charges import PublishedLines
        from costwatch.allocation.resource_lines import keep_file, read_lines

        self._tell(
            f"reading all lines of {asked.period:%Y-%m}, which is done once until it is published anew"
        )
        bill = PublishedLines.of(asked.period, asked.known, asked.charged, self._files, self._trails)
        if not self.remark:
            try:
                keep_file(bill, self._files, asked.file)
            except CostwatchError as error:
                self.remark = f"{error}; until then each question about resources reads all lines"
            else:
                self._files.keep_derived(self._names)
                if (found := self._kept(asked, question)) is not None:
                    return found
        found = read_lines(bill, *astuple(question))
        _require(_sums(found), asked, question)
        return found


def _file(period: date, known: publish.PublishedPeriod) -> str:
    return f"{period}-{known.inputs_key}"


def _expected(rows: Iterable[Cost]) -> dict[tuple[str, ...], Amounts]:
    """What lines come to, by what is published of them; the pools that took them do not matter."""
    sums: defaultdict[tuple[str, ...], Amounts] = defaultdict(Amounts)
    for row in rows:
        sums[_labels(row)] += _amounts(row)
    return {labels: of for labels, of in sums.items() if of}


def _sums(found: Iterable[ResourceSum]) -> dict[tuple[str, ...], Amounts]:
    """The same of lines."""
    sums: defaultdict[tuple[str, ...], Amounts] = defaultdict(Amounts)
    for _, *labels, billed, effective, count in found:
        sums[tuple(labels)] += Amounts(billed, effective, count)
    return {labels: of for labels, of in sums.items() if of}


def _require(told: Mapping[tuple[str, ...], Amounts], asked: _Period, question: _Question) -> None:
    """Lines and what was published of them are one bill. Raises CostwatchError."""
    for labels in sorted({*told, *asked.expected}):
        lines, published = (of.get(labels, Amounts()) for of in (told, asked.expected))
        if lines != published:
            of_lines, stored = (digits(units(each.BilledCostNano)) for each in (lines, published))
            raise CostwatchError(
                f"period {asked.period}: {question.team}, {question.service}: the lines of "
                f"{', '.join(labels)} come to {of_lines} billed, what is published of them to {stored}; "
                "run it again, and if it stays so: costwatch cost verify"
            )


def _labels(row: Cost) -> tuple[str, ...]:
    return tuple(row.labels[name] for name in _LABELS)


def _amounts(row: Cost) -> Amounts:
    return Amounts(row.BilledCostNano, row.EffectiveCostNano, row.line_count)


def _resource(key: tuple[str, ...], of: Amounts) -> Resource:
    resource, account, region, currency, pool = key
    return Resource(
        resource,
        account,
        region,
        currency,
        pool,
        of.BilledCostNano,
        of.EffectiveCostNano,
        of.line_count,
    )


def _order(of: Resource) -> tuple[str | int, ...]:
    return (
        of.BillingCurrency,
        -abs(of.EffectiveCostNano),
        of.ResourceId,
        of.SubAccountId,
        of.RegionId,
        of.x_Pool,
    )
