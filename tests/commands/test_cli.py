"""The command line itself: start-up, help, errors and exit codes."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click
import pytest

from costwatch import cli
from costwatch.commands.context import Context
from costwatch.errors import BusyError, ConfigError, CostwatchError, NotifyError, RefusedError, UsageError
from tests.made.command_line import NOW, Costwatch, commands

HEAVY = {
    *("boto3", "dateutil", "duckdb", "ibis", "jinja2", "numpy", "pandas", "pyarrow", "pydantic", "rich"),
    *("sqlite3", "sqlite_utils", "streamlit", "yaml"),
}


@pytest.fixture
def costwatch(capsys: pytest.CaptureFixture[str]) -> Costwatch:
    return commands(capsys)


def leaves(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            below = command.get_command(click.Context(command), name)
            assert below is not None
            yield from leaves(below, f"{path} {name}")
    else:
        yield path, command


COMMANDS = dict(leaves(cli.root, "costwatch"))


def python(program: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["cost", "show", "--help"], ["colect"]])
def test_help_and_mistakes_import_nothing_heavy(arguments: list[str]) -> None:
    end = "print(*sys.modules, file=sys.stderr)"
    done = python(f"import sys; from costwatch.cli import run; run({arguments}, None); {end}")
    modules = done.stderr.split()
    assert "click" in modules
    assert not HEAVY & set(modules)


@pytest.mark.parametrize(("name", "text"), cli.COMMANDS, ids=[name for name, *_ in cli.COMMANDS])
def test_the_table_says_what_each_command_says_of_itself(name: str, text: str) -> None:
    command = import_module(f"costwatch.commands.{name}").command
    assert command.name == name
    assert command.get_short_help_str(limit=200) == text


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_has_help_with_an_example_of_itself(path: str, costwatch: Costwatch) -> None:
    answer = costwatch(*path.split()[1:], "--help")
    assert answer.code == 0
    assert any(f"{before} {path}" in answer.out for before in ("Example:", "&&", ";"))
    assert all(option.help for option in COMMANDS[path].params if isinstance(option, click.Option))


def test_no_command_at_all_shows_help_and_is_a_mistake(costwatch: Costwatch) -> None:
    assert "Commands:" in costwatch().err
    assert costwatch().code == 2


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("colect", "collect"), ("alert", "alerts"), ("alerts evl", "eval"), ("stats", "status")],
)
def test_a_typo_is_answered_with_what_was_meant(typed: str, meant: str, costwatch: Costwatch) -> None:
    answer = costwatch(*typed.split())
    assert answer.code == 2
    assert f"'{meant}'" in answer.err


def test_a_shell_completes_commands_and_options() -> None:
    program = "import sys; sys.argv[0] = 'costwatch'; from costwatch.cli import main; main()"
    words = {"_COSTWATCH_COMPLETE": "bash_complete", "COMP_CWORD": "1"}
    assert python(program, **words, COMP_WORDS="costwatch al").stdout.split() == [
        "plain,allocate",
        "plain,alerts",
    ]
    options = python(program, **{**words, "COMP_CWORD": "3"}, COMP_WORDS="costwatch cost show --by")
    assert "plain,--by" in options.stdout


ERRORS = [
    (CostwatchError("disk: full; make room"), 1, "costwatch: disk: full; make room\n"),
    (
        UsageError("--week 2026-W60: no such week; name another"),
        2,
        "costwatch: --week 2026-W60: no such week;",
    ),
    (ConfigError(["a:1: x; y", "a:2: z; w"]), 2, "costwatch: a:1: x; y\ncostwatch: a:2: z; w\n"),
    (
        RefusedError(["bill.csv:3: x", "bill.csv:4: y"]),
        1,
        "costwatch: bill.csv:3: x\ncostwatch: bill.csv:4: y\n",
    ),
    (NotifyError("slack: gone", permanent=True), 1, "costwatch: slack: gone\n"),
    (BusyError("lock: another run; try again later"), 75, "costwatch: lock: another run; try again later\n"),
    (CostwatchError("tag '\x1b[2J'"), 1, "costwatch: tag '\\x1b[2J'\n"),
    (
        PermissionError(13, "Permission denied", "/data/x"),
        1,
        "costwatch: /data/x: Permission denied; check the",
    ),
    (click.Abort(), 130, ""),
]


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """What `costwatch status` raises."""
    raised: list[BaseException] = []

    def fail(run: Context) -> None:
        raise raised[0]

    monkeypatch.setattr(Context, "warehouse", property(fail))
    return raised


@pytest.mark.parametrize(("error", "code", "said"), ERRORS, ids=lambda value: type(value).__name__)
def test_an_error_ends_with_its_code_and_no_traceback(
    error: Exception, code: int, said: str, failing: list[BaseException], costwatch: Costwatch
) -> None:
    failing.append(error)
    answer = costwatch("status")
    assert answer.code == code
    assert answer.out == ""
    assert answer.err.startswith(said)
    assert "Traceback" not in answer.err


def test_ctrl_c_ends_with_130_and_no_traceback(failing: list[BaseException], costwatch: Costwatch) -> None:
    failing.append(KeyboardInterrupt())
    answer = costwatch("status")
    assert (answer.code, answer.err.strip()) == (130, "")


def test_a_bug_of_ours_is_one_sentence_without_its_text(
    failing: list[BaseException], costwatch: Costwatch
) -> None:
    failing.append(KeyError("xoxb-secret"))
    answer = costwatch("status")
    assert answer.code == 1
    assert answer.err.startswith("costwatch: unexpected KeyError at ")
    assert "report it" in answer.err
    assert len(answer.err.splitlines()) == 1
    assert "xoxb-secret" not in answer.err


@pytest.mark.parametrize("arguments", [("-v", "status"), ("status", "-v"), ("status", "--verbose")])
def test_v_shows_the_traceback_of_a_bug(
    arguments: tuple[str, ...], failing: list[BaseException], costwatch: Costwatch
) -> None:
    failing.append(KeyError("x"))
    assert "Traceback" in costwatch(*arguments).err


def test_a_reader_that_leaves_is_no_error() -> None:
    program = "from costwatch.cli import main; main()"
    command = [sys.executable, "-c", program, "config", "schema"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""


def test_an_interrupt_from_outside_ends_with_130() -> None:
    program = (
        "import os, signal; from costwatch.commands.context import Context; from costwatch.cli import main\n"
        # A shell lets what it runs in the background ignore it.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        f"Context.warehouse = property(lambda run: os.kill(os.getpid(), {int(signal.SIGINT)})); main()"
    )
    done = python(program, "status")
    assert (done.returncode, done.stderr.strip()) == (130, ""), done.stderr


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", ""])
def test_now_is_a_time(text: str, costwatch: Costwatch) -> None:
    answer = costwatch("--now", text, "status")
    assert answer.code == 2
    assert "is not a time; write it like 2026-11-01T06:00:00Z" in answer.err


@pytest.mark.parametrize("before", [True, False], ids=["before the command", "after the command"])
def test_global_options_stand_on_either_side(before: bool, tmp_path: Path, costwatch: Costwatch) -> None:
    options = ("--db", tmp_path / "x.db", "--now", "2026-01-01T02:00:00+02:00")
    words = (*options, "db", "migrate", "-v") if before else ("db", "migrate", *options, "-v")
    answer = costwatch(*words)
    assert (answer.code, answer.out) == (0, "")
    assert (tmp_path / "x.db").exists()


def test_an_instant_without_a_zone_is_utc_and_others_are_turned_to_it() -> None:
    run = Context(NOW)
    for text in ("2026-01-01T02:00:00+02:00", "2026-01-01", "2026-01-01T00:00:00Z"):
        cli.root.main(["--now", text, "plugins"], standalone_mode=False, obj=run)
        assert run.now.isoformat() == "2026-01-01T00:00:00+00:00"


def test_colours_are_for_terminals(monkeypatch: pytest.MonkeyPatch, costwatch: Costwatch) -> None:
    assert "\x1b[" not in costwatch("plugins").out
    seen = []
    monkeypatch.setattr(click, "echo", lambda *words, **more: seen.append(click.get_current_context().color))
    costwatch("--no-color", "plugins")
    monkeypatch.setenv("NO_COLOR", "1")
    costwatch("plugins")
    assert set(seen) == {False}
