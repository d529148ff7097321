"""How service level objectives stand now: the queries ``slo_…``; and their events by hour: ``sli_…``."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import NamedTuple, cast
from weakref import WeakKeyDictionary

from costwatch.model import Labels, Point, SeriesByLabels, State, Window, labels
from costwatch.plugins import FactQuery, Reader, Snapshot, duration_text, tags_text
from costwatch.slo.burn import exhaustion
from costwatch.slo.drivers import error_ratio
from costwatch.slo.objectives import Form, Objective
from costwatch.slo.standing import SloState
from costwatch.warehouse import queries
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.warehouse.slo.definitions import instances, objectives
from costwatch.warehouse.slo.standings import standings

_HOUR = timedelta(hours=1)
_STEP = timedelta(minutes=5)
_OF = ("slo", "service", "team", "system")
_INSTANCE = "instance"  # all labels of an instance, in one text
_LABEL = "label"

_asked: "WeakKeyDictionary[Reader, list[SloState]]" = WeakKeyDictionary()


def slo_states(reader: Reader) -> list[SloState]:
    """Every instance of every objective, read once for all queries of a snapshot."""
    if reader not in _asked:
        db = cast(WarehouseSnapshot, reader).db
        _asked[reader] = standings(db, reader.now, as_it_was=reader.as_of is not None)
    return _asked[reader]


class _Told(NamedTuple):
    value: float | Decimal | None
    more: Mapping[str, str] = {}


_Values = Callable[[SloState], Iterable[_Told]]


def _ask_now(values: _Values, reader: Reader, by: tuple[str, ...], window: Window) -> SeriesByLabels:
    """One point for each, at the five minutes that now lies in; what is not known has none."""
    step = int(_STEP.total_seconds())
    at = datetime.fromtimestamp(int(reader.now.timestamp()) // step * step, UTC)
    if not window.start <= at < window.end:
        return {}
    keyed = [name for name in by if name.startswith(f"{_LABEL}:")]
    return {
        labels(**_labels_of(state.objective, state.labels, keyed), **told.more): (
            Point(at, told.value if isinstance(told.value, Decimal) else _exact(told.value), State.ESTIMATED),
        )
        for state in slo_states(reader)
        for told in values(state)
        if told.value is not None
    }


def _labels_of(objective: Objective, instance: Labels, keyed: Iterable[str]) -> dict[str, str]:
    of, told = objective, dict(instance)
    known = {"slo": of.id, "service": of.service, "team": of.team, "system": of.system}
    more = {name: told.get(name.removeprefix(f"{_LABEL}:"), "") for name in keyed}
    return {**known, _INSTANCE: tags_text(told), **more}


def _exact(value: float) -> Decimal:
    """To 12 significant digits: more are the noise of sums, not what was counted."""
    return Decimal(f"{value:.12g}")


def _burn(state: SloState) -> Iterator[_Told]:
    for length, burn in state.burns.items():
        yield _Told(burn.rate, {"window": duration_text(length)})


def _events(state: SloState) -> Iterator[_Told]:
    for length, burn in state.burns.items():
        yield _Told(burn.total if burn.known_seconds else None, {"window": duration_text(length)})


def _hours_left(state: SloState) -> Iterator[_Told]:
    for length, burn in state.burns.items():
        lasts = exhaustion(state.budget, burn.rate)
        yield _Told(None if lasts is None else lasts / _HOUR, {"window": duration_text(length)})


def _age(state: SloState) -> Iterator[_Told]:
    if state.newest is not None and not state.is_gone:
        yield _Told(max(0.0, (state.now - state.newest) / _HOUR))


def _unit(objective: Objective) -> str:
    is_sampled = objective.unit == "events" and objective.indicator.form is Form.GAUGE
    return "samples" if is_sampled else objective.unit


def _objective(state: SloState) -> Iterator[_Told]:
    of = state.objective
    wanted = {"page": of.page, "ticket": of.ticket}
    yield _Told(
        of.target,
        {
            "unit": _unit(of),
            "period": duration_text(timedelta(seconds=state.budget.period_seconds)),
            "alerts": ",".join(name for name, is_on in wanted.items() if is_on),
            "promql": error_ratio(of.indicator),
        },
    )


def _ask_hours(is_bad: bool, reader: Reader, by: tuple[str, ...], window: Window) -> SeriesByLabels:
    """By hour, always by ``slo``, since what objectives count is not of one kind."""
    db = cast(WarehouseSnapshot, reader).db
    first, after = (-(-int(edge.timestamp()) // 3600) * 3600 for edge in (window.start, window.end))
    known = {one.id: one for one in objectives(db)}
    keyed = [name for name in by if name.startswith(f"{_LABEL}:")]
    of_instance = {
        one.id: labels(
            **{
                name: value
                for name, value in _labels_of(known[one.slo], one.labels, keyed).items()
                if name in (*by, "slo")
            }
        )
        for one in instances(db)
        if one.slo in known
    }
    found: dict[Labels, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    for row in reader.rows(queries.text("sli_hours"), {"first": first, "after": after}):
        if key := of_instance.get(row["instance"]):
            found[key][row["hour"]] += row["total"] - row["good"] if is_bad else row["total"]
    return {key: tuple(_points(hours, reader.now)) for key, hours in found.items()}


def _points(hours: Mapping[int, float], now: datetime) -> Iterator[Point]:
    for hour in sorted(hours):
        at = datetime.fromtimestamp(hour, UTC)
        yield Point(at, _exact(hours[hour]), State.SETTLED if at + _HOUR <= now else State.ESTIMATED)


def _through(facts: Snapshot) -> datetime | None:
    return max((state.newest for state in slo_states(cast(Reader, facts)) if state.newest), default=None)


def _query(
    name: str,
    unit: str,
    ask: Callable[[Reader, tuple[str, ...], Window], SeriesByLabels],
    summary: str,
    *more: str,
    step: timedelta = _STEP,
) -> FactQuery:
    return FactQuery(
        name=name,
        labels=(*_OF, _INSTANCE, *more),
        keyed=(_LABEL,),
        unit=unit,
        step=step,
        page="reliability",
        ask=ask,
        summary=summary,
        through=_through,
    )


def _now(name: str, unit: str, values: _Values, summary: str, *more: str) -> FactQuery:
    return _query(name, unit, partial(_ask_now, values), summary, *more)


SLO_OBJECTIVE = _now(
    "slo_objective",
    "ratio",
    _objective,
    "The target of each objective: one point, now; unit is what it counts, alerts what its file has on.",
    "unit",
    "period",
    "alerts",
    "promql",
)
BURN_RATE = _now(
    "slo_burn_rate",
    "burn",
    _burn,
    "How many times as fast as allowed errors come, over each window up to now; no point without events.",
    "window",
)
WINDOW_EVENTS = _now(
    "slo_window_events",
    "events",
    _events,
    "What happened in each window up to now, good or bad; 0 is known, and no point is not.",
    "window",
)
BUDGET_LEFT = _now(
    "slo_budget_left",
    "ratio",
    lambda state: [_Told(state.left)],
    "The share of the error budget of the current period that is left; below 0 where it is overspent.",
)
ERRORS_USED = _now(
    "slo_errors_used",
    "events",
    lambda state: [_Told(state.budget.bad if state.budget.is_known else None)],
    "How much went wrong in the current period.",
)
ERRORS_ALLOWED = _now(
    "slo_errors_allowed",
    "events",
    lambda state: [_Told(state.budget.allowed)],
    "How much may go wrong in the whole of the current period, by the traffic that is known.",
)
HOURS_LEFT = _now(
    "slo_hours_left",
    "hours",
    _hours_left,
    "How long the error budget lasts at the burn of each window; no point where it outlasts its period.",
    "window",
)
COVERAGE = _now(
    "slo_coverage",
    "ratio",
    lambda state: [_Told(state.coverage if state.instance else None)],
    "How much of the current period up to now is known.",
)
DATA_AGE = _now(
    "slo_data_age",
    "hours",
    _age,
    "How long ago the newest that is known of each instance ended; no point where its series are gone.",
)
BAD_EVENTS = _query(
    "sli_bad_events",
    "events",
    partial(_ask_hours, True),
    "What went wrong, by hour, always by slo; events, or slices or seconds where it counts those.",
    step=_HOUR,
)
TOTAL_EVENTS = _query(
    "sli_total_events",
    "events",
    partial(_ask_hours, False),
    "What happened, good or bad, by hour, always by slo.",
    step=_HOUR,
)
