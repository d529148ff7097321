"""``costwatch usage``: what pods ask for and use, requests that would fit, and what it will cost."""

from collections.abc import Mapping
from datetime import date, timedelta
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import click

from costwatch.commands.context import Context, pass_context
from costwatch.commands.options import Entry, Subject, json_option, require_order, window_options
from costwatch.commands.output import complain, print_json
from costwatch.errors import UsageError

if TYPE_CHECKING:
    from costwatch.warehouse.facts.snapshot import WarehouseSnapshot

_DAYS = timedelta(days=30)
_NOTHING = (
    "no usage was collected yet; "
    "add a source of kind kubernetes to costwatch.yaml and run `costwatch collect`"
)


class Dimension(click.ParamType[str]):
    """What usage is grouped by."""

    name = "dimension"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """``namespace``, or ``label:team``, as it is."""
        from costwatch.answers.usage import DIMENSIONS, LABEL

        name = str(value)
        if name in DIMENSIONS or (name.startswith(LABEL) and name != LABEL):
            return name
        known = (*DIMENSIONS, f"{LABEL}KEY")
        near = get_close_matches(name, known, 1)
        asked = f"; did you mean {near[0]!r}?" if near else ""
        self.fail(f"{name!r} is not one of {', '.join(map(repr, known))}{asked}", param, ctx)


@click.group("usage", cls=Subject)
def command() -> None:
    """Show what pods ask for and use, requests that would fit, and live estimates."""


@command.command("show")
@click.option(
    "--by",
    type=Dimension(),
    default="namespace",
    show_default=True,
    help="Group by namespace, cluster, workload or label:KEY.",
)
@window_options("the window")
@click.option(
    "--where",
    type=Entry(),
    multiple=True,
    help="Only this, such as namespace=shop or label:team=risk; may be repeated.",
)
@json_option
@pass_context
def show(
    context: Context,
    /,
    by: str,
    first: date | None,
    after: date | None,
    where: tuple[tuple[str, str], ...],
    as_json: bool,
) -> None:
    """Show what was requested and used: hours of cores, GiB and GPUs.

    Days are UTC days; --from is included, --to is not; without them, the last 30 days held. Efficiency is
    use over request; 100 % where nothing was requested and something used. Idle is what nodes had and no
    pod asked for or used, with its sign; only a whole cluster has it. Coverage is the share of the nodes'
    lives that was measured. What is not known is unknown, and not 0. Labels of namespaces and nodes are
    label:namespace:KEY and label:node:KEY, as far as the source lists them.

    \b
    Example: costwatch usage show --by namespace
             costwatch usage show --by label:team --where cluster=prod --from 2026-11-01 --json
    """
    from costwatch.answers.usage import held_days, usage
    from costwatch.commands import usage_output
    from costwatch.warehouse.facts.snapshot import WarehouseSnapshot

    require_order(first, after)
    with context.warehouse.read() as db:
        facts = WarehouseSnapshot(db, context.now)
        held = held_days(facts)
        filters = _known_filters(facts, by, where) if held else {}
        if held is None:
            held = (context.now.date(), context.now.date())
        last = after or held[1]
        start = first or max(held[0], last - _DAYS)
        answer = usage(facts, by, start, last, filters)
    if as_json:
        print_json([usage_output.as_json(row) for row in answer.rows])
    elif answer.rows:
        usage_output.print_usage(answer)
    elif held[0] < held[1]:
        complain(f"no usage fits from {start} up to {last}; it is held from {held[0]} up to {held[1]}")
    else:
        complain(_NOTHING)


