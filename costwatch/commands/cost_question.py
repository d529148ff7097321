"""One question of cost, put to the warehouse or, of what only they know, to the lines of the bill."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from costwatch.commands.context import Context
from costwatch.commands.output import complain
from costwatch.cost.line_labels import is_of_lines
from costwatch.errors import UsageError

if TYPE_CHECKING:
    from costwatch.answers.cost_answer import CostAnswer
    from costwatch.cost.conversion import Conversion
    from costwatch.warehouse.facts.cost import Cost


def answer_of(
    context: Context,
    by: Sequence[str],
    first: date | None,
    after: date | None,
    where: Mapping[str, tuple[str, ...]],
    *,
    per_day: bool,
    as_of: datetime | None,
    converted: bool,
) -> "CostAnswer":
    """Cost of the UTC days ``first`` up to, not including, ``after``; None: of all that are held.

    Raises UsageError for a label or a value that no cost has, and for rates that are not there.
    """
    from costwatch.answers.cost_answer import CostAnswer, ask_cost, held_days
    from costwatch.answers.unamortised import unamortised
    from costwatch.commands.cost_names import as_known
    from costwatch.warehouse.facts.snapshot import WarehouseSnapshot

    of_lines = [name for name in (*by, *where) if is_of_lines(name)]
    if of_lines and (as_of or converted):
        option = "--as-of" if as_of else "--converted"
        raise UsageError(
            f"cost show: {of_lines[0]} is read from the lines as they are published now; leave out {option}"
        )
    conversion = conversion_of(context) if converted else None
    with context.warehouse.read() as db:
        facts = WarehouseSnapshot(db, context.now, as_of=as_of)
        where = as_known(facts, where, context)
        held = held_days(facts)
        first, after = first or held[0], after or held[1] + timedelta(days=1)
        if of_lines:
            reach = CostAnswer((), per_day, (), (), first, after, held[1], facts.states(first, after))
            reach = replace(reach, unamortised=unamortised(facts, first, after))
        else:
            answer = ask_cost(facts, first, after, by, where, per_day=per_day, conversion=conversion)
            if conversion and any(row.labels["currency"] != conversion.reporting for row in answer.rows):
                daily = ask_cost(facts, first, after, (), where, per_day=True, conversion=conversion)
                _tell_kept(daily.rows, conversion)
    return _of_lines(context, reach, by, where) if of_lines else answer


def _of_lines(
    context: Context, reach: "CostAnswer", by: Sequence[str], where: Mapping[str, tuple[str, ...]]
) -> "CostAnswer":
    """``reach``, of which nothing but costs is missing, with what the lines of its days say."""
    from costwatch.allocation.line_costs import line_costs
    from costwatch.commands.cost_line_names import as_lines_write
    from costwatch.ledger.files import LedgerFiles

    files, days = LedgerFiles(context.config.ledger), (reach.first, reach.after)
    with context.working("Reading the lines"):
        where = as_lines_write(context.warehouse, files, *days, by, where)
        found = line_costs(context.warehouse, files, *days, by, where, per_day=reach.per_day)
    grouped = tuple(dict.fromkeys((*by, "currency")))
    return replace(reach, by=grouped, rows=found.rows, before_credits=found.before_credits)


def conversion_of(context: Context) -> "Conversion":
    """The configured rates. Raises UsageError where there are none."""
    if context.config.currency is None:
        raise UsageError(
            f"{context.config.file}: --converted needs 'currency', which is not there; "
            "add it with 'reporting' and 'rates'"
        )
    return context.config.currency


def _tell_kept(daily: Iterable["Cost"], conversion: "Conversion") -> None:
    """What stayed in its own currency."""
    from costwatch.cost.conversion import months_of

    kept = [(row.labels["currency"], row.day) for row in daily if row.day]
    months = months_of(pair for pair in kept if pair[0] != conversion.reporting)
    complain(
        f"cost show: not converted, for want of a rate: {months}; add it to 'currency' in costwatch.yaml"
    )
