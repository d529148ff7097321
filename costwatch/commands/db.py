"""``costwatch db``: care of the warehouse file."""

from dataclasses import asdict
from pathlib import Path

import click

from costwatch.commands.context import Context, pass_context
from costwatch.commands.options import Subject, json_option
from costwatch.commands.output import print_json, print_table


@click.group("db", cls=Subject)
def command() -> None:
    """Migrate, inspect, back up and restore the warehouse."""


@command.command("migrate")
@pass_context
def migrate(context: Context) -> None:
    """Create the warehouse, or bring its schema up to this program's.

    Commands that write do it by themselves; this is for doing it at a time of your choice.

    \b
    Example: costwatch db backup before.db && costwatch db migrate
    """
    context.warehouse.migrate()
    context.say(f"{context.warehouse.path}: schema {context.warehouse.version()}")


@command.command("status")
@json_option
@pass_context
def status(context: Context, as_json: bool) -> None:
    """Show schema, size, integrity, and what each table holds.

    A table's SHA-256 is over its ordered rows: equal hashes mean equal content. All of it is read.

    \b
    Example: costwatch db status --json | jq .tables.team_cost
    """
    from costwatch.warehouse.contents import contents

    warehouse = context.warehouse
    with warehouse.read() as db:
        tables = contents(db)
    facts = {
        "file": str(warehouse.path),
        "schema_version": warehouse.version(),
        "size_bytes": warehouse.path.stat().st_size,
        "integrity": warehouse.integrity(),
    }
    if as_json:
        print_json({**facts, "tables": {name: asdict(found) for name, found in tables.items()}})
        return
    print_table(("what", "is"), list(facts.items()))
    click.echo()
    rows = [(name, found.row_count, found.sha256) for name, found in tables.items()]
    print_table(("table", "rows", "sha256"), rows, right={"rows"})


@command.command("backup")
@click.argument("target", type=click.Path(path_type=Path, dir_okay=False))
@pass_context
def backup(context: Context, target: Path) -> None:
    """Write a consistent copy of the warehouse to TARGET, while others read and write.

    Never copy the file with cp: what is still in its -wal would be missing.

    \b
    Example: costwatch db backup /backup/costwatch-$(date -u +%F).db
    """
    context.warehouse.backup(target)
    context.say(f"{target}: {target.stat().st_size:,} bytes")


@command.command("restore")
@click.argument("backup", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--replace", is_flag=True, help="Even if the warehouse is whole.")
@pass_context
def restore(context: Context, backup: Path, replace: bool) -> None:
    """Put BACKUP, which `db backup` wrote, in the place of the warehouse.

    What was there is kept beside it, as .replaced. What came after the backup comes again by collect and
    allocate; silences and acknowledgements since are gone, and an alert may be told once more.

    \b
    Example: costwatch db restore /backup/costwatch-2026-11-01.db && costwatch collect; costwatch allocate
    """
    from costwatch.warehouse.restore import restore as put_back

    aside = put_back(context.warehouse, backup, replace=replace)
    context.say(f"{context.warehouse.path}: is what {backup} holds" + (f"; before: {aside}" if aside else ""))
