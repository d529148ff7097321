"""Whether a billing period has to be allocated, and by which loads and settings."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from costwatch.allocation.settings import Allocation
from costwatch.errors import CostwatchError
from costwatch.model import Load, Window, midnight
from costwatch.warehouse.bill.publish import PublishedPeriod

# Part of every inputs key: raised when the same inputs would give other numbers than before.
TRANSFORM_VERSION = 2


@dataclass(frozen=True, slots=True)
class Plan:
    """One billing period to be published anew."""

    period: date
    period_end: date
    loads: tuple[Load, ...]
    allocation: Allocation
    config: str
    inputs_key: str


def plan_of(
    period: date,
    loads: Sequence[Load],
    known: PublishedPeriod | None,
    allocation: Allocation,
    now: datetime,
    window: Window | None,
) -> Plan | None:
    """What to compute of a period; None if it is as it should be.

    A period of which no source of the bill holds anything any more is published empty.
    """
    period_end = max([load.period_end for load in loads] or [known.period_end if known else period])
    asked = window is not None and window.overlaps(Window(midnight(period), midnight(period_end)))
    closed = now >= midnight(period_end) + timedelta(days=allocation.settle.close_after_days)
    if known is not None and closed and not asked:
        # What was once invoiced moves only with the invoice: same loads stay, a new one is allocated
        # by the teams and pools of then.
        if {load.id for load in loads} <= set(known.loads):
            return None
        allocation = allocation.model_copy(update=_as_then(period, known.config))
    config = allocation.model_dump_json(
        include={"teams", "pools"}, exclude={"teams": {"__all__": {"contact"}}}, exclude_defaults=True
    )
    inputs = {
        "loads": [[load.source, load.digest] for load in loads],
        "config": json.loads(config),
        "transform": TRANSFORM_VERSION,
    }
    key = hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()
    if known is not None and known.inputs_key == key and not asked:
        return None
    return Plan(period, period_end, tuple(loads), allocation, config, key)


def _as_then(period: date, config: str) -> dict[str, Any]:
    """The teams and pools by which a period was published."""
    try:
        then = Allocation.model_validate_json(config)
    except ValueError:
        raise CostwatchError(
            f"period {period}: was allocated by settings that this costwatch does not know; "
            f"allocate it by today's: costwatch allocate --from {period}"
        ) from None
    return {"teams": then.teams, "pools": then.pools}
