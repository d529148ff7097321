"""A provider's own split of a machine's cost over what ran on it: split cost allocation data of CUR 2.0.

Source: https://docs.aws.amazon.com/cur/latest/userguide/split-line-item-columns.html. Each hour and pod (or
task) has lines whose ``split_line_item_parent_resource_id`` is the machine; their split cost and their share
of what was unused add up to the machine's amortised cost. The machine's own line has that cost, too.
"""

from collections.abc import Iterable

import ibis.expr.types as ir

from costwatch.ledger.formats import cur2
from costwatch.ledger.formats.contract import Held, amount, instant, text

_PARENT = "split_line_item_parent_resource_id"
_SPLIT, _UNUSED = "split_line_item_split_cost", "split_line_item_unused_cost"
_NET = {_SPLIT: "split_line_item_net_split_cost", _UNUSED: "split_line_item_net_unused_cost"}
# What AWS says of each line, by the keys of its tags.
_TOLD = {
    "cluster": ("aws:eks:cluster-name", "aws:ecs:clusterName"),
    "namespace": ("aws:eks:namespace",),
    "workload_kind": ("aws:eks:workload-type",),
    "workload": ("aws:eks:workload-name", "aws:ecs:serviceName"),
}


def has_split_lines(columns: Iterable[str]) -> bool:
    """Whether a bill of CUR 2.0 tells them; columns: in small letters."""
    return {_PARENT, _SPLIT, "line_item_usage_start_date"} <= {*columns}


def split_lines(raw: ir.Table, tags: Iterable[str], held: Held) -> ir.Table:
    """``parent``, ``hour``, what it ran in, ``tag:KEY`` of each of ``tags``, and both costs as floats."""
    lines = raw.filter(text(raw, _PARENT).notnull())
    told = {
        name: _first(lines, keys, held)
        for name, keys in (*_TOLD.items(), *((f"tag:{key}", (key,)) for key in tags))
    }
    return lines.select(
        parent=text(lines, _PARENT),
        hour=instant(lines, "line_item_usage_start_date"),
        **told,
        split=_cost(lines, _SPLIT),
        unused=_cost(lines, _UNUSED),
    )


def machines(raw: ir.Table) -> ir.Table:
    """``parent``, ``hour`` and ``amortised`` cost of lines of machines themselves."""
    charges = cur2.charges(raw)
    told = cur2.columns(charges)
    is_machine = text(charges, "line_item_operation").startswith("RunInstances")
    charged = charges.filter(is_machine & (told["ChargeCategory"] == "Usage"))
    told = cur2.columns(charged)
    return charged.select(
        parent=told["ResourceId"], hour=told["ChargePeriodStart"], amortised=told["EffectiveCost"]
    )


def _first(lines: ir.Table, keys: Iterable[str], held: Held) -> ir.StringValue:
    first, *others = (cur2.tag(lines, key, held) for key in keys)
    return first.coalesce(*others).fill_null("") if others else first.fill_null("")


def _cost(lines: ir.Table, column: str) -> ir.FloatingValue:
    net = _NET[column]
    costs = [amount(lines, name) for name in (net, column) if name in lines.columns]
    first, *others = costs
    return (first.coalesce(*others) if others else first).fill_null(0.0)
