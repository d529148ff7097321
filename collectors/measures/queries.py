"""A measure that Prometheus is asked for, as ``costwatch.yaml`` describes it."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Self

from pydantic import Field, model_validator

from collectors.measures.placeholders import check_ranges, filled
from collectors.measures.presets import preset
from collectors.measures.settings import MeasureSettings
from collectors.measures.tables import MEASURE_NAME
from collectors.prometheus import Match


class QueryMeasure(MeasureSettings):
    """One measure, in PromQL.

    query: what it is in an hour, asked for as of the hour's end; the day is the sum. ``$window`` stands for
    that hour (``increase(x_total[$window])``), ``$gauge_window`` for what sums of samples reach over
    (``sum_over_time(x[$gauge_window])``), ``$window_seconds`` for 3600. The labels of the answer are kept.
    preset: a ready-made one (``costwatch presets list``), which has name, unit and query; what is written
    beside it takes the place of its own. match: labels that all series must have, where the query says
    ``$match``. parameters: of the preset.
    """

    name: str = Field(default="", pattern=MEASURE_NAME)
    query: str = ""
    preset: str = ""
    match: Match = Field(default_factory=dict)
    parameters: Mapping[str, str] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _with_preset(cls, given: Any) -> Any:
        if not isinstance(given, dict) or not isinstance(name := given.get("preset"), str) or not name:
            return given
        known = preset(name)
        parameters = given.get("parameters", {})
        if isinstance(parameters, dict) and "query" not in given:
            parameters = {**known.parameters, **parameters}
        has = {"name": name, "unit": known.unit, "query": known.query}
        return {**has, **given, "parameters": parameters}

    @model_validator(mode="after")
    def _can_be_asked(self) -> Self:
        for key in ("name", "query"):
            if not getattr(self, key):
                raise ValueError(f"'{key}' is missing here; add it, or name a preset")
        check_ranges(self.promql)
        return self

    @cached_property
    def promql(self) -> str:
        """As it is asked."""
        return filled(self.query, self.match, self.parameters)
