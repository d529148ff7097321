"""``costwatch presets``: which measures are ready-made, and what to write to have one."""

from typing import TYPE_CHECKING

import click

from costwatch.commands.options import Subject, json_option
from costwatch.commands.output import line, print_json, print_table
from costwatch.errors import UsageError

if TYPE_CHECKING:
    from collectors.measures.presets import Preset


@click.group("presets", cls=Subject)
def command() -> None:
    """Show ready-made measures of MySQL, Kafka, model servers and others."""


@command.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List them: what cost of MySQL, Kafka, model servers and others is split by, or divided by.

    verified: whether the names of the metrics were found in the program that has them, in its manual, or at
    several who use it.

    \b
    Example: costwatch presets list --json | jq -r '.[] | select(.verified) | .name'
    """
    from collectors.measures.presets import presets

    if as_json:
        print_json([_row(name, preset) for name, preset in presets().items()])
        return
    rows = [
        (name, preset.unit, ", ".join(preset.labels), "yes" if preset.verified else "no", preset.summary)
        for name, preset in presets().items()
    ]
    print_table(("name", "unit", "labels", "verified", "what it measures"), rows)


@command.command("show")
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """Print one of them as YAML for costwatch.yaml, with what it asks and what it does not tell.

    \b
    Example: costwatch presets show mysql_time
    """
    from collectors.measures.presets import as_yaml, preset

    try:
        found = preset(name)
    except ValueError as error:
        raise UsageError(str(error)) from None
    if as_json:
        print_json(_row(name, found))
        return
    for text in as_yaml(name, found).splitlines():
        line(text)


def _row(name: str, preset: "Preset") -> dict[str, object]:
    return {"name": name, **preset.model_dump(mode="json")}
