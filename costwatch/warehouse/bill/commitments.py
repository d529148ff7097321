"""Reservations and savings plans, as the published bill tells of them."""

from typing import NamedTuple


class Commitment(NamedTuple):
    """One of them in a billing period, in one currency; a row of ``commitment`` without the period.

    starts_at, ends_at: as instants are stored; None: no export says so. source, service, team: that most of
    its cost is of; team '': no owner carries any. effective_nano: EffectiveCost of ``day_count`` days.
    """

    id: str
    kind: str
    starts_at: str | None
    ends_at: str | None
    source: str
    service: str
    team: str
    currency: str
    effective_nano: int
    day_count: int
