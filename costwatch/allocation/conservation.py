"""Whether what was computed of a period is the whole bill: every line, every nano-unit."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import ibis

from costwatch.allocation.weights import SUMMED
from costwatch.errors import CostwatchError
from costwatch.ledger.engines.duckdb import compiled, fetch
from costwatch.ledger.rows import rows_of
from costwatch.proof.priced import Priced
from costwatch.warehouse.bill.fingerprint import Weighed, sql_of_weights


def require_every_line(con: Any, period: date) -> None:
    """As many lines in ``facts`` as in ``days``, which they were made of. Raises CostwatchError."""
    found, summed = _lines(con, "facts"), _lines(con, "days")
    if found != summed:
        raise CostwatchError(
            f"period {period}: of {summed} lines {found} were found again; "
            "nothing was published, please report this"
        )


def require_whole_bill(con: Any, answers: Mapping[str, str], period: date) -> None:
    """What teams and residuals carry is the bill, and so are lines with and without owner tags.

    answers: see ``Attribution``. Raises CostwatchError.
    """
    for sums, of, carried in ((sums_of, "bill", "carried"), (priced_of, "priced", "priced_carried")):
        if sums(con, answers[of]) != sums(con, answers[carried]):
            raise CostwatchError(
                f"period {period}: teams carry {sums(con, answers[carried])}, the bill is "
                f"{sums(con, answers[of])}; nothing was published, please report this"
            )
    told = dict(rows_of(fetch(con, answers["tagging"])))
    whole = {name: total["EffectiveCostNano"] for name, total in sums_of(con, answers["bill"]).items()}
    if told != whole:
        raise CostwatchError(
            f"period {period}: lines with and without tags cost {told}, the bill is {whole}; "
            "nothing was published, please report this"
        )


def sums_of(con: Any, sql: str) -> dict[str, dict[str, int]]:
    """Lines and the sums of nano-units per BillingCurrency."""
    rows = fetch(con, sql).sort_by("BillingCurrency").to_pylist()
    return {row["BillingCurrency"]: {name: int(row[name]) for name in SUMMED} for row in rows}


def priced_of(con: Any, sql: str) -> Priced:
    """The sums of quantities and contracted costs."""
    return Priced.of(fetch(con, sql).to_pylist())


def weighed(con: Any) -> Weighed:
    """What the facts of ``stored`` weigh."""
    facts = "(SELECT *, team_id AS team, service_id AS service, slice_id AS slice FROM stored)"
    (sums,) = fetch(con, sql_of_weights(facts)).to_pylist()
    slices = fetch(con, "SELECT DISTINCT slice_id FROM stored").column(0).to_pylist()
    return Weighed(tuple(None if each is None else int(each) for each in sums.values()), tuple(slices))


def _lines(con: Any, table: str) -> int:
    counted = ibis.table({"line_count": "int64"}, name=table)
    sums = counted.agg(line_count=counted.line_count.sum())
    return int(fetch(con, compiled(sums))["line_count"][0].as_py() or 0)
