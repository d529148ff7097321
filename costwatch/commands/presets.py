"""``costwatch presets``: which measures are ready-made, and what to write to have one."""

from typing import TYPE_CHECKING

import click

from costwatch.commands.options import Subject, json_option
from costwatch.commands.output import line, print_json, print_table
from costwatch.errors import UsageError

if TYPE_CHECKING:
    from collectors.measures.presets import Preset
    from collectors.measures.slo_presets import SloPreset


@click.group("presets", cls=Subject)
def command() -> None:
    """Show ready-made measures and SLOs of MySQL, Kafka, model servers and others."""


@command.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List them: what cost of MySQL, Kafka, model servers and others is split by or divided by, and SLOs.

    verified: whether the names of the metrics were found in the program that has them, in its manual, or at
    several who use it.

    \b
    Example: costwatch presets list --json | jq -r '.[] | select(.verified) | .name'
    """
    from collectors.measures.presets import presets
    from collectors.measures.slo_presets import slo_presets

    known: dict[str, Preset | SloPreset] = {**presets(), **slo_presets()}
    if as_json:
        print_json([_row(name, preset) for name, preset in known.items()])
        return
    rows = [
        (name, preset.unit, ", ".join(preset.labels), "yes" if preset.verified else "no", preset.summary)
        for name, preset in known.items()
    ]
    print_table(("name", "unit", "labels", "verified", "what it measures"), rows)


@command.command("show")
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """Print one of them as YAML, with what it asks and what it does not tell.

    A measure is for costwatch.yaml; an SLO is a file of its own, in Sloth's format.

    \b
    Example: costwatch presets show mysql_time
             costwatch presets show model_latency > slos/model-latency.yaml
    """
    from collectors.measures.presets import as_yaml, preset
    from collectors.measures.slo_presets import as_slo_file, slo_presets

    if slo := slo_presets().get(name):
        row, yaml = _row(name, slo), as_slo_file(name, slo)
    else:
        try:
            found = preset(name)
        except ValueError as error:
            raise UsageError(str(error)) from None
        row, yaml = _row(name, found), as_yaml(name, found)
    if as_json:
        print_json(row)
        return
    for text in yaml.splitlines():
        line(text)


def _row(name: str, preset: "Preset | SloPreset") -> dict[str, object]:
    return {"name": name, **preset.model_dump(mode="json")}
