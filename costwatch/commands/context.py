"""What a command knows besides its own options: configuration, warehouse, instant, how loud to be."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

import click

from costwatch.commands.output import line

if TYPE_CHECKING:
    from pathlib import Path

    from costwatch.commands.last_good import Mistakes
    from costwatch.config import Config, Names
    from costwatch.config.alert_rules import AlertRules
    from costwatch.model import Progress
    from costwatch.warehouse.store import Warehouse


class Context:
    """One run of the program; the global options fill it in. Files are read when first asked for.

    clock: when the program was started (UTC); pretended: what --now says instead.
    """

    def __init__(self, clock: datetime) -> None:
        self.clock = clock
        self.pretended: datetime | None = None
        self.config_name: str | None = None
        self.warehouse_name: str | None = None
        self.verbose = False
        self.quiet = False

    @property
    def now(self) -> datetime:
        """--now, else the clock (UTC)."""
        return self.pretended or self.clock

    @property
    def config_file(self) -> "Path":
        """-c, or what is found without it. Raises UsageError if that is nothing."""
        from pathlib import Path

        from costwatch.config import find_config

        return find_config(Path(self.config_name) if self.config_name else None)

    @cached_property
    def config(self) -> "Config":
        """costwatch.yaml. Raises ConfigError with all its mistakes."""
        from costwatch.config import load_config

        return load_config(self.config_file)

    @cached_property
    def alerts(self) -> "AlertRules":
        """The rules file that costwatch.yaml names. Raises ConfigError with all its mistakes."""
        from costwatch.config import load_alerts

        return load_alerts(self.config.alerts, self.config.names)

    def last_good_alerts(self) -> "tuple[AlertRules, Mistakes]":
        """The rules to go on with, and the mistakes of files that are not gone by (``last_good``)."""
        from costwatch.commands.last_good import last_good

        return last_good(self)

    def rules_as_far_as_known(self) -> "AlertRules | None":
        """The rules to go on with, for what can do without them; None: none without mistakes."""
        from costwatch.commands.last_good import last_good
        from costwatch.errors import CostwatchError

        try:
            return last_good(self, keep=False)[0]
        except CostwatchError:
            return None

    def names_as_far_as_known(self) -> "Names":
        """What costwatch.yaml names, for what can do without it; nothing while it has mistakes."""
        from costwatch.config import Names
        from costwatch.errors import UsageError

        try:
            return self.config.names
        except UsageError:
            return Names()

    @cached_property
    def warehouse(self) -> "Warehouse":
        """--db, else what costwatch.yaml names."""
        from pathlib import Path

        from costwatch.warehouse.store import Warehouse

        return Warehouse(Path(self.warehouse_name) if self.warehouse_name else self.config.warehouse)

    def note_worked(self, step: str) -> None:
        """Keep that a step went through now."""
        from costwatch.warehouse.steps import note_step

        with self.warehouse.write() as db:
            note_step(db, step, self.now)

    @property
    def talks(self) -> bool:
        """Whether success is worth a word: to a person, or with -v; never from cron."""
        return not self.quiet and (self.verbose or sys.stderr.isatty())

    def say(self, message: str) -> None:
        """A message of success, to stderr."""
        if self.talks:
            line(message, err=True)

    @contextmanager
    def working(self, what: str) -> "Iterator[Progress]":
        """Show on a terminal that long work goes on, and how far it is where what this yields is told."""
        from costwatch.model import untold

        if self.quiet or not sys.stderr.isatty():
            yield untold
            return
        from rich import progress
        from rich.console import Console

        columns = (
            progress.TextColumn("{task.description}"),
            progress.BarColumn(),
            progress.TimeElapsedColumn(),
        )
        with progress.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(what, total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)


pass_context = click.make_pass_decorator(Context)
