"""What an hour of a core, of a GiB and of a GPU costs in a cluster. Pure."""

from dataclasses import dataclass
from decimal import Decimal

# Prices of a GPU, a vCPU and a GiB of memory, relative to each other. Source: AWS split cost allocation data,
# https://docs.aws.amazon.com/cur/latest/userguide/split-cost-allocation-data.html
_GPU, _CORE, _GIB = Decimal(9), Decimal("0.9"), Decimal("0.1")


@dataclass(frozen=True, slots=True)
class HourlyRates:
    """What an hour costs, in units of ``currency``."""

    core_hour: Decimal
    gib_hour: Decimal
    gpu_hour: Decimal
    currency: str


def rates_of(
    cost: Decimal, currency: str, *, core_hours: Decimal, gib_hours: Decimal, gpu_hours: Decimal = Decimal()
) -> HourlyRates | None:
    """The rates at which nodes of that many hours come to ``cost``; None where they had no hour.

    Prices stand as GPU : vCPU : GiB = 9 : 0.9 : 0.1 (without a GPU this is 9 : 1), scaled to the whole: what
    is idle is paid by what can be used.
    """
    weight = _GPU * gpu_hours + _CORE * core_hours + _GIB * gib_hours
    if weight <= 0:
        return None
    scale = cost / weight
    return HourlyRates(_CORE * scale, _GIB * scale, _GPU * scale, currency)
