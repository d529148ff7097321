"""Options that several commands share, and the types of their values."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import click

from costwatch.errors import UsageError

if TYPE_CHECKING:
    from costwatch.model import Window

_Command = TypeVar("_Command", bound=Callable[..., Any])


class Day(click.ParamType[date]):
    """A UTC day."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """2026-11-01 as a date."""
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a day; write it like 2026-11-01", param, ctx)


class Month(click.ParamType[date]):
    """A calendar month."""

    name = "month"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """2026-11 as its first day."""
        try:
            return date.fromisoformat(f"{value}-01")
        except ValueError:
            self.fail(f"{value!r} is not a month; write it like 2026-11", param, ctx)


class Instant(click.ParamType[datetime]):
    """A point in time; without a zone it is UTC."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """2026-11-01 or 2026-11-01T06:00:00Z, in UTC."""
        try:
            instant = datetime.fromisoformat(value)
            return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is not a time; write it like 2026-11-01T06:00:00Z", param, ctx)


class Span(click.ParamType[timedelta]):
    """A Prometheus duration."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """3d or 12h as a timedelta."""
        from costwatch.plugins import parse_duration

        try:
            return parse_duration(value)
        except ValueError as error:
            self.fail(f"{value!r} {error}", param, ctx)


class End(click.ParamType["timedelta | datetime"]):
    """When something ends: after a duration, or at a point in time."""

    name = "end"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> "timedelta | datetime":
        """2h as a timedelta; 2026-12-05 or 2026-12-05T18:00:00Z as an instant, in UTC."""
        text = str(value)
        if "-" in text[1:]:
            return Instant().convert(text, param, ctx)
        return Span().convert(text, param, ctx)


def span_to(end: "timedelta | datetime", start: datetime) -> timedelta:
    """How long an ``End`` is after ``start``."""
    return end - start.replace(microsecond=0) if isinstance(end, datetime) else end


class Label(click.ParamType[str]):
    """What cost can be grouped by: one of ``DIMENSIONS``, or what only lines know, such as ``tag:team``."""

    name = "label"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The label as it is."""
        from difflib import get_close_matches

        from costwatch.commands.dimensions import configured
        from costwatch.cost.line_labels import KEYED_LABELS, LINE_LABELS, is_of_lines
        from costwatch.model import DIMENSIONS, KEYED_DIMENSIONS, is_dimension

        label = str(value)
        if is_dimension(label) or is_of_lines(label):
            return label
        names = configured(ctx.obj if ctx else None)
        if label in names:
            return label
        keyed = (f"{name}:KEY" for name in (*KEYED_DIMENSIONS, *KEYED_LABELS))
        known = [*DIMENSIONS, *names, *LINE_LABELS, *keyed]
        near = get_close_matches(label, known, 1)
        asked = f"; did you mean {near[0]!r}?" if near else ""
        self.fail(f"{label!r} is not one of {', '.join(map(repr, known))}{asked}", param, ctx)


class Entry(click.ParamType[tuple[str, str]]):
    """A key and a value with an equals sign between."""

    name = "key=value"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """``team=risk`` as its two parts; the value may be empty, which is asked for what has none."""
        key, sign, wanted = str(value).partition("=")
        if not (key and sign):
            self.fail(f"{value!r} has no '='; write it like team=risk", param, ctx)
        return key, wanted


class Period(click.ParamType[str]):
    """The billing period that starts on a day."""

    name = "period"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """2026-10 or 2026-10-01 as the day's ISO text."""
        text = str(value)
        try:
            return date.fromisoformat(f"{text}-01" if len(text) == len("2026-10") else text).isoformat()
        except ValueError:
            self.fail(f"{text!r} is no billing period; write it like 2026-10", param, ctx)


