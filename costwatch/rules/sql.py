"""Rule kind ``sql``: what a SELECT over the warehouse answers, above or below a fixed amount."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from costwatch.errors import UsageError
from costwatch.model import Finding, Impact, Labels, Verdict, labels
from costwatch.money import exact
from costwatch.plugins import RuleSettings, Snapshot
from costwatch.wording import quantity

_VALUE, _IMPACT = "value", "impact"
_LONGEST_LABEL = 1000
_CURRENCY = re.compile("[A-Z]{3}")


class Sql(RuleSettings):
    """What no other kind looks at: one finding for each row of a SELECT over the warehouse.

    sql: one statement that reads, as ``costwatch query`` takes it. It has a column ``value``, a number or
    NULL where that is not known; a column ``impact``, if there is one, is money a month (see ``min_impact``),
    which needs a currency as ``unit``; all other columns are the labels of the row, no two rows having the
    same ones. above, below: the amounts, in ``unit``: a currency (USD), ``hours``, ``days``, ``ratio``, or
    any word. A row that is not there any more is in breach no more.

    It is answered in 10 seconds, 256 MB and 10,000 rows, or is an error (see ``on_error``), and as all is
    known now: where the bill is published anew meanwhile, the next evaluation asks again.

    Example::

        - {name: FailedRuns, kind: sql, above: 3, sql: "SELECT source, count(*) AS value FROM collection
           WHERE outcome = 'failed' AND started_at > datetime('now', '-1 day') GROUP BY source"}
    """

    sql: Annotated[str, Field(min_length=1, max_length=10_000)]
    above: Decimal | None = None
    below: Decimal | None = None
    unit: str = Field(default="", max_length=20)

    @model_validator(mode="after")
    def _has_a_limit(self) -> Self:
        if self.above is None and self.below is None:
            raise ValueError("give 'above', 'below' or both")
        if self.above is not None and self.below is not None and self.below > self.above:
            raise ValueError("'below' is more than 'above': every amount would be in breach")
        return self

    @property
    def statements(self) -> Mapping[str, tuple[str, ...]]:
        """See ``plugins.RuleSettings``."""
        return {self.sql: (_VALUE,)}

    def evaluate(self, facts: Snapshot, now: datetime) -> Iterator[Finding]:
        """See ``plugins.Rule``. Raises UsageError for rows that are none of such."""
        found: dict[Labels, Finding] = {}
        for row in facts.sql(self.sql):
            if _VALUE not in row:
                raise UsageError(
                    f"sql: no column is called '{_VALUE}'; write AS {_VALUE} after what is compared"
                )
            instance = _labels(row)
            if instance in found:
                raise UsageError(
                    f"sql: two rows have the labels {_named(instance)}; GROUP BY them, or add one"
                )
            found[instance] = self._finding(instance, row)
        yield from found.values()

    def _finding(self, instance: Labels, row: Mapping[str, Any]) -> Finding:
        value = _number(row[_VALUE], _VALUE)
        is_below = value is not None and self.below is not None and value < self.below
        limit = self.below if is_below or self.above is None else self.above
        said = _named(instance)
        if value is None or limit is None:
            said += ": is not known"
            return Finding(instance, Verdict.UNKNOWN, None, limit, self.unit, said)
        said += f": {quantity(value, self.unit)}"
        if not is_below and (self.above is None or value <= self.above):
            return Finding(instance, Verdict.OK, value, limit, self.unit, said)
        said += f", {'below' if is_below else 'above'} {quantity(limit, self.unit)}"
        monthly = _number(row.get(_IMPACT), _IMPACT)
        impact = None if monthly is None else Impact(monthly, self.unit)
        if impact is not None:
            if not _CURRENCY.fullmatch(self.unit):
                raise UsageError("sql: 'impact' is money, and 'unit' is no currency; write unit: USD")
            said += f"; {exact(impact.amount, impact.currency)} a month if it stays"
        return Finding(instance, Verdict.BREACH, value, limit, self.unit, said, impact=impact)


def _labels(row: Mapping[str, Any]) -> Labels:
    found = {}
    for name, cell in row.items():
        if name in (_VALUE, _IMPACT):
            continue
        text = "" if cell is None else str(cell)
        if isinstance(cell, bytes) or len(text) > _LONGEST_LABEL or name in ("rule", "severity"):
            why = "is the alert's own" if name in ("rule", "severity") else "is no short text"
            raise UsageError(f"sql: column '{name}' {why}; leave it out, or call it otherwise by AS")
        found[name] = text
    return labels(**found)


def _number(cell: Any, column: str) -> Decimal | None:
    if cell is None:
        return None
    number = Decimal(str(cell)) if isinstance(cell, int | float) else Decimal("NaN")
    if not number.is_finite():
        raise UsageError(f"sql: column '{column}' holds what is no number; cast it, or leave the row out")
    return number


def _named(instance: Labels) -> str:
    return " · ".join(value or f"no {name}" for name, value in instance) or "all of it"
