"""Which lines of a bill bear what names their owner: their cost by day, before any of it is shared."""

from collections.abc import Callable, Sequence
from functools import reduce
from operator import and_

import ibis
import ibis.expr.types as ir

from costwatch.allocation import owners, pools
from costwatch.allocation.settings import Pool
from costwatch.model import NOT_ASKED, TAGGED, UNTAGGED

_OF_LINES = ("ProviderName", "SubAccountId", "BillingCurrency", "ChargeCategory", "ChargeClass")
_NAMES = ("team", *_OF_LINES, "tagging")
_NUMBER = "number"


def answers(
    step: Callable[[str, ir.Table], ir.Table],
    facts: ir.Table,
    kinds: ir.Table,
    whose: ir.Table,
    ordered: Sequence[Pool],
) -> dict[str, ir.Table]:
    """What is published of it, and ``tagging``: the sums of it all by BillingCurrency, which are the bill's.

    ``tagging_groups``: ``number``, and what tells lines apart; ``team`` is who the owner pool gave them to,
    '' of a pool that is split. ``tagging_days``: ``number``, ``day``, ``EffectiveCostNano``. Facts are many:
    texts are looked up in the kinds of lines, and facts are summed by the number of the group of their kind.
    """
    named = _named(kinds, whose, ordered)
    found = named.select(*_NAMES).distinct()
    in_order = ibis.window(order_by=[found[name] for name in _NAMES])
    groups = step("tagging_groups", found.mutate(number=ibis.row_number().over(in_order)))
    numbered = named.join(groups, _NAMES).select("kind", "since", "before", _NUMBER)
    numbered = step("tagging_kinds", numbered)
    held = facts.join(
        numbered,
        [facts.kind == numbered.kind, facts.day >= numbered.since, facts.day < numbered.before],
    )
    by_day = held.group_by(_NUMBER, "day").agg(EffectiveCostNano=held.EffectiveCostNano.sum())
    days = step("tagging_days", by_day)
    whole = days.join(groups, _NUMBER)
    return {
        "tagging_groups": groups.order_by(_NUMBER).select(_NUMBER, *_NAMES),
        "tagging_days": days.order_by(_NUMBER, "day").mutate(day=days.day.cast("int64")),
        "tagging": whole.group_by("BillingCurrency").agg(EffectiveCostNano=whole.EffectiveCostNano.sum()),
    }


def _named(kinds: ir.Table, whose: ir.Table, ordered: Sequence[Pool]) -> ir.Table:
    """The ``_NAMES`` of each ``kind`` of line, and between which days they are its."""
    is_owned = kinds.pool.isin([*pools.owned(ordered)])
    told = kinds.select("kind", *_OF_LINES, tagging=_tagging(kinds, ordered), is_owned=is_owned)
    always = {"since": owners.ALWAYS, "before": owners.NEVER}
    shared = told.filter(~told.is_owned).mutate(
        team=ibis.literal(""), **{name: ibis.literal(day, "int64") for name, day in always.items()}
    )
    columns = ("kind", "since", "before", *_NAMES)
    return told.join(whose, "kind").select(*columns).union(shared.select(*columns), distinct=False)


def _tagging(kinds: ir.Table, ordered: Sequence[Pool]) -> ir.StringValue:
    """Whether a line has any of the tags and cost categories that its owner pool asks for."""
    asked = []
    for number in pools.owned(ordered):
        values = [kinds[name] for name in kinds.columns if name.startswith(f"{number}_")]
        if values:
            is_mine = kinds.pool == number
            asked += [(is_mine & reduce(and_, map(owners.is_blank, values)), UNTAGGED), (is_mine, TAGGED)]
    return ibis.cases(*asked, else_=NOT_ASKED) if asked else ibis.literal(NOT_ASKED)
