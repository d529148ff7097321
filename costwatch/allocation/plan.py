"""Whether a billing period has to be allocated, and by which loads and settings."""

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from costwatch.allocation.measured import PoolInput, as_rows, inputs_of
from costwatch.allocation.settings import Allocation
from costwatch.errors import CostwatchError
from costwatch.model import CONFIGURED, Load, Window, midnight
from costwatch.plugins import Batches
from costwatch.warehouse.bill.publish import PublishedPeriod
from costwatch.wording import printable, shortened

# Part of every inputs key: raised when the same inputs would give other numbers than before.
TRANSFORM_VERSION = 4


@dataclass(frozen=True, slots=True)
class Plan:
    """One billing period to be published anew."""

    period: date
    period_end: date
    loads: tuple[Load, ...]
    allocation: Allocation
    config: str
    inputs: tuple[PoolInput, ...]
    inputs_key: str
    redelivered: tuple[str, ...]  # sources of which something new is published, where some is already


def plan_of(
    period: date,
    loads: Sequence[Load],
    known: PublishedPeriod | None,
    allocation: Allocation,
    now: datetime,
    window: Window | None,
    batches: Batches,
    held: Collection[str] = (),
) -> Plan | None:
    """What to compute of a period; None if it is as it should be.

    held: inputs keys of what is not to be published until someone accepts it.
    A period of which no source of the bill holds anything any more is published empty. One that no team
    carries anything of is never closed: nobody can have relied on it. Raises CostwatchError
    where the pools of then are not known any more, and for a split that breaks.
    """
    period_end = max([load.period_end for load in loads] or [known.period_end if known else period])
    asked = window is not None and window.overlaps(Window(midnight(period), midnight(period_end)))
    if known is not None and known.has_teams and is_closed(period_end, allocation, now) and not asked:
        # What was once invoiced moves only with the invoice: same loads stay, a new one is allocated
        # by the teams, pools and systems of then. Charges of the configuration wait like the rest of it.
        loads = [load for load in loads if load.source != CONFIGURED]
        if {load.id for load in loads} <= set(known.loads):
            return None
        loads += known.charges
        allocation = allocation.as_of(Allocation.as_published(period, known.config))
    config = allocation.published_json()
    inputs = inputs_of(allocation.pools, Window.of_days(period, period_end), batches)
    key = _key(loads, config, inputs)
    new = [
        load.source
        for load in loads
        if known is not None and load.id not in known.loads and load.source != CONFIGURED
    ]
    # The published bill that comes again after one that is held back is compared once more: all is well then.
    is_back = bool(held and new)
    if known is not None and not asked and (key in held or (key == known.inputs_key and not is_back)):
        return None
    return Plan(period, period_end, tuple(loads), allocation, config, inputs, key, tuple(new))


def is_closed(period_end: date, allocation: Allocation, now: datetime) -> bool:
    """Whether what was published of a period moves with the invoice only."""
    return now >= midnight(period_end) + timedelta(days=allocation.settle.close_after_days)


def _key(loads: Sequence[Load], config: str, inputs: Sequence[PoolInput]) -> str:
    """Equal for equal inputs; there is no more in it than pools depend on."""
    known = {
        "loads": [[load.source, load.digest] for load in loads],
        "config": json.loads(config),
        "transform": TRANSFORM_VERSION,
    }
    if inputs:
        known["inputs"] = as_rows(inputs)
    return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()


def refuse_shared_accounts(loads: Sequence[Load]) -> None:
    """Two sources with one billing account would count its charges twice. Raises CostwatchError for it."""
    owner: dict[str, str] = {}
    for load in loads:
        for account in load.accounts:
            if owner.setdefault(account, load.source) != load.source:
                raise CostwatchError(
                    f"period {load.period}: sources '{owner[account]}' and '{load.source}' both bill account "
                    f"{shortened(printable(account), 60)}; give one of them role: check"
                )