def _known_filters(
    facts: "WarehouseSnapshot", by: str, where: tuple[tuple[str, str], ...]
) -> dict[str, tuple[str, ...]]:
    """``--where`` by name. Raises UsageError, with the nearest, for what no usage was ever held of."""
    from costwatch.answers.usage import LABEL, known

    if not where and not by.startswith(LABEL):
        return {}
    values = known(facts)
    found: dict[str, tuple[str, ...]] = {}
    if by not in values:
        raise UsageError(f"usage show: --by {_not_known(by, values)}")
    for name, value in where:
        if name not in values:
            raise UsageError(f"usage show: --where {_not_known(name, values)}")
        if value and value not in values[name]:
            raise UsageError(f"usage show: --where {name}: {_not_known(value, values[name])}")
        found[name] = (*found.get(name, ()), value)
    return found


def _not_known(value: str, known: "Mapping[str, object] | frozenset[str]") -> str:
    from costwatch.config.quote import instead, quoted

    return f"{quoted(value)}: no usage is known of it{instead(value, known)}"


@command.command("rightsize")
@click.option("--cluster", default="", help="Only this cluster.")
@click.option("--namespace", default="", help="Only this namespace.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="Rows to show.")
@json_option
@pass_context
def rightsize(context: Context, /, cluster: str, namespace: str, limit: int, as_json: bool) -> None:
    """Show requests that would fit what containers used in the last 30 days.

    CPU: the 95th percentile of hourly maxima. Memory: the highest use and 15 %, and never what it was
    OOM-killed at. At least 10m and 32Mi, and nothing where use was measured on fewer than 7 days. Each row
    that can be changed in place has its line for kubectl; JSON has lines for a manifest, too. Containers that
    were killed for want of memory come first, then the largest saving. Savings are of a month, at what hours
    of the cluster's nodes cost on the last settled days, where a pool splits its lines. Look at a line before
    you run it: its names come from the cluster.

    \b
    Example: costwatch usage rightsize --namespace shop
             costwatch usage rightsize --cluster prod --json
    """
    from costwatch.answers.cluster_rates import cluster_rates
    from costwatch.answers.rightsizing import advice_on
    from costwatch.answers.usage import held_days, known
    from costwatch.commands import usage_output
    from costwatch.ledger.files import LedgerFiles
    from costwatch.warehouse.facts.snapshot import WarehouseSnapshot

    with context.warehouse.read() as db:
        facts = WarehouseSnapshot(db, context.now)
        held = held_days(facts)
        values = known(facts) if held and (cluster or namespace) else {}
        rates = cluster_rates(facts) if held else {}
    for name, value in (("cluster", cluster), ("namespace", namespace)):
        if value and held and value not in values[name]:
            raise UsageError(f"usage rightsize: --{name} {_not_known(value, values[name])}")
    with context.working("Reading the hours of pods"):
        found = advice_on(
            context.warehouse, LedgerFiles(context.config.ledger), context.now, cluster, namespace, rates
        )
    if as_json:
        print_json([usage_output.advice_as_json(each) for each in found])
    elif found:
        usage_output.print_advice(found, limit)
    elif held:
        complain(f"no pod ran in the last 30 days; usage is held up to {held[1]}")
    else:
        complain(_NOTHING)


@command.command("estimate")
@json_option
@pass_context
def estimate(context: Context, /, as_json: bool) -> None:
    """Show at what usage that is not billed yet is priced, and how far off that was.

    A kind of node has the rate of the newest settled day on which it was billed (effective cost by hours
    lived), else its list price from the source, else none: then what runs there is not estimated. Errors are
    of workloads and days of the last 30 that are billed by now, as shares of their bill. Today is the running
    UTC day, as of the last `costwatch allocate`. Estimates are in no sum of the bill.

    \b
    Example: costwatch usage estimate
             costwatch usage estimate --json
    """
    from costwatch.answers.estimates import live_estimates
    from costwatch.commands import usage_output
    from costwatch.warehouse.facts.snapshot import WarehouseSnapshot

    with context.warehouse.read() as db:
        found = live_estimates(WarehouseSnapshot(db, context.now))
    if as_json:
        print_json(usage_output.estimates_as_json(found))
    elif found.is_any:
        usage_output.print_estimates(found)
    else:
        complain(_NOTHING)
