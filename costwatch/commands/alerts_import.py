"""``costwatch alerts import``: an Alertmanager's file as an ``alerts.yaml``."""

from pathlib import Path

import click

from costwatch.commands.context import Context, pass_context
from costwatch.commands.options import Command
from costwatch.commands.output import complain
from costwatch.errors import UsageError


@click.command("import", cls=Command)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--strict", is_flag=True, help="Exit 1 where anything is not taken over as it is.")
@pass_context
def import_file(context: Context, file: Path, strict: bool) -> int:
    """Print an alerts.yaml that does what an alertmanager.yml says.

    Takes over routes, receivers (Slack, webhook, PagerDuty, e-mail), inhibit rules and time intervals, in
    their older forms, too; `costwatch check` accepts what it prints. What cannot be taken over, and where
    each secret is to be put, is told by line, on stderr and at the top of what it prints. Secrets are never
    copied.

    Exits 0 with what could be used, 1 if nothing could, 2 if the file cannot be read.

    \b
    Example: costwatch alerts import /etc/prometheus/alertmanager.yml > alerts.yaml
    """
    from costwatch.config.alertmanager import taken_over

    if not file.is_file():
        raise UsageError(f"{file}: no such file; name an alertmanager.yml")
    found = taken_over(file)
    for remark in found.remarks:
        complain(remark)
    click.echo(found.text, nl=False)
    return int(not found.text or (strict and bool(found.remarks)))
