"""``costwatch config``: what the configuration files may hold."""

import click

from costwatch.commands.options import Subject
from costwatch.commands.output import print_json


@click.group("config", cls=Subject)
def command() -> None:
    """Print the JSON Schema of the configuration files."""


@command.command("schema")
def schema() -> None:
    """Print one JSON Schema for costwatch.yaml and alerts.yaml.

    Editors complete and check the files by it; it holds every kind that is installed.

    \b
    Example: costwatch config schema > costwatch.schema.json
    """
    from costwatch.config import schema as schema_of_the_files

    print_json(schema_of_the_files())
