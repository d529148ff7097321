"""What both versions of OpenSLO say alike: windows of time, budgeting methods, thresholds, queries.

Source: https://github.com/OpenSLO/OpenSLO
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from costwatch.config.slos.fields import Labels, Metadata, Resource, grouping, weighed
from costwatch.config.tree import Mistakes, Place, Tree
from costwatch.plugins import Settings
from costwatch.slo.objectives import BUCKET, PROMETHEUS, Form, Indicator, Method, Objective, Period, Query
from costwatch.slo.promql import counted, counter_query, is_selector, query_of

_SHORTHAND = re.compile(r"(\d{1,5})([mhdwMQY])")
_LENGTHS = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
    "M": timedelta(days=30),
    "Q": timedelta(days=90),
    "Y": timedelta(days=365),
}
_MONTHS = {"M": 1, "Q": 3, "Y": 12}
_OPERATORS = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
_COUNTERS = ("_total", "_count", "_bucket")
Op = Literal["lt", "lte", "gt", "gte"]


def _one_text(value: Any) -> Any:
    """A label of several values, as OpenSLO allows, as one text."""
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ",".join(value)
    return value


class OpenSloMetadata(Metadata):
    """Of a document."""

    model_config = ConfigDict(extra="forbid")

    display_name: str = Field(default="", alias="displayName")
    labels: Mapping[str, Annotated[str, BeforeValidator(_one_text)]] = Field(default_factory=dict)


class Document(Resource):
    """What every document has."""

    metadata: OpenSloMetadata


class Calendar(Settings):
    """When windows begin."""

    start_time: str = Field(alias="startTime")
    time_zone: str = Field(alias="timeZone")

    @model_validator(mode="after")
    def _is_known(self) -> Self:
        try:
            if datetime.fromisoformat(self.start_time).tzinfo:
                raise ValueError
        except ValueError:
            raise ValueError(
                "startTime must be a time without a zone; write it like 2026-01-01 00:00:00"
            ) from None
        try:
            ZoneInfo(self.time_zone)
        except (KeyError, ValueError, OSError):
            raise ValueError("timeZone must be a name of the IANA database, such as Europe/Berlin") from None
        return self


class Objectives(Settings):
    """What an objective says besides its target."""

    display_name: str = Field(default="", alias="displayName")
    op: Op | None = None
    value: Decimal | None = None
    time_slice_target: Annotated[Decimal, Field(gt=0, le=1)] | None = Field(
        default=None, alias="timeSliceTarget"
    )
    time_slice_window: str | None = Field(default=None, alias="timeSliceWindow")

    @model_validator(mode="after")
    def _is_on_the_grid(self) -> Self:
        seconds = self.slice_seconds
        whole = int(BUCKET.total_seconds())
        if seconds and (whole % seconds if seconds < whole else seconds % whole or 86400 % seconds):
            raise ValueError(
                "timeSliceWindow must be a part of five minutes, or whole ones that fill a day; "
                "write 1m, 5m or 1h"
            )
        return self

    @property
    def slice_seconds(self) -> int:
        """0 where there are none. A number alone is of minutes."""
        text = self.time_slice_window
        if text is None:
            return 0
        if text.isdecimal() and int(text):
            return int(text) * 60
        span = _SHORTHAND.fullmatch(text)
        if not span or span[2] not in "mhd" or not int(span[1]):
            raise ValueError("timeSliceWindow must be minutes, or a duration such as 1m or 1h")
        return int(int(span[1]) * _LENGTHS[span[2]].total_seconds())


def period_of(
    duration: str, is_rolling: bool | None, calendar: Calendar | None
) -> tuple[Period, tuple[str, ...]]:
    """A time window, and what is to be said of it. Raises ValueError."""
    if not (match := _SHORTHAND.fullmatch(duration)) or not int(match[1]):
        raise ValueError("duration must be one such as 30d, 4w, 1M or 1Q")
    count, unit = int(match[1]), match[2]
    length, notes = count * _LENGTHS[unit], []
    rolling = is_rolling if is_rolling is not None else calendar is None
    if rolling:
        if calendar:
            raise ValueError("calendar is of windows that do not roll; remove it, or write isRolling: false")
        if unit in _MONTHS:
            notes.append(f"a rolling {duration} is {length.days} days")
        if length < timedelta(hours=1):
            raise ValueError("duration must be an hour or longer; m is minutes, M months")
        return Period(length), tuple(notes)
    if calendar is None:
        raise ValueError("isRolling is false, and 'calendar' is missing; add it with startTime and timeZone")
    if unit == "h":
        raise ValueError("duration of a calendar window must be days, weeks, months, quarters or years")
    if unit == "m":
        notes.append(f"{duration} would be minutes, and is read as months; write {count}M")
        unit, length = "M", count * _LENGTHS["M"]
    anchor = datetime.fromisoformat(calendar.start_time)
    return Period(length, count * _MONTHS.get(unit, 0), anchor, calendar.time_zone), tuple(notes)


@dataclass(frozen=True, slots=True)
class KnownSli:
    """An SLI whose queries were read.

    is_threshold: whether values are held against an objective's; threshold: the query of them. What is not
    of Prometheus has no queries.
    """

    indicator: Indicator = field(default_factory=Indicator)
    is_threshold: bool = False
    threshold: str = ""
    metric_source: str = PROMETHEUS
    notes: tuple[str, ...] = ()


def asked(text: str, counter: bool | None) -> tuple[Query, tuple[str, ...]]:
    """A side of a ratio, as ``counter`` says how its series behave. Raises ValueError."""
    if ".window" in text and "{{" in text:
        return query_of(text), ()
    if counter:
        if (query := counter_query(text)) is not None:
            return query, ()
    elif is_selector(text):
        if text.partition("{")[0].strip().endswith(_COUNTERS):
            raise ValueError("is a counter by its name; write 'counter: true', or a query with {{.window}}")
        return counted(text.strip(), function="sum_over_time"), ()
    note = "a query without {{.window}} is asked as it is, every five minutes"
    return query_of(text, needs_window=False), (note,)


def ratio_of(text: str, is_success: bool) -> Indicator:
    """An indicator that is a ratio already. Raises ValueError."""
    query = query_of(text, needs_window=".window" in text)
    promql = f"1 - ({query.promql})" if is_success else query.promql
    return Indicator(bad=replace(query, promql=promql, form=Form.RATIO, is_rate=False))


def threshold_query(text: str) -> str:
    """A query of values, to be sampled each minute. Raises ValueError."""
    if ".window" in text:
        raise ValueError(
            "is looked at each minute, so that {{.window}} says nothing; write a range such as [5m]"
        )
    query_of(text, needs_window=False)
    return text.strip()


def finished(
    objective: Objective,
    sli: KnownSli,
    method: Method,
    said: Objectives,
    tree: Tree,
    place: Place,
    mistakes: Mistakes,
) -> Objective | None:
    """With its indicator; None where the two do not fit, which is noted."""
    try:
        known = _budgeted(objective, sli, method, said)
    except ValueError as error:
        first = str(error).split(" ", 1)[0].strip("'")
        mistakes.add(tree.line((*place, first)), str(error))
        return None
    if not known.is_asked:
        return known
    notes = (*known.notes, *weighed(known.indicator))
    return replace(known, grouping=grouping(known.indicator), notes=notes)


def _budgeted(objective: Objective, sli: KnownSli, method: Method, said: Objectives) -> Objective:
    """With its indicator, and with its slices. Raises ValueError, which begins with the key that is wrong."""
    indicator, notes = sli.indicator, [*objective.notes, *sli.notes]
    slice_target = said.time_slice_target
    if sli.is_threshold:
        if not said.op or said.value is None:
            raise ValueError("'op' and 'value' are needed of a thresholdMetric; add them")
        if sli.threshold:
            indicator = _within(sli.threshold, _OPERATORS[said.op], said.value)
        slice_target = slice_target or Decimal(1)
        if method is Method.OCCURRENCES:
            notes.append("a thresholdMetric has no events: the values of each minute are counted instead")
    elif said.op in ("lt", "lte"):
        raise ValueError("op says that less is good, and a ratio is of what is good; remove it")
    elif said.value is not None:
        notes.append("'value' says nothing of a ratio, and is not used")
    if method is Method.OCCURRENCES:
        return replace(objective, indicator=indicator, method=method, notes=tuple(notes))
    if not said.slice_seconds:
        raise ValueError(f"'timeSliceWindow' is missing here, which {method} need; add it, such as 1m")
    if method is Method.TIMESLICES and slice_target is None:
        raise ValueError(f"'timeSliceTarget' is missing here, which {method} need; add it, such as 0.99")
    return replace(
        objective,
        indicator=indicator,
        method=method,
        slice_seconds=said.slice_seconds,
        slice_target=slice_target if method is Method.TIMESLICES and slice_target else Decimal(),
        notes=tuple(notes),
    )


def apart(labels: Labels, said: tuple[Objectives, ...], index: int) -> dict[str, str]:
    """What tells one of several objectives of a document from the others."""
    if len(said) == 1:
        return dict(labels)
    names = [each.display_name for each in said]
    own = names[index] if names[index] and names.count(names[index]) == 1 else str(index + 1)
    return {**labels, "objective": own}


def _within(threshold: str, operator: str, value: Decimal) -> Indicator:
    samples = "[{{.window}}:1m]"
    good = f"sum_over_time((({threshold}) {operator} bool {value:f}){samples})"
    return Indicator(total=query_of(f"count_over_time(({threshold}){samples})"), good=query_of(good))
