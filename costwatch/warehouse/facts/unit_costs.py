"""What one unit costs, by day: the queries ``unit_cost`` and ``unit_volume``."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import partial

from costwatch.cost.settings import UnitCostSettings
from costwatch.cost.unit_cost import UnitDay, cost_label, unit_cost
from costwatch.model import (
    BEFORE_CREDITS,
    KINDS_BEFORE_CREDITS,
    Point,
    SeriesByLabels,
    State,
    Window,
    allocated_key,
    labels,
    midnight,
)
from costwatch.plugins import FactQuery, Reader
from costwatch.warehouse import queries
from costwatch.warehouse.facts.cost import stored_cost
from costwatch.warehouse.facts.measures import LABEL, TABLE, Key, Measured, measured
from costwatch.warehouse.history import table_as_of

_DAY = timedelta(days=1)
_ORDER = list(State)


def unit_costs(reader: Reader) -> list[UnitCostSettings]:
    """As configured when ``allocate`` last ran, by name."""
    sql = queries.filled("unit_costs", unit_cost=table_as_of("unit_cost", reader.as_of))
    found = [json.loads(row["settings"]) for row in reader.rows(sql)]
    # Which dimensions there are was known when they were configured.
    return [
        UnitCostSettings.model_validate(each, context={"dimensions": each.get("where", ())}) for each in found
    ]


def unit_days(
    reader: Reader, of: UnitCostSettings, by: Sequence[str], window: Window
) -> Mapping[Key, Mapping[date, UnitDay]]:
    """Cost and volume of each day that the bill holds, by the values of the labels ``by``, which are its own.

    A day of which neither is known is left out.
    """
    states = reader.states(*window.days)
    volumes = measured(reader, [f"{LABEL}:{name}" for name in by], window, of.volume).get(of.volume, {})
    found: dict[Key, dict[date, UnitDay]] = defaultdict(dict)
    costs = _costs(reader, of, by, window)
    for day, state in states.items():
        volume, cost = volumes.get(day), costs.get(day, {})
        known = _known(of, by, volume) if volume else {}
        settled = state if volume is None or volume.is_read else State.ESTIMATED
        for key in sorted({*cost, *(key for key, value in known.items() if value is not None)}):
            found[key][day] = UnitDay(cost.get(key), known.get(key), settled)
    return found


def _known(of: UnitCostSettings, by: Sequence[str], volume: Measured) -> Mapping[Key, Decimal | None]:
    """The volume of one day by what cost calls its groups; None where it was not measured for long enough."""
    keys = {key: tuple(map(_as_cost_says, by, key)) for key in volume.values}
    is_enough = volume.coverage >= of.min_coverage
    return {keys[key]: value if is_enough else None for key, value in volume.values.items()}


def _as_cost_says(name: str, value: str) -> str:
    """What has no label of a volume has no such key of AllocatedTags, either."""
    key = allocated_key(cost_label(name))
    return value or (f"no {key}" if key else "")


def _costs(
    reader: Reader, of: UnitCostSettings, by: Sequence[str], window: Window
) -> Mapping[date, Mapping[Key, Decimal]]:
    grouped, where = [cost_label(name) for name in by], of.slice
    metric = next((net for net, before in BEFORE_CREDITS.items() if before == of.metric), of.metric)
    if metric != of.metric:
        kinds = where.get("charge_kind", KINDS_BEFORE_CREDITS)
        where["charge_kind"] = tuple(kind for kind in kinds if kind in KINDS_BEFORE_CREDITS)
    rows = stored_cost(reader.rows, *window.days, grouped, where, True, reader.as_of, None)
    found: dict[date, dict[Key, Decimal]] = defaultdict(dict)
    for row in rows:
        if row.day is not None:  # asked per day, each has one
            found[row.day][tuple(row.labels[name] for name in grouped)] = row.amount(metric)
    return found


_Value = Callable[[UnitCostSettings, UnitDay], Decimal | None]


def _ask(value: _Value, reader: Reader, by: tuple[str, ...], window: Window) -> SeriesByLabels:
    """Nothing of unit costs that lack a label asked for; nor where costs are converted, as of budgets."""
    if reader.conversion:
        return {}
    names = [label.removeprefix(f"{LABEL}:") for label in by if label.startswith(f"{LABEL}:")]
    return {
        labels(unit_cost=of.name, unit=of.unit, **more): points
        for of in unit_costs(reader)
        if {*names} <= {*of.by}
        for more, points in _series(value, of, names, unit_days(reader, of, names, window))
    }


def _series(
    value: _Value, of: UnitCostSettings, names: Sequence[str], days: Mapping[Key, Mapping[date, UnitDay]]
) -> Iterator[tuple[dict[str, str], tuple[Point, ...]]]:
    currency = {"currency": of.currency} if value is _cost_of_unit else {}
    for key, its_days in days.items():
        points = tuple(
            Point(midnight(day), found, one.state)
            for day, one in its_days.items()
            if one.is_known and (found := value(of, one)) is not None
        )
        if points:
            yield currency | {f"{LABEL}:{name}": told for name, told in zip(names, key, strict=True)}, points


def _cost_of_unit(of: UnitCostSettings, day: UnitDay) -> Decimal | None:
    return unit_cost(day.cost, day.volume, of.per)


def _units(of: UnitCostSettings, day: UnitDay) -> Decimal | None:
    return None if day.volume is None else round(day.volume / of.per, 12)


def _query(name: str, unit: str, value: _Value, summary: str) -> FactQuery:
    return FactQuery(
        name=name,
        labels=("unit_cost", "unit"),
        keyed=(LABEL,),
        unit=unit,
        step=_DAY,
        page="costs?mode=per+unit",
        ask=partial(_ask, value),
        summary=summary,
        tables=(TABLE,),
    )


UNIT_COST = _query(
    "unit_cost",
    "currency",
    _cost_of_unit,
    "What one unit costs a day, always by unit_cost and unit; no point on days of which it is unknown.",
)
UNIT_VOLUME = _query(
    "unit_volume",
    "units",
    _units,
    "How many units that is the cost of: the volume of each unit cost, divided by what it is told per.",
)
