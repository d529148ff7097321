"""What no team carries, by what could name its owner: tags, cost categories, accounts, and keys not asked."""

import difflib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from operator import and_, or_
from typing import Any

import ibis
import ibis.expr.types as ir

from costwatch.allocation import owners, pools
from costwatch.allocation.charges import PublishedLines, unnamed_and_tagged
from costwatch.allocation.settings import Pool
from costwatch.allocation.splits.owner import OwnerPool
from costwatch.ledger.engines.duckdb import compiled, fetch
from costwatch.model import UNALLOCATED
from costwatch.model.names import folded, folded_account, folded_key
from costwatch.warehouse.bill.unclaimed import Unclaimed

AT_MOST = 200
_BEFORE_FOLDING = 5 * AT_MOST
_KEYS_LOOKED_AT = 6
# Folded keys by which people say whose something is, the surest first.
_OWNERS = (
    *("team", "owner", "squad", "costcenter", "app", "application", "service", "project", "product"),
    *("department", "businessunit", "group", "component", "system", "domain", "tribe", "division"),
)
_LEAST_LETTERS = 4
_IS_NEAR = 0.8

_Named = Sequence[tuple[str, str, ir.StringValue]]  # kind, key, its value in a line


def by_names(facts: ir.Table, kinds: ir.Table, whose: ir.Table, ordered: Sequence[Pool]) -> ir.Table:
    """The columns of ``Unclaimed``, of what owner pools gave to nobody: the largest by what is written."""
    nobody = whose.filter(whose.team == UNALLOCATED)
    lost = facts.join(
        nobody, [facts.kind == nobody.kind, facts.day >= nobody.since, facts.day < nobody.before]
    )
    taken = [
        kinds[f"{pools.TAKES}{number}"]
        for number, pool in enumerate(ordered)
        if pool.carried_by == UNALLOCATED
    ]
    left = kinds.filter(~reduce(or_, taken, ibis.literal(False)))
    lines = lost.select("kind", "EffectiveCostNano", "line_count").join(left, "kind")
    parts = [
        _by_what_names(lines.filter(lines.pool == number), _asked(lines, number, pool))
        for number, pool in pools.owned(ordered).items()
    ]
    return _summed(ibis.union(*parts, distinct=False))


def looked_up(
    con: Any, bill: PublishedLines, keys: Sequence[str], accounts: Iterable[str]
) -> list[Unclaimed]:
    """Lines of these accounts that nothing asked for names, by what is under ``keys``, else by account."""
    lines = unnamed_and_tagged(con, bill, keys, accounts)
    unnamed = [
        owners.is_blank(lines[column])
        for number in pools.owned(bill.allocation.pools)
        for column in lines.columns
        if column.startswith(f"{number}_")
    ]
    lines = lines.filter(
        lines.team == UNALLOCATED,
        reduce(and_, unnamed, ibis.literal(True)),
    )
    named = [("tag", key, lines[owners.tag_column(key)].fill_null("")) for key in keys]
    rows = fetch(con, compiled(_summed(_by_what_names(lines, named)))).to_pylist()
    return [Unclaimed(**row) for row in rows]


def keys_not_asked(written: Iterable[str], ordered: Sequence[Pool]) -> list[str]:
    """Of tag keys those that look like an owner's, or like one that is asked for; the surest first."""
    asked = {folded_key(key) for pool in pools.owned(ordered).values() for key in pool.tags}
    found: dict[str, tuple[int, str]] = {}
    for key in sorted(written):
        name = folded_key(key)
        if name not in asked and not name.startswith("aws:") and (rank := _rank(name, asked)) is not None:
            found.setdefault(name, (rank, key))
    return [key for _, key in sorted(found.values())[:_KEYS_LOOKED_AT]]


def is_much(found: Iterable[Unclaimed], totals: Mapping[str, Mapping[str, int]]) -> bool:
    """Whether accounts that nothing names are worth another look at lines: one per cent of some currency."""
    cost: Counter[str] = Counter()
    for each in found:
        cost[each.BillingCurrency] += abs(each.EffectiveCostNano) if each.kind == "account" else 0
    return any(
        cost[currency] * 100 >= abs(total["EffectiveCostNano"]) > 0 for currency, total in totals.items()
    )


def merged(found: Iterable[Unclaimed]) -> list[Unclaimed]:
    """Spellings of one name together, under the one that costs most; the largest first, ``AT_MOST``."""
    alike: dict[tuple[str, ...], list[Unclaimed]] = {}
    for each in found:
        fold = folded_account if each.kind == "account" else folded
        name = each.kind, folded_key(each.key), fold(each.value), each.BillingCurrency
        alike.setdefault(name, []).append(each)
    whole = [_together(spelt) for spelt in alike.values()]
    whole = [each for each in whole if each.EffectiveCostNano]
    return sorted(whole, key=lambda each: (-abs(each.EffectiveCostNano), each.key, each.value))[:AT_MOST]


def _together(spelt: Sequence[Unclaimed]) -> Unclaimed:
    first = max(spelt, key=lambda each: (abs(each.EffectiveCostNano), each.value))
    cost, lines = (sum(getattr(each, name) for each in spelt) for name in ("EffectiveCostNano", "line_count"))
    return Unclaimed(
        first.kind, first.key, first.value, first.SubAccountName, first.BillingCurrency, cost, lines
    )


def _rank(name: str, asked: set[str]) -> int | None:
    if difflib.get_close_matches(name, asked, 1, _IS_NEAR):
        return 0
    if any(len(key) >= _LEAST_LETTERS and key in name for key in asked):
        return 1
    return 2 + _OWNERS.index(name) if name in _OWNERS else None


def _asked(lines: ir.Table, number: int, pool: OwnerPool) -> _Named:
    tags = [("tag", key, lines[f"{number}_tag_{n}"]) for n, key in enumerate(pool.tags)]
    return [
        *tags,
        *(
            ("cost_category", name, lines[f"{number}_category_{n}"])
            for n, name in enumerate(pool.cost_categories)
        ),
    ]


def _by_what_names(lines: ir.Table, named: _Named) -> ir.Table:
    """By the first that says something, else by account."""

    def first(values: Sequence[ir.Value | str], otherwise: ir.Value | str) -> ir.StringValue:
        there = [(~owners.is_blank(value), told) for (*_, value), told in zip(named, values, strict=True)]
        last = ibis.literal(otherwise) if isinstance(otherwise, str) else otherwise
        return ibis.cases(*there, else_=last) if there else last

    return lines.select(
        kind=first([kind for kind, *_ in named], "account"),
        key=first([key for _, key, _ in named], ""),
        value=first([value for *_, value in named], lines.SubAccountId.fill_null("")),
        SubAccountName=first([""] * len(named), lines.SubAccountName.fill_null("")),
        BillingCurrency=lines.BillingCurrency,
        EffectiveCostNano=lines.EffectiveCostNano,
        line_count=lines.line_count,
    )


def _summed(lines: ir.Table) -> ir.Table:
    by = ("kind", "key", "value", "SubAccountName", "BillingCurrency")
    sums = lines.group_by(*by).agg(
        EffectiveCostNano=lines.EffectiveCostNano.sum(), line_count=lines.line_count.sum()
    )
    return sums.order_by(sums.EffectiveCostNano.abs().desc(), *by).limit(_BEFORE_FOLDING)
