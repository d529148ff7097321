"""How a shared pool is split over the teams, by the weights of its split: the expressions."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from costwatch.ledger.engines.duckdb import small_table
from costwatch.ledger.nano import carried_over, digits_of, digits_of_quantity, quotient, split
from costwatch.model import UNMEASURED, Window
from costwatch.money import NANO
from costwatch.plugins import Over
from costwatch.proof.priced import PRICED
from costwatch.warehouse.encoding import to_int

COST_NANOS = ("BilledCostNano", "EffectiveCostNano")
TAGS = "tags"  # the number of a part's AllocatedTags, 0 where it has none
SUMMED = (*COST_NANOS, "line_count")
# What explains a cost is null where it is unknown. ``nano.counted`` says why a quantity has two parts.
QUANTITY = PRICED[:2]
CARRIED = (*SUMMED, *PRICED)
_SPLIT = (*COST_NANOS, "ContractedCostNano", "PricingQuantity")
# The ChargeFrequency of fees, which some bills put under Usage, and not always spell alike.
_FEES = ("one-time", "recurring")
_PERIOD = ("period_first", "period_last")
_NO_TAGS = ibis.literal(0, "int64")


def summed(table: ir.Table, keys: Sequence[str], columns: Sequence[str] = SUMMED) -> ir.Table:
    """The sums of some columns of ``table``, by ``keys``: both costs and the lines, if not told otherwise."""
    return table.group_by(keys).agg(**{column: table[column].sum() for column in columns})


def with_unit(facts: ir.Table) -> dict[str, ir.IntegerValue]:
    """The quantities of those that have a PricingUnit: who knows what another one counts?"""
    known = facts.PricingUnit != ""
    return {name: ibis.ifelse(known, facts[name], ibis.null("int64")) for name in QUANTITY}


def normalised(facts: ir.Table) -> ir.Table:
    """The same with quantities whose rest is less than a unit."""
    quantity = carried_over(*(facts[column] for column in QUANTITY))
    return facts.mutate(**dict(zip(QUANTITY, quantity, strict=True)))


def priced(lines: ir.Table) -> ir.Table:
    """``PRICED`` by PricingUnit and BillingCurrency. A sum of a whole bill may be of more than 64 bits."""
    sums = {column: lines[column].sum().cast("decimal(38, 0)") for column in PRICED}
    return lines.group_by("PricingUnit", "BillingCurrency").agg(**sums)


def day_lines(facts: ir.Table) -> ir.Table:
    """By source and day its lines, and of these those that the source estimates."""
    estimated = ibis.ifelse(facts.x_Estimated, facts.line_count, 0).sum()
    return facts.group_by("source", "day").agg(lines=facts.line_count.sum(), estimated=estimated)


def is_monthly(lines: ir.Table) -> ir.BooleanValue:
    """Whether charges are weighed over their billing period where the pool does not say: all but usage.

    On which days a tax or a fee is dated says when it was billed, and a correction what it is of.
    """
    return (
        (lines.ChargeCategory != "Usage")
        | (lines.ChargeClass == "Correction")
        | lines.ServiceName.lower().contains("support")
        | lines.ChargeFrequency.lower().isin(_FEES)
    )


def billing_period(con: Any, period: Window) -> ir.Table:
    """The days of a billing period as a table of one row, which the expressions of all periods read."""
    first, after = period.days
    days = to_int(first), to_int(max(first, after - timedelta(days=1)))
    return small_table(con, "billing_period", [days], dict.fromkeys(_PERIOD, pa.int64()))


def numbered(
    amounts: ir.Table, kinds: ir.Table, over: Over | None, period: ir.Table, keys: Sequence[str]
) -> ir.Table:
    """``amounts`` of one pool, each with a number, ``row``, and what it is weighed by.

    That is ``first`` and ``last``, the days that ``plugins.SplitSettings`` means by ``over``, its currency,
    and ``keys``.
    """
    located = amounts.join(kinds.select("kind", "BillingCurrency", "is_monthly", *keys), "kind")
    located = located.cross_join(period)
    is_monthly = ibis.literal(over == "month") if over else located.is_monthly
    last = located.day if over == "day" else located.until
    weighed = located.select(
        *("kind", "day", TAGS, *CARRIED, "BillingCurrency", *keys),
        first=ibis.ifelse(is_monthly, located.period_first, located.day),
        last=ibis.ifelse(is_monthly, located.period_last, last),
    )
    return weighed.mutate(row=ibis.row_number())


def spans_of(amounts: ir.Table, keys: Sequence[str]) -> ir.Table:
    """What is weighed alike: ``first``, ``last``, ``BillingCurrency``, ``keys`` and a number, ``span``."""
    known = ("first", "last", "BillingCurrency", *keys)
    spans = amounts.select(*known).distinct()
    window = ibis.window(order_by=[spans[column] for column in known])
    return spans.mutate(span=ibis.row_number().over(window))


def shared(amounts: ir.Table, spans: ir.Table, weights: ir.Table) -> ir.Table:
    """The charges of one shared pool, split: ``row``, ``team``, ``tags`` and ``CARRIED``.

    amounts: as ``numbered`` has them; ``line_count`` stays whole, at the first team by name. weights: as
    ``weighing.weigh`` gives them, their tags as numbers. A charge whose span has none is ``unmeasured``.
    """
    located = amounts.join(spans, [column for column in spans.columns if column != "span"])
    # All amounts of a charge are split in one go, each a row; what is unknown is none.
    money = ibis.union(
        *(
            located.filter(located[column].notnull()).select(
                "span", row=located.row * len(_SPLIT) + number, **digits_of(located[column])
            )
            for number, column in enumerate(_SPLIT[:-1])
        ),
        distinct=False,
    )
    quantities = located.filter(located.PricingQuantityWhole.notnull()).select(
        "span",
        row=located.row * len(_SPLIT) + len(_SPLIT) - 1,
        **digits_of_quantity(*(located[column] for column in QUANTITY)),
    )
    parts = split(money, weights).union(split(quantities, weights), distinct=False)
    parts = _of_charges(parts.mutate(of=parts.row % len(_SPLIT), row=quotient(parts.row, len(_SPLIT))))
    by_name = ibis.window(group_by=parts.row, order_by=[parts.team, parts[TAGS]])
    first = ibis.row_number().over(by_name) == 0
    counted = parts.mutate(first=first).join(amounts.select("row", lines="line_count"), "row")
    counted = counted.mutate(line_count=ibis.ifelse(counted.first, counted.lines, 0).cast("int64"))
    unweighted = located.anti_join(weights, "span").mutate(team=ibis.literal(UNMEASURED), tags=_NO_TAGS)
    columns = ("row", "team", TAGS, *CARRIED)
    return counted.select(*columns).union(unweighted.select(*columns), distinct=False)


def _of_charges(parts: ir.Table) -> ir.Table:
    """Parts, ``of`` which amount each is, as one row for each charge, team and tags."""

    def sum_of(number: int, value: ir.IntegerValue) -> ir.IntegerValue:
        return ibis.ifelse(parts["of"] == number, value, ibis.null("int64")).sum().cast("int64")

    nanos = parts.whole * NANO + parts.rest
    *costs, quantity = range(len(_SPLIT))
    sums = {_SPLIT[number]: sum_of(number, nanos) for number in costs}
    return parts.group_by("row", "team", TAGS).agg(
        **sums,
        **{
            name: sum_of(quantity, parts[part])
            for name, part in zip(QUANTITY, ("whole", "rest"), strict=True)
        },
    )
