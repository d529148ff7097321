"""What every model read from a file is, and how durations are written there."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


class Settings(BaseModel):
    """What every model read from a file is: frozen, and without unknown keys."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, allow_inf_nan=False, defer_build=True
    )


_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}
_LONGEST = 100  # characters of a duration
_DURATION = re.compile(r"(?:\d{1,12}(?:ms|[smhdwy]))+")


def parse_duration(text: object) -> timedelta:
    """A Prometheus duration: ``15m``, ``1h30m``, ``2d``, ``0s``.

    Raises ValueError. Source: https://prometheus.io/docs/prometheus/latest/configuration/configuration/
    """
    if isinstance(text, timedelta):
        return text
    if text in ("0", 0) and not isinstance(text, bool):
        return timedelta()
    if not isinstance(text, str) or len(text) > _LONGEST or not _DURATION.fullmatch(text):
        raise ValueError("must be a duration such as 15m, 2h or 1d")
    parts = re.findall(r"(\d+)(ms|[smhdwy])", text)
    seconds = sum(int(number) * _UNITS[unit] for number, unit in parts)
    if seconds > 100 * _UNITS["y"]:
        raise ValueError("must be a duration of at most 100y")
    return timedelta(seconds=seconds)


def duration_text(of: timedelta) -> str:
    """The reverse, in the largest unit that it is whole of: ``5m``, ``90m``, ``3d``, ``745h``."""
    seconds = round(of.total_seconds())
    unit = next(unit for unit in ("d", "h", "m", "s") if seconds % _UNITS[unit] == 0)
    return f"{seconds // round(_UNITS[unit])}{unit}"


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    Field(json_schema_extra={"type": "string", "format": "duration", "examples": ["15m", "1d"]}),
]