def _set(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    if value and param.name:
        setattr(ctx.obj, param.name, value)


def _verbose(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    _set(ctx, param, value)
    if value:
        import logging

        logging.basicConfig(format="%(name)s: %(message)s")
        logging.getLogger("costwatch").setLevel(logging.DEBUG)


def _uncoloured(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    import os

    if value or os.environ.get("NO_COLOR"):
        ctx.color = False


def global_options(*, hidden: bool = False) -> list[click.Parameter]:
    """Options of the whole program. They set the ``Context`` and are passed to no command."""
    path = click.Path(dir_okay=False)
    # Eager: what other options mean may depend on these files.
    table: tuple[tuple[tuple[str, ...], dict[str, Any]], ...] = (
        (
            ("-c", "--config", "config_name"),
            {"type": path, "is_eager": True, "help": "costwatch.yaml to use."},
        ),
        (
            ("--db", "warehouse_name"),
            {"type": path, "is_eager": True, "help": "Warehouse to use, not the configured one."},
        ),
        (
            ("--now", "pretended"),
            {"type": Instant(), "help": "Act as at this time; UTC unless it names a zone."},
        ),
        (
            ("-v", "--verbose"),
            {"is_flag": True, "callback": _verbose, "help": "Say what was done; show tracebacks."},
        ),
        (("-q", "--quiet"), {"is_flag": True, "help": "Only say what went wrong."}),
        (("--no-color",), {"is_flag": True, "callback": _uncoloured, "help": "As NO_COLOR does."}),
    )
    shared = {"expose_value": False, "hidden": hidden, "callback": _set}
    return [click.Option(names, **{**shared, **settings}) for names, settings in table]


class Command(click.Command):
    """A command. The options of the whole program may stand after its name, too."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.params.extend(global_options(hidden=True))


class Subject(click.Group):
    """A group of commands about one thing."""

    command_class = Command

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order they are written."""
        return list(self.commands)


def window_options(text: str) -> Callable[[_Command], _Command]:
    """``--from`` and ``--to`` as ``first`` and ``after``; ``text`` says what they bound."""

    def decorated(command: _Command) -> _Command:
        command = click.option(
            "--to", "after", type=Day(), metavar="DAY", help="UTC day that ends it, not included."
        )(command)
        return click.option(
            "--from", "first", type=Day(), metavar="DAY", help=f"First UTC day of {text}, included."
        )(command)

    return decorated


def window_of(first: date | None, after: date | None, now: datetime) -> "Window | None":
    """The days from ``first`` (None: ever) up to ``after`` (None: now); None where neither is given."""
    if first is None and after is None:
        return None
    from costwatch.model import Window, midnight

    require_order(first, after)
    start = datetime(1970, 1, 1, tzinfo=UTC) if first is None else midnight(first)
    return Window(start, max(start, now) if after is None else midnight(after))


def require_order(first: date | None, after: date | None) -> None:
    """Raises UsageError for a window that holds no day."""
    if first is not None and after is not None and first >= after:
        raise UsageError(
            f"--from {first} --to {after}: holds no day; --to is not included, so name a later one"
        )


last_option = click.option(
    "--last", type=Span(), metavar="DURATION", help="The whole days before today, such as 30d."
)


def asked_days(
    command: str, first: date | None, after: date | None, last: timedelta | None, now: datetime
) -> tuple[date | None, date | None]:
    """The days from ``first`` up to ``after``, or the whole ones before today that ``last`` holds.

    None: not named. Raises UsageError for both, and for a window that holds no day.
    """
    if last is None:
        require_order(first, after)
        return first, after
    if first or after:
        raise UsageError(f"{command}: --last and --from/--to exclude each other; choose one")
    return now.date() - max(last, timedelta(days=1)), now.date()


json_option = click.option("--json", "as_json", is_flag=True, help="JSON, for programs.")


def _os_user() -> str:
    from getpass import getuser

    try:
        return getuser()
    except (ImportError, KeyError, OSError):
        raise UsageError("--who: the system knows no name of this user; name one") from None


who_option = click.option(
    "--who", default=_os_user, metavar="NAME", help="Who does it; by default the user of the system."
)
comment_option = click.option("--comment", default="", help="What others should know of it.")
until_option = click.option(
    "--for",
    "--until",
    "end",
    type=End(),
    metavar="DURATION|TIME",
    help="How long, such as 4h; or until when.",
)
reason_option = click.option(
    "--comment",
    "--reason",
    "comment",
    default="",
    metavar="TEXT",
    help="Why, for those who miss the messages.",
)
