"""``costwatch init``: files to begin with."""

from pathlib import Path

import click

from costwatch.commands.context import Context, pass_context
from costwatch.commands.options import Command
from costwatch.errors import UsageError

_FILES = ("costwatch.yaml", "alerts.yaml")


@click.command("init", cls=Command)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=".")
@pass_context
def command(context: Context, folder: Path) -> None:
    """Write costwatch.yaml and alerts.yaml to begin with.

    They stand in FOLDER, by default here. Files that are there already are never touched.

    \b
    Example: costwatch init && $EDITOR costwatch.yaml && costwatch check
    """
    from costwatch.config import default_text

    for name in _FILES:
        if (folder / name).exists():
            raise UsageError(f"{folder / name}: is there already; edit it, or name another folder")
    folder.mkdir(parents=True, exist_ok=True)
    for name in _FILES:
        with (folder / name).open("x", encoding="utf-8") as file:
            file.write(default_text(name))
    context.say(f"Wrote {' and '.join(str(folder / name) for name in _FILES)}. Next: costwatch check")
