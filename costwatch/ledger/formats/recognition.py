"""Which bill a delivered file is, by its columns: the format it is read by, or why it is not."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from costwatch.errors import NotABillError, RefusedError
from costwatch.ledger.engines.engine import RESERVED
from costwatch.ledger.formats import FORMATS
from costwatch.ledger.formats.contract import REQUIRED_VALUES, BillFormat
from costwatch.ledger.formats.foreign import foreign
from costwatch.model import LoadFinding, LoadFindingKind

_SHOWN_COLUMNS = 5


@dataclass(frozen=True, slots=True)
class Recognised:
    """A format, and its mandatory columns that the file has not: lines are placed and priced without."""

    bill: BillFormat
    lacking: tuple[str, ...] = ()


def recognise(name: str, columns: Collection[str]) -> Recognised:
    """What a file called ``name`` with these columns, in whatever case, is.

    Raises RefusedError for a bill that is not read (a known foreign one, or one without a column that its
    lines are placed or priced by), NotABillError for what is no bill.
    """
    known = frozenset(column.strip().lower() for column in columns)
    if reserved := sorted(known.intersection(RESERVED)):
        raise RefusedError(
            [
                f"{name}:1: column {column} cannot have this name; rename it in the export"
                for column in reserved
            ]
        )
    bill = next((each for each in FORMATS if each.recognises(known)), None)
    if bill is None:
        raise _refusal(name, known)
    needed = {own for column in REQUIRED_VALUES for own in bill.origins.get(column, (column,))}
    missing = bill.missing(known)
    if without := [column for column in missing if column in needed]:
        raise RefusedError(
            [
                f"{name}:1: not a complete {bill.name} file: mandatory column {column} is missing; "
                "add it to the export"
                for column in without
            ]
        )
    return Recognised(bill, tuple(column for column in missing if column not in needed))


def _refusal(name: str, columns: frozenset[str]) -> RefusedError:
    if other := foreign(name, columns):
        not_focus = "" if "FOCUS" in other.title else ", not FOCUS"
        return RefusedError([f"{name}:1: {other.title}{not_focus}: {other.advice}"])
    theirs = sorted(column for column in columns if not column.startswith("costwatch: "))
    shown = ", ".join(f"'{column[:40]}'" for column in theirs[:_SHOWN_COLUMNS])
    more = f" and {len(theirs) - _SHOWN_COLUMNS} more" if len(theirs) > _SHOWN_COLUMNS else ""
    return NotABillError(
        [
            f"{name}:1: not a bill: its columns are {shown}{more}; {_nearest(columns)}; "
            "take it out of the folder"
        ]
    )


def _nearest(columns: frozenset[str]) -> str:
    """The format of which the most mandatory columns are there."""
    missing = {each.title: each.missing(columns) for each in FORMATS}
    of = {each.title: len(each.missing(frozenset())) for each in FORMATS}
    nearest = max(of, key=lambda title: of[title] - len(missing[title]))
    there = of[nearest] - len(missing[nearest])
    if there == 0:
        return f"no column is one of {', '.join(of)}"
    return f"the nearest is {nearest}, of which it has {there} of {of[nearest]} columns"


def lacking(files: Iterable[tuple[str, BillFormat, Sequence[str]]]) -> tuple[LoadFinding, ...]:
    """What files of a load are without, a line for all alike. files: name, format, the columns not there."""
    alike: dict[tuple[str, tuple[str, ...]], set[str]] = defaultdict(set)
    for name, bill, columns in files:
        if columns:
            alike[bill.title, tuple(columns)].add(name)
    found = []
    for (title, without), names in alike.items():
        first, *others = sorted(names)
        more = f" and {len(others)} more file{'s' if len(others) > 1 else ''}" if others else ""
        text = f"{first}{more}: {title} without {', '.join(without)}: it is read; what these say is unknown"
        found.append(LoadFinding(LoadFindingKind.LACKING, text))
    return tuple(found)
