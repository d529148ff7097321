"""What a statement answered with, as a measure of a day."""

import math
import re
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from collectors.measures import Measured
from collectors.sql.database import Answer, StatementError
from collectors.sql.source import SqlMeasure
from costwatch.model import Window
from costwatch.plugins import tags_text
from costwatch.wording import printable, shortened

_LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LONGEST = 1_000  # characters of a label
_LARGEST = 1e300  # so that sums stay finite


def measured(measure: SqlMeasure, day: Window, answer: Answer) -> Measured:
    """Values by labels, those of the same labels added up. Raises StatementError for what is none."""
    place = _place_of_value(measure, answer.columns)
    values: dict[str, list[float]] = defaultdict(list)
    for row in answer.rows:
        value = _number(row[place], measure.value)
        texts = {
            name: _text(cell, name)
            for name, cell in zip(answer.columns, row, strict=True)
            if name != measure.value
        }
        if value is not None:
            values[tags_text(texts)].append(value)
    known = sum(map(len, values.values()))
    return Measured(
        day.start.date(),
        measure.name,
        measure.unit,
        {labels: math.fsum(parts) for labels, parts in values.items()},
        known / len(answer.rows) if known else 0.0,
    )


def _place_of_value(measure: SqlMeasure, columns: Sequence[str]) -> int:
    shown = printable(", ".join(columns))
    if measure.value not in columns:
        raise StatementError(
            f"the answer has no column {measure.value}, but {shown}; call it AS {measure.value}"
        )
    if len(set(columns)) < len(columns):
        raise StatementError(f"two columns of the answer have one name ({shown}); name them by AS")
    for name in columns:
        if name != measure.value and not _LABEL.fullmatch(name):
            raise StatementError(
                f"the column {printable(name)} cannot be a label; name it by AS, in letters, digits and _"
            )
    return columns.index(measure.value)


def _number(cell: object, column: str) -> float | None:
    """None: unknown."""
    if cell is None:
        return None
    if isinstance(cell, bool) or not isinstance(cell, int | float | Decimal):
        raise StatementError(f"column {column} holds {_shown(cell)}, which is no number; CAST it to one")
    try:
        value = float(cell)
    except (OverflowError, ValueError):  # of an integer without end; of a signalling NaN
        return None
    return value if abs(value) <= _LARGEST else None


def _text(cell: object, column: str) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bytes):  # a text of MySQL that is compared by its bytes
        cell = cell.decode("utf-8", "replace")
    if not isinstance(cell, str):
        raise StatementError(
            f"column {column} holds {_shown(cell)}, while labels are text; CAST it to CHAR, or leave it out"
        )
    if len(cell) > _LONGEST:
        raise StatementError(
            f"column {column} holds a text of {len(cell):,} characters; shorten it to a label"
        )
    return cell


def _shown(cell: object) -> str:
    return shortened(printable(str(cell)), 40)
