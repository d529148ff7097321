"""Reservations and savings plans of a billing period: when they end, what they cost, and whom."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import ibis
import ibis.expr.types as ir

from costwatch.allocation.charges import PublishedLines, delivered, owned
from costwatch.ledger.engines.duckdb import compiled, fetch, of_one_schema, raw_lines
from costwatch.ledger.formats import format_named
from costwatch.ledger.formats.amortisation import PLAN_ARN, RESERVATION_ARN
from costwatch.ledger.formats.contract import instant, text
from costwatch.model import midnight
from costwatch.warehouse.bill.commitments import Commitment
from costwatch.warehouse.encoding import from_int, to_text

_LATELY = timedelta(days=31)
_ID = "CommitmentDiscountId"
# Source: https://docs.aws.amazon.com/cur/latest/userguide/table-dictionary-cur2.html; FOCUS 1.x tells no end.
_STARTS = ("savings_plan_start_time", "reservation_start_time")
_ENDS = ("savings_plan_end_time", "reservation_end_time")


class _Of(NamedTuple):
    """A commitment in one currency."""

    id: str
    currency: str


def commitments(con: Any, bill: PublishedLines, period_end: date, now: datetime) -> list[Commitment]:
    """Those that lines of the period name, in order; none of one that was over long ago.

    Nothing but these lines is summed.
    """
    if midnight(period_end) + _LATELY < now:
        return []
    terms = _terms(con, bill)
    if not terms:
        return []
    lines = delivered(con, bill)
    days = fetch(con, compiled(lines.aggregate(newest=lines.day.max()))).to_pylist()[0]["newest"]
    of_services = _sums(con, lines, ("source", "ServiceName"))
    of_teams = _sums(con, owned(con, bill), ("team",))
    count = 1 if days is None else max(1, (from_int(days) - bill.period).days + 1)
    found = []
    for key, costs in sorted(of_services.items()):
        term = terms.get(key.id, {})
        source, service = _dearest(costs)
        (team,) = _dearest(of_teams.get(key, {("",): 0}))
        found.append(
            Commitment(
                id=key.id,
                kind=term.get("kind") or "commitment",
                starts_at=_stored(term.get("starts")),
                ends_at=_stored(term.get("ends")),
                source=source,
                service=service,
                team=team,
                currency=key.currency,
                effective_nano=sum(costs.values()),
                day_count=count,
            )
        )
    return found


def _stored(at: datetime | None) -> str | None:
    """Engines have instants of UTC without its name."""
    return None if at is None else to_text(at.replace(tzinfo=UTC))


def _terms(con: Any, bill: PublishedLines) -> dict[str, dict[str, Any]]:
    """The kind, start and end of each, as far as files say."""
    found: dict[str, dict[str, Any]] = {}
    for part in bill.parts:
        for paths in of_one_schema(part.paths):
            told = _told(format_named(part.format).charges(raw_lines(con, paths)))
            for row in fetch(con, compiled(told)).to_pylist():
                known = found.setdefault(row["id"], row)
                known |= {name: row[name] for name in ("starts", "ends") if known[name] is None}
    return found


def _told(raw: ir.Table) -> ir.Table:
    plan, reservation = text(raw, PLAN_ARN), text(raw, RESERVATION_ARN)
    other = text(raw, "CommitmentDiscountType", "CommitmentDiscountCategory")
    lines = raw.select(
        id=ibis.coalesce(plan, reservation, text(raw, _ID)),
        kind=ibis.cases(
            (plan.notnull(), "savings plan"), (reservation.notnull(), "reservation"), else_=other
        ),
        starts=ibis.coalesce(*(instant(raw, name) for name in _STARTS)),
        ends=ibis.coalesce(*(instant(raw, name) for name in _ENDS)),
    )
    lines = lines.filter(lines.id.notnull())
    return lines.group_by("id").agg(kind=lines.kind.max(), starts=lines.starts.max(), ends=lines.ends.max())


def _sums(con: Any, lines: ir.Table, by: Sequence[str]) -> Mapping[_Of, dict[tuple[str, ...], int]]:
    """What each costs in effect, by ``by``."""
    mine = lines.filter(lines[_ID].fill_null("") != "")
    sums = mine.group_by(_ID, "BillingCurrency", *by).agg(effective=mine.EffectiveCostNano.sum())
    found: dict[_Of, dict[tuple[str, ...], int]] = defaultdict(dict)
    for row in fetch(con, compiled(sums)).to_pylist():
        key = tuple(str(row[name] or "") for name in by)
        found[_Of(row[_ID], row["BillingCurrency"])][key] = int(row["effective"] or 0)
    return found


def _dearest(costs: Mapping[tuple[str, ...], int]) -> tuple[str, ...]:
    return min(costs, key=lambda key: (-costs[key], key))
