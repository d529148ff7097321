"""``costwatch init``: files to begin with."""

import json
from pathlib import Path

import click

from costwatch.commands.context import Context, pass_context
from costwatch.commands.options import Command
from costwatch.errors import UsageError

_FILES = ("costwatch.yaml", "alerts.yaml")
_SCHEMA = "costwatch.schema.json"  # as both name it in their first line


@click.command("init", cls=Command)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=".")
@pass_context
def command(context: Context, folder: Path) -> None:
    """Write costwatch.yaml and alerts.yaml to begin with.

    They stand in FOLDER, by default here, beside the schema by which editors complete them,
    costwatch.schema.json. Files that are there already are never touched.

    \b
    Example: costwatch init; $EDITOR costwatch.yaml; costwatch check
    """
    from costwatch.config import default_text, schema

    for name in _FILES:
        if (folder / name).exists():
            raise UsageError(f"{folder / name}: is there already; edit it, or name another folder")
    texts = {name: default_text(name) for name in _FILES}
    if not (folder / _SCHEMA).exists():
        texts[_SCHEMA] = json.dumps(schema(), indent=2) + "\n"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        with (folder / name).open("x", encoding="utf-8") as file:
            file.write(text)
    context.say(f"Wrote {', '.join(str(folder / name) for name in texts)}. Next: costwatch check")
