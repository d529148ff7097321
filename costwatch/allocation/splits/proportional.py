"""Split ``proportional``: by what teams carry already."""

from typing import TYPE_CHECKING, Literal

from costwatch.model import RESIDUALS
from costwatch.plugins import SplitSettings

if TYPE_CHECKING:
    import ibis.expr.types as ir


class ProportionalPool(SplitSettings):
    """Shared by what each team already carries (EffectiveCost) of the pools above it and of owners."""

    split: Literal["proportional"]


def proportional(spans: "ir.Table", carried: "ir.Table") -> "ir.Table":
    """``span``, ``team``, ``weight``: what each team carries within each span, of each currency apart."""
    import ibis

    from costwatch.ledger.nano import WEIGHT_SUM

    direct = carried.filter(~carried.team.isin(RESIDUALS))
    located = spans.join(
        direct,
        [
            spans.BillingCurrency == direct.BillingCurrency,
            direct.day >= spans.day,
            direct.day <= spans.until,
        ],
    )
    sums = located.group_by("span", "team").agg(carried=located.EffectiveCostNano.sum().cast("float64"))
    sums = sums.filter(sums.carried > 0)
    # Scaled by the largest, which no order of summing can change.
    window = ibis.window(group_by=sums.span)
    scale = (WEIGHT_SUM / sums.count().over(window)).floor() / sums.carried.max().over(window)
    weighted = sums.mutate(weight=(sums.carried * scale).floor().cast("int64"))
    return weighted.filter(weighted.weight > 0).select("span", "team", "weight")
