"""What a command knows besides its own options: configuration, warehouse, instant, how loud to be."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

import click

from costwatch.commands.output import line
from costwatch.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from costwatch.config import Config
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

    def last_good_alerts(self) -> "tuple[AlertRules, ConfigError | None]":
        """The rules to go on with: those of the file or, while it has mistakes, of when it last had none.

        Raises ConfigError where it never was without mistakes.
        """
        from costwatch.config import Names, load_kept_alerts
        from costwatch.warehouse.alerts.alerts import keep_rules, kept_rules

        try:
            alerts = self.alerts
        except ConfigError as mistakes:
            kept = None
            if self.warehouse.exists:
                with self.warehouse.read() as db:
                    kept = kept_rules(db)
            if kept is None:
                raise
            # What costwatch.yaml named then is not held against what it names now: it goes on.
            now = self.config.names
            names = Names(now.teams, dimensions=now.dimensions, prometheus=now.prometheus)
            return load_kept_alerts(kept, self.config.alerts, names), mistakes
        if self.warehouse.exists:
            with self.warehouse.write() as db:
                keep_rules(db, alerts.text, self.now)
        return alerts, None

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
