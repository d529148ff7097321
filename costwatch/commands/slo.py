"""``costwatch slo``: error budgets, and the files that say what they are of."""

from importlib import import_module

import click

from costwatch.commands.options import Subject

# Name of each, its module in costwatch.commands, its name there, and its help: imported when it is run.
_COMMANDS = {
    "status": ("slo_status", "status", "Show how error budgets stand, worst first."),
    "report": ("slo_status", "report", "Show all that is known of one SLO."),
    "what-if": ("slo_status", "what_if", "Count the alerts of the last 90 days under another objective."),
    "check": ("slo_files", "check", "List what the files of SLOs say, with their mistakes."),
    "export": ("slo_files", "export", "Write the SLOs as rules for Prometheus."),
}


class _Slo(Subject):
    """Knows its commands by the table above and imports one only to run it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the table."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported."""
        if cmd_name not in _COMMANDS:
            return super().get_command(ctx, cmd_name)
        module, name, _ = _COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(f"costwatch.commands.{module}"), name)
        return command


@click.group("slo", cls=_Slo)
def command() -> None:
    """Show error budgets, and check and export objectives."""
