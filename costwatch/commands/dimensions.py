"""Dimensions of ``costwatch.yaml`` on the command line: labels, and an option each."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from costwatch.errors import UsageError

if TYPE_CHECKING:
    from costwatch.commands.context import Context


def configured(context: "Context | None") -> tuple[str, ...]:
    """Their names; where there is no configuration, those that the warehouse knows."""
    if context is None:
        return ()
    try:
        return tuple(context.config.dimensions)
    except UsageError:
        if context.warehouse_name is None:
            return ()
    from costwatch.warehouse.facts.dimensions import dimensions

    with context.warehouse.read() as db:
        return dimensions(db)


def filters(context: "Context", arguments: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """``--product cards`` among what is left of a command line. Raises click's errors for anything else.

    Options are known before any file is read, and these only once ``costwatch.yaml`` is.
    """
    left, names = [*arguments], configured(context) if arguments else ()
    found: dict[str, tuple[str, ...]] = {}
    while left:
        option, sign, value = left.pop(0).partition("=")
        label = option.removeprefix("--").replace("-", "_")
        if not option.startswith("-"):
            raise click.UsageError(f"Got unexpected extra argument ({option})", click.get_current_context())
        if not option.startswith("--") or label not in names:
            raise _no_such(option, names)
        if not sign and (not left or left[0].startswith("-")):
            raise click.BadOptionUsage(option, f"Option {option!r} requires an argument.")
        found[label] = (*found.get(label, ()), value if sign else left.pop(0))
    return found


def _no_such(option: str, names: Sequence[str]) -> click.NoSuchOption:
    from difflib import get_close_matches

    context = click.get_current_context()
    known = [name for each in context.command.params for name in each.opts if name.startswith("--")]
    known += [f"--{name.replace('_', '-')}" for name in names]
    return click.NoSuchOption(option, possibilities=sorted(get_close_matches(option, known)), ctx=context)
