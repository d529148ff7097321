"""``costwatch cost runs``: what each training run and each job cost, and how it went."""

from collections.abc import Collection, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING

import click

from costwatch.commands.context import Context, pass_context
from costwatch.commands.options import Command, asked_days, json_option, last_option, window_options
from costwatch.commands.output import complain, print_json
from costwatch.errors import SourceError

if TYPE_CHECKING:
    from costwatch.answers.runs import RunsAnswer

_DAYS = timedelta(days=30)


@click.command("runs", cls=Command)
@click.option("--team", multiple=True, help="Only what this team carries; may be repeated.")
@click.option("--namespace", multiple=True, help="Only runs in this namespace of a cluster; may be repeated.")
@window_options("the window")
@last_option
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="Runs to show.")
@json_option
@pass_context
def runs(
    context: Context,
    /,
    team: tuple[str, ...],
    namespace: tuple[str, ...],
    first: date | None,
    after: date | None,
    last: timedelta | None,
    limit: int,
    as_json: bool,
) -> int:
    """Show what each training run and each job cost, the most expensive first.

    A run is what the label of pods names that `runs: {label: run_id}` of costwatch.yaml says, else a Job of
    Kubernetes, else a training, processing or transform job of SageMaker, by the lines of the bill. Days are
    UTC days; --from is included, --to is not; without them, the last 30 days, today included. Jobs of one
    CronJob share its cost of each day by the time that they held GPUs, else cores. What a workload cost
    besides its runs is of no run: all rows together are, to the nano-unit, the EffectiveCost of the workloads
    that have runs. What is not billed yet is estimated, and in no sum. What a run held is known of clusters
    only, and so is how it went; GPU-hours that nobody knows are unknown, and not 0. Where lines cannot be
    read, runs of clusters are shown without SageMaker's, and the exit code is 1.

    \b
    Example: costwatch cost runs --team ml --last 7d
             costwatch cost runs --namespace training --json
    """
    from costwatch.answers.runs import runs_answer, sagemaker_services
    from costwatch.commands import runs_output
    from costwatch.commands.cost_names import as_known
    from costwatch.warehouse.facts.snapshot import WarehouseSnapshot

    first, after = asked_days("cost runs", first, after, last, context.now)
    after = after or context.now.date() + timedelta(days=1)
    first = first or after - _DAYS
    asked = {name: values for name, values in (("team", team), ("namespace", namespace)) if values}
    with context.warehouse.read() as db:
        facts = WarehouseSnapshot(db, context.now)
        where = as_known(facts, asked, context, "cost runs: --{}")
        answer = runs_answer(facts, first, after, context.config.runs.label, where)
        services = [] if namespace else sagemaker_services(facts, first, after)
    untold = ""
    if services:
        try:
            answer = _with_lines(context, answer, services, where)
        except SourceError as error:  # what is known of clusters is told all the same
            untold = f"{error}\ncost runs: jobs of {', '.join(services)} are left out"
    if as_json:
        print_json([runs_output.as_json(row) for row in answer.rows])
    elif answer.rows:
        runs_output.print_runs(answer, limit)
    else:
        complain(
            f"no run is known from {first} up to {after}; they come with sources of kind kubernetes, pools "
            "that split by it, and the lines of SageMaker"
        )
    if untold:
        complain(untold)
    return int(bool(untold))


def _with_lines(
    context: Context, answer: "RunsAnswer", services: Collection[str], where: Mapping[str, Collection[str]]
) -> "RunsAnswer":
    """With the jobs of SageMaker, which only lines name."""
    from costwatch.allocation.line_costs import line_costs
    from costwatch.answers.runs import with_lines
    from costwatch.ledger.files import LedgerFiles

    files, by = LedgerFiles(context.config.ledger), ("resource", "service", "team")
    asked = {**where, "service": services}
    with context.working("Reading the lines"):
        found = line_costs(context.warehouse, files, answer.first, answer.after, by, asked, per_day=True)
    return with_lines(answer, found.rows)
