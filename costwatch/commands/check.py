"""``costwatch check``: all mistakes in the configuration files at once."""

import click

from costwatch.commands.context import Context, pass_context
from costwatch.commands.options import Command
from costwatch.commands.output import complain, line
from costwatch.errors import UsageError


@click.command("check", cls=Command)
@pass_context
def command(context: Context) -> int:
    """Find the mistakes in costwatch.yaml and alerts.yaml.

    Prints each as file:line: what is wrong; what to do. Exits 2 if there are any. Says so where no rule
    watches how old sources are, and where one pages at night for costs of days ago. Reads nothing else and
    changes nothing.

    \b
    Example: costwatch check
             costwatch -c company/costwatch.yaml check
    """
    from costwatch.alerts.built_in import UNWATCHED, is_freshness
    from costwatch.config import check
    from costwatch.config.advice import pages_for_old_costs

    file = context.config_file
    mistakes = check(file)
    for mistake in mistakes:
        line(mistake)
    if mistakes:
        return UsageError.exit_code
    if not context.quiet and not any(map(is_freshness, context.alerts.rules)):
        complain(UNWATCHED)
    if not context.quiet:
        alerts = context.alerts
        for advice in pages_for_old_costs(alerts.rules, alerts.route, alerts.time_intervals):
            complain(f"{alerts.file}: {advice}")
    context.say(f"{file} and its rules file: no mistakes")
    return 0
