"""Answers as pandas DataFrames, for notebooks: ``costwatch.frame``."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any

from costwatch.answers.cost_answer import NANO, held_days
from costwatch.commands.context import Context
from costwatch.commands.cost_question import answer_of, conversion_of
from costwatch.commands.options import require_order
from costwatch.errors import UsageError
from costwatch.model import Window, dimension_column, is_dimension, midnight
from costwatch.money import nanos
from costwatch.plugins import fact_query, matching
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot

if TYPE_CHECKING:
    import pandas as pd

Path = str | PathLike[str]
_DAY = timedelta(days=1)
_UNITS = 10**9
_MOST = 2**63 - 1
_INSTANT = "datetime64[ns, UTC]"
_TYPES = {
    "day": "datetime64[ns]",
    "x_LineCount": "int64",
    "x_Converted": "bool",
    **dict.fromkeys(("at", "x_AsOf", "active_at", "fired_at", "resolved_at"), _INSTANT),
    **dict.fromkeys(("value", "threshold"), "float64"),
    "labels": "object",
}
_ALERT_COLUMNS = (
    *("fingerprint", "rule", "severity", "labels", "state", "value", "threshold", "unit", "summary"),
    *("runbook", "active_at", "fired_at", "resolved_at"),
)


def frame(
    question: str,
    *,
    by: str | Sequence[str] = (),
    where: Mapping[str, str | Collection[str]] | None = None,
    first: date | str | None = None,
    after: date | str | None = None,
    per_day: bool = False,
    as_of: datetime | str | None = None,
    converted: bool = False,
    config: Path | None = None,
    warehouse: Path | None = None,
    now: datetime | None = None,
) -> "pd.DataFrame":
    """The answer to ``question`` as a DataFrame: a row for each combination of the labels ``by``.

    question: ``cost``, which answers as ``costwatch cost show`` does; ``alerts``, those that fire, and with
    ``first`` those resolved since; or what rules can ask by name, such as ``EffectiveCostBeforeCredits``,
    ``budget`` or ``freshness`` (`costwatch plugins` lists them), a row for each point.
    where: label -> the value or values accepted; of what rules can ask, labels of ``by``.
    first, after: UTC days, ``after`` not included; left out, all that is held. per_day: of ``cost``, a row
    for each day. as_of: as it was known then, UTC unless it names a zone. converted: in one currency, at the
    rates of the configuration. config: ``costwatch.yaml``, found as the command finds it. warehouse: another
    one than it names. now: what ages are measured from, in place of the clock.

    Columns are FOCUS names, ours with ``x_``. A cost is there twice: ``EffectiveCost`` as float64 in units of
    ``BillingCurrency``, to draw and to look at, and ``EffectiveCostNano`` in integer nano-units (1e-9 of it),
    to add up and to compare: int64, or Python integers where one does not fit. Never add amounts of different
    currencies, nor BilledCost to EffectiveCost. ``day`` is datetime64, a UTC day; instants have the zone UTC.
    What is no money has ``value``, in the unit of what was asked. An answer of nothing has no row.

    Raises UsageError, ConfigError, WarehouseError: see ``costwatch.errors``.
    """
    context = Context(now or datetime.now(UTC))
    context.quiet = True
    context.config_name = None if config is None else fspath(config)
    context.warehouse_name = None if warehouse is None else fspath(warehouse)
    labels = (by,) if isinstance(by, str) else tuple(by)
    accepted = {name: (of,) if isinstance(of, str) else tuple(of) for name, of in (where or {}).items()}
    days, then = (_day(first), _day(after)), _instant(as_of)
    require_order(*days)
    if question == "cost":
        answer = answer_of(context, labels, *days, accepted, per_day=per_day, as_of=then, converted=converted)
        return _framed(answer.columns, map(_unamortised_as_text, answer.records()))
    with context.warehouse.read() as db:
        conversion = conversion_of(context) if converted else None
        facts = WarehouseSnapshot(db, context.now, as_of=then, conversion=conversion)
        if question == "alerts":
            return _alerts(facts, days[0])
        return _facts(facts, question, labels, accepted, *days)


def _alerts(facts: WarehouseSnapshot, first: date | None) -> "pd.DataFrame":
    from costwatch.answers.alerts import fired_since, firing
    from costwatch.commands.alerts_list import as_json_alert

    found = firing(facts) if first is None else fired_since(facts, midnight(first))
    return _framed(_ALERT_COLUMNS, map(as_json_alert, found))


def _facts(
    facts: WarehouseSnapshot,
    name: str,
    by: tuple[str, ...],
    where: Mapping[str, Collection[str]],
    first: date | None,
    after: date | None,
) -> "pd.DataFrame":
    """A row for each point of what rules can ask by that name."""
    try:
        query = fact_query(name, by, dimensions=facts.dimensions)
    except ValueError as error:
        raise UsageError(f"frame: {error}, or 'cost' or 'alerts'") from None
    if unasked := where.keys() - {*by, "currency"}:
        raise UsageError(f"frame: where names {', '.join(sorted(unasked))}; add it to 'by'")
    held = held_days(facts)
    window = Window.of_days(first or held[0], after or max(held[1], facts.now.date()) + _DAY)
    is_money, is_daily = query.unit == "currency", query.step % _DAY == timedelta()
    labels = tuple(dict.fromkeys((*by, "currency") if is_money else by))
    configured = facts.dimensions if query.by_dimensions else ()
    stamp, amount = "day" if is_daily else "at", f"{name}{NANO}" if is_money else "value"
    columns = (
        stamp,
        *(dimension_column(label) if is_dimension(label, configured) else label for label in labels),
        amount,
        "x_State",
    )
    rows = (
        (
            point.day if is_daily else point.at,
            *(dict(key)[label] for label in labels),
            nanos(point.value) if is_money else point.value,
            point.state,
        )
        for key, series in matching(facts.series(name, by, window), where).items()
        for point in series
    )
    return _framed(columns, (dict(zip(columns, row, strict=True)) for row in rows))


def _framed(columns: Sequence[str], records: Iterable[Mapping[str, Any]]) -> "pd.DataFrame":
    """Typed by the names of the columns; before integer nano-units stands what they are in units."""
    import pandas as pd

    rows, found = [*records], {}
    for name in columns:
        values = [row[name] for row in rows]
        if name.endswith(NANO):
            found[name.removesuffix(NANO)] = pd.Series([nano / _UNITS for nano in values], dtype="float64")
            fits = all(abs(nano) <= _MOST for nano in values)
            found[name] = pd.Series(values, dtype="int64" if fits else "object")
        else:
            found[name] = pd.Series(values, dtype=_TYPES.get(name, "str"))
    return pd.DataFrame(found)


def _unamortised_as_text(record: Mapping[str, Any]) -> Mapping[str, Any]:
    names = record.get("x_Unamortised")
    return record if names is None else {**record, "x_Unamortised": ", ".join(names)}


def _day(of: date | str | None) -> date | None:
    """A UTC day; of an instant, as pandas has them, that which holds it."""
    if isinstance(of, str):
        try:
            return date.fromisoformat(of)
        except ValueError:
            raise UsageError(f"frame: {of!r} is not a day; write it like 2026-11-01") from None
    return of.date() if isinstance(of, datetime) else of


def _instant(of: datetime | str | None) -> datetime | None:
    if of is None:
        return None
    try:
        at = datetime.fromisoformat(of) if isinstance(of, str) else of
    except ValueError:
        raise UsageError(f"frame: {of!r} is not a time; write it like 2026-11-01T06:00:00Z") from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
