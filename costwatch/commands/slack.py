"""``costwatch slack``: the app to make in Slack, and whether its bot may do what it must."""

import click

from costwatch.commands.context import Context, pass_context
from costwatch.commands.options import Command, Subject
from costwatch.commands.output import complain, line, print_json
from costwatch.errors import NotifyError

_FAILED, _FINDINGS = 1, 3


@click.group("slack", cls=Subject)
def command() -> None:
    """Print the Slack app to make, and check what the bot may do."""


@command.command("manifest", cls=Command)
@click.option("--yaml", "as_yaml", is_flag=True, help="As YAML; Slack takes either.")
def manifest(as_yaml: bool) -> None:
    """Print the manifest of the Slack app: api.slack.com/apps, Create New App, From a manifest.

    Install it, invite its bot to the channel, and keep its "Bot User OAuth Token" where `token` of the
    receiver says.

    \b
    Example: costwatch slack manifest
    """
    from costwatch.notify.slack.app import manifest as manifest_of_the_app

    if not as_yaml:
        print_json(manifest_of_the_app())
        return
    import yaml

    click.echo(yaml.safe_dump(manifest_of_the_app(), sort_keys=False), nl=False)


@command.command("check", cls=Command)
@pass_context
def check(context: Context) -> int:
    """Ask Slack whether the tokens of all receivers are accepted, and whether they have the scopes.

    Exits 3 if a scope is missing, 1 if Slack did not say.

    \b
    Example: costwatch slack check
    """
    from costwatch.notify.slack import Slack
    from costwatch.notify.slack.app import missing_scopes

    code = 0
    for receiver in context.alerts.receivers:
        if not isinstance(receiver, Slack):
            continue
        try:
            missing = missing_scopes(receiver)
        except NotifyError as error:
            complain(str(error))
            code = _FAILED
            continue
        line(f"{receiver.name}: {'lacks ' + ', '.join(missing) if missing else 'ok'}")
        code = code or (_FINDINGS if missing else 0)
    return code
