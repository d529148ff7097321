"""Items and days make a bill: two matrices of integer nano-dollars."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from costwatch.demo.aws import COMMITMENTS
from costwatch.demo.items import Item, commitment_items, monthly_items
from costwatch.money import NANO

CURRENCY = "USD"
GROWTH_A_YEAR = 0.12
LINE_NOISE, SERVICE_NOISE = 0.06, 0.05  # at most: of each line, and of a team's service as a whole

Matrix = NDArray[np.float64]  # dollars: a row for each day, a column for each item
NanoMatrix = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class DemoBill:
    """Every line of the history.

    billed, effective: nano-dollars, a row for each day from ``first`` on, a column for each item; a cell
    that is 0 in both is no line. invoiced_before: periods that ended by this day have an invoice.
    """

    first: date
    invoiced_before: date
    items: tuple[Item, ...]
    billed: NanoMatrix
    effective: NanoMatrix

    def row(self, day: date) -> int:
        """Where ``day`` lies in the matrices; beyond them for a day outside the history."""
        return (day - self.first).days

    def columns(self, owner: str, service: str | None = None) -> NDArray[np.bool_]:
        """The items that ``owner`` carries itself, of one service or of all."""
        return np.array(
            [
                item.owner == owner and not item.pool and service in (None, item.meter.service)
                for item in self.items
            ]
        )

    def effective_nano(self, owner: str, service: str | None, first: date, last: date) -> int:
        """EffectiveCost that ``owner`` carries itself from ``first`` through ``last``."""
        rows = self.effective[self.row(first) : self.row(last) + 1]
        return int(rows[:, self.columns(owner, service)].sum())


def next_month(day: date) -> date:
    """The first day of the month after ``day``'s."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def expected(items: Sequence[Item], days: Sequence[date], last: date) -> Matrix:
    """What the items usually cost on these days, for growth that ends on ``last``.

    Items under commitment do not grow: they were committed to because they stay; nor do nodes of clusters. An
    item costs nothing on the days on which it does not exist.
    """
    ordinals = np.array([day.toordinal() for day in days])[:, None]
    is_weekend = (ordinals - 1) % 7 >= 5  # day 1 of the calendar was a Monday
    growth = np.maximum(0.4, 1 - GROWTH_A_YEAR * (last.toordinal() - ordinals) / 365)
    usd = np.array([item.usd for item in items])
    weekend = np.array([item.weekend for item in items])
    flat = np.array([item.covered or item.nodegroup != "" for item in items])
    since = np.array([(item.since or date.min).toordinal() for item in items])
    until = np.array([(item.until or date.max).toordinal() for item in items])
    exists = (ordinals >= since) & (ordinals < until)
    usual: Matrix = usd * exists * np.where(is_weekend, weekend, 1.0) * np.where(flat, 1.0, growth)
    return usual


def noise(items: Sequence[Item], days: int, random: np.random.Generator) -> Matrix:
    """A factor near 1 for each line, bounded, so that chance never tells a story of its own.

    Reserved instances cost the same every hour, and so do nodes of clusters, which run around the clock.
    """
    reserved = [item.commitment is not None and item.commitment.category == "Usage" for item in items]
    steady = np.array(reserved) | np.array([item.nodegroup != "" for item in items])
    services = {(item.owner, item.meter.service): number for number, item in enumerate(items)}
    service = [services[item.owner, item.meter.service] for item in items]
    lines = LINE_NOISE * random.triangular(-1, 0, 1, (days, len(items)))
    days_of_services = SERVICE_NOISE * random.triangular(-1, 0, 1, (days, len(items)))[:, service]
    factor: Matrix = 1 + (lines + days_of_services) * ~steady
    return factor


def bill(first: date, invoiced_before: date, metered: Sequence[Item], cost: Matrix) -> DemoBill:
    """The bill of metered items that cost ``cost``, with commitments, support and tax."""
    days = [first + timedelta(days=number) for number in range(len(cost))]
    covered = np.array([item.covered for item in metered])
    items, effective = list(metered), [_nano(cost)]
    billed = [np.where(covered, 0, effective[0])]
    for commitment in COMMITMENTS.values():
        columns = np.array([item.covered and item.commitment is commitment for item in metered])
        lasting = [item for item in metered if item.commitment is commitment and item.until is None]
        committed = commitment.level * sum(item.usd for item in lasting)
        total = cost[:, columns].sum(axis=1, keepdims=True)
        # What is used beyond the commitment is on the bill as other, uncovered items.
        used = _nano(cost[:, columns] * np.minimum(1, committed / total))
        effective[0][:, columns] = used
        rest = _nano(np.array(committed)) - used.sum(axis=1, keepdims=True)
        unused = np.where(rest < NANO // 100, 0, rest)
        upfront = [day.day == 1 and day.month == commitment.upfront_month for day in days]
        payments = np.array(upfront) * 365 if commitment.upfront_month else np.ones(len(days))
        paid = _nano(committed * payments[:, None])
        items += commitment_items(commitment)
        billed += [paid, np.zeros_like(paid)]
        effective += [np.zeros_like(paid), unused]
    fees = monthly_items(metered)
    is_first = np.array([day.day == 1 for day in days])[:, None]
    amounts = _nano(is_first * np.array([fee.usd for fee in fees]))
    return DemoBill(
        first,
        invoiced_before,
        (*items, *fees),
        np.hstack([*billed, amounts]),
        np.hstack([*effective, amounts]),
    )


def _nano(usd: NDArray[np.float64]) -> NanoMatrix:
    return np.rint(usd * NANO).astype(np.int64)
