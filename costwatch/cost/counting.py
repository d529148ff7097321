"""What a budget counts of a cost: all of it, or all but some of credits, refunds and tax. Pure."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from costwatch.model import (
    BEFORE_CREDITS,
    CHARGE_KINDS,
    CHARGES,
    KINDS_BEFORE_CREDITS,
    Labels,
    Point,
    SeriesByLabels,
)
from costwatch.money import exact

EVERYTHING = ",".join(kind for kind in CHARGE_KINDS if kind != CHARGES)


def basis(metric: str, include: str = EVERYTHING) -> str:
    """What is counted, by name: ``EffectiveCost``, or ``EffectiveCost without tax``.

    include: those of credits, refunds and tax that count, with commas between.
    """
    left_out = _left_out(metric, include)
    *most, last = left_out or [""]
    return f"{metric} without {', '.join(most)}{' and ' if most else ''}{last}" if last else metric


def counted(
    ask: Callable[[str, tuple[str, ...]], SeriesByLabels], metric: str, include: str, by: tuple[str, ...]
) -> SeriesByLabels:
    """The series of ``metric`` by the labels ``by``, of all that counts. ask: a query by name and labels."""
    left_out = _left_out(metric, include)
    if not left_out:
        return ask(metric, by)
    found: dict[Labels, dict[object, Point]] = defaultdict(dict)
    for key, points in ask(metric, (*by, "charge_kind")).items():
        if dict(key)["charge_kind"] in left_out:
            continue
        mine = found[tuple(pair for pair in key if pair[0] != "charge_kind")]
        for point in points:
            so_far = mine.get(point.at)
            mine[point.at] = replace(point, value=point.value + so_far.value) if so_far else point
    return {key: tuple(sorted(of.values(), key=lambda point: point.at)) for key, of in found.items()}


def before_credits(amount: Decimal, credits: Decimal, currency: str) -> str:
    """``before credits $70.00 (credits and refunds -$70.00)``: what is said beside a net cost."""
    return f"before credits {exact(amount, currency)} (credits and refunds {exact(credits, currency)})"


def _left_out(metric: str, include: str) -> list[str]:
    held = KINDS_BEFORE_CREDITS if metric in BEFORE_CREDITS.values() else CHARGE_KINDS
    return [kind for kind in held if kind != CHARGES and kind not in include.split(",")]
