"""The command line: finds the command, says what went wrong, ends with the exit code of ``errors.py``.

0 ok, also when alerts fire; 1 failed or partly failed; 2 usage or configuration; 3 findings, only from
commands that ask; 75 busy, try again; 130 interrupted. Data goes to stdout, messages to stderr.
"""

import gc
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import import_module
from typing import NoReturn

import click

from costwatch import __version__
from costwatch.commands.context import Context
from costwatch.commands.options import global_options
from costwatch.commands.output import complain
from costwatch.errors import CostwatchError, unexpected

# Name, which is its module's in costwatch.commands, and help. A module is imported when its command runs,
# so that `costwatch --help` costs no more than reading this table.
COMMANDS = (
    ("init", "Write costwatch.yaml and alerts.yaml to begin with."),
    ("demo", "Make up a company's bill, run every step on it, and serve the pages."),
    ("check", "Find the mistakes in costwatch.yaml and alerts.yaml."),
    ("doctor", "Test files, disk, store and sources, and say how to mend what is wrong."),
    ("collect", "Load what is new from the sources (step 1)."),
    ("allocate", "Give every dollar of the bill to a team (step 2)."),
    ("teams", "Show what no team claims, and what to write about it."),
    ("alerts", "Evaluate the rules (step 3), deliver, list and silence alerts (step 4)."),
    ("slack", "Print the Slack app to make, and check what the bot may do."),
    ("report", "Write or send the weekly report (step 5)."),
    ("status", "Show freshness, firing alerts and the last runs."),
    ("cost", "Show cost by team, service, account and more."),
    ("slo", "Show error budgets, and check and export objectives."),
    ("usage", "Show what pods ask for and use, requests that would fit, and live estimates."),
    ("marker", "Tell deploys and switched flags, and list them: what may explain a change."),
    ("export", "Write the bill with its teams for other tools, or usage of clusters for another costwatch."),
    ("query", "Ask the warehouse in SQL, read-only."),
    ("ui", "Serve the pages."),
    (
        "plugins",
        "List the kinds that there are of each plugin, and the facts that can be asked.",
    ),
    ("presets", "Show ready-made measures and SLOs of MySQL, Kafka, model servers and others."),
    ("config", "Print what the configuration files may hold, for editors and for people."),
    ("db", "Migrate, inspect, back up and restore the warehouse."),
)
_NAMES = tuple(name for name, _ in COMMANDS)
_INTERRUPTED = 130
# How many new objects are looked through for garbage at a time. Configuration and answers are many small
# objects that stay: with Python's 700 a large answer is looked through again and again while it is made.
GARBAGE_AFTER = 50_000


class Root(click.Group):
    """Knows its commands by the table above and imports one only to run it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order of the table."""
        return list(_NAMES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported. For a name not in the table: an error that names those like it."""
        if cmd_name not in _NAMES:
            if ctx.resilient_parsing:  # while a shell completes, half a name is no mistake
                return None
            raise click.exceptions.NoSuchCommand(cmd_name, possibilities=_NAMES, ctx=ctx)
        command: click.Command = import_module(f"costwatch.commands.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table as it stands."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS))


@click.group("costwatch", cls=Root, params=global_options())
@click.version_option(__version__, prog_name="costwatch")
def root() -> None:
    """What the infrastructure costs, per team, and whether anyone needs to know.

    \b
    costwatch demo                          look at a made-up company
    costwatch init; costwatch check         begin with your own bill
    costwatch collect; costwatch allocate; costwatch status

    Global options may stand before or after a command.
    """


def main() -> NoReturn:
    """The ``costwatch`` program."""
    os.umask(0o077)  # a bill is nobody else's: nor are its copies, backups, exports and reports
    gc.set_threshold(GARBAGE_AFTER)
    # To look for what changes pydantic takes a look at every package there is, and nothing here is for it.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    sys.exit(run(sys.argv[1:], datetime.now(UTC)))


def run(arguments: Sequence[str], now: datetime) -> int:
    """Context one command line; ``now`` (UTC) holds unless --now says otherwise. Returns the exit code."""
    state = Context(now)
    try:
        code = root.main(arguments, "costwatch", standalone_mode=False, obj=state)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except CostwatchError as error:
        complain(str(error))
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return _INTERRUPTED
    except BrokenPipeError:
        return _reader_left()
    except Exception as error:  # a bug, or a file's trouble: a sentence either way, never a bare traceback
        if state.verbose:
            _print_traceback(error)
        complain(_damage(state) or _explained(error))
        return 1


def _damage(state: Context) -> str:
    """What is wrong with the warehouse, if that is why: what it holds makes no sense then."""
    from costwatch.warehouse.health import damage

    try:
        return damage(state.warehouse)
    except Exception:  # whatever it is, the first trouble is the one to tell
        return ""


def _explained(error: Exception) -> str:
    """Trouble with a file; else a bug of ours."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}; check the path, its rights and the disk"
    return unexpected(error)


def _print_traceback(error: Exception) -> None:
    from traceback import print_exception

    print_exception(error)


def _reader_left() -> int:
    """As after ``| head``: nothing is wrong, and Python must not complain when it ends either."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1
