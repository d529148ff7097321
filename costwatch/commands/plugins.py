"""``costwatch plugins``: which kinds there are, and whose."""

from dataclasses import asdict, dataclass
from importlib.metadata import EntryPoint

import click

from costwatch.commands.options import Command, json_option
from costwatch.commands.output import print_json, print_table


@dataclass(frozen=True, slots=True)
class _Kind:
    group: str
    kind: str
    package: str
    version: str
    help: str
    error: str


@click.command("plugins", cls=Command)
@json_option
def command(as_json: bool) -> None:
    """List the kinds that there are of each plugin, and the facts that can be asked.

    Built-in ones and those of other packages, each with the first line of its manual. A broken one is
    shown with its reason; it harms nobody until a file names it.

    \b
    Example: costwatch plugins --json | jq -r '.[].kind'
    """
    from costwatch.plugins import GROUPS, registered

    kinds = [_kind(point) for group in GROUPS for _, point in sorted(registered(group).items())]
    if as_json:
        print_json([asdict(kind) for kind in kinds])
    else:
        rows = [(each.group, each.kind, each.package, each.error or each.help) for each in kinds]
        print_table(("group", "kind", "package", "what it is"), rows)


def _kind(point: EntryPoint) -> _Kind:
    text, error = "", ""
    try:
        loaded = point.load()
        text = (getattr(loaded, "summary", "") or loaded.__doc__ or "").strip().split("\n")[0]
    except Exception as reason:  # whatever a stranger's module raises while it is imported
        error = f"cannot be imported ({type(reason).__name__}: {reason}); reinstall it"
    package, version = (point.dist.name, point.dist.version) if point.dist else ("", "")
    return _Kind(point.group.removeprefix("costwatch."), point.name, package, version, text, error)
