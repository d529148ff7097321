"""``costwatch config``: what the configuration files may hold."""

import click

from costwatch.commands.options import Subject
from costwatch.commands.output import print_json


@click.group("config", cls=Subject)
def command() -> None:
    """Print what the configuration files may hold, for editors and for people."""


@command.command("schema")
def schema() -> None:
    """Print one JSON Schema for costwatch.yaml and alerts.yaml.

    Editors complete and check the files by it; it holds every kind that is installed.

    \b
    Example: costwatch config schema > costwatch.schema.json
    """
    from costwatch.config import schema as schema_of_the_files

    print_json(schema_of_the_files())


@command.command("reference")
def reference() -> None:
    """Print every key of costwatch.yaml and alerts.yaml, as Markdown.

    It holds every kind that is installed, yours too; docs/reference.md is the page of what is shipped.

    \b
    Example: costwatch config reference > reference.md
    """
    from costwatch.config.reference import reference as page

    click.echo(page(), nl=False)
