"""The lines of one published period by resource and day: sorted, so that a question reads a small part.

It is derived of the period's files, and can be deleted and made again. Where it is asked, neither Ibis nor
PyArrow is loaded: they take longer than the answer.
"""

from contextlib import closing
from glob import escape
from pathlib import Path
from typing import NamedTuple

from costwatch.errors import LedgerError

SORTED_BY = ("x_Team", "ServiceName")
KEYS = ("ResourceId", "SubAccountId", "RegionId", "BillingCurrency")
SUMS = ("BilledCostNano", "EffectiveCostNano", "line_count")
# A part of the file has statistics of its own: smaller ones make a longer footer, larger ones longer reads.
ROWS_OF_A_PART = 20_480

_SUMMED = f"""SELECT {", ".join(KEYS)}, {", ".join(f"sum({name})" for name in SUMS)}
FROM read_parquet($path) WHERE x_Team = $team AND ServiceName = $service AND day >= $first AND day < $after
GROUP BY ALL"""


class ResourceSum(NamedTuple):
    """What the lines of one resource come to, in one billing period."""

    ResourceId: str
    SubAccountId: str
    RegionId: str
    BillingCurrency: str
    BilledCostNano: int
    EffectiveCostNano: int
    line_count: int


def resource_sums(path: Path, team: str, service: str, first: int, after: int) -> list[ResourceSum]:
    """Of the days ``first`` up to ``after`` (yyyymmdd). Raises LedgerError for a file that cannot be read."""
    import duckdb  # here: pages are served by a process that mostly has no use for it

    asked = {
        "path": escape(str(path)),
        "team": team,
        "service": service,
        "first": first,
        "after": after,
    }
    try:
        with closing(duckdb.connect()) as con:
            con.execute("SET enable_progress_bar=false")
            return [ResourceSum(*row) for row in con.execute(_SUMMED, asked).fetchall()]
    except duckdb.Error as error:
        raise LedgerError(str(error).splitlines()[0][:200]) from None
