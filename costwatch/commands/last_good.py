"""What to go on with while a configuration file has mistakes: the file as it was when it last had none."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from costwatch.commands.output import complain
from costwatch.errors import ConfigError

if TYPE_CHECKING:
    from costwatch.commands.context import Context
    from costwatch.config import Config, Names
    from costwatch.config.alert_rules import AlertRules

Mistakes = Mapping[str, tuple[str, ...]]  # by the name of the file; empty: there are none
_WAREHOUSE = re.compile(r"""^warehouse:[ \t]*["']?([^"'#\r\n]+)""", re.MULTILINE)


def config_to_go_on_with(context: "Context") -> "Config":
    """``context.config`` or, while it has mistakes, what it was without. Raises ConfigError."""
    try:
        return context.config
    except ConfigError as error:
        return _kept_config(context, context.config_file, error)


def last_good(context: "Context", *, keep: bool = True) -> "tuple[AlertRules, Mistakes]":
    """The rules to go on with, ``context.config`` being that, too, and the mistakes of files not gone by.

    keep: files without mistakes become the last good ones. Raises ConfigError where a file has mistakes that
    never was without any.
    """
    mistakes: dict[str, tuple[str, ...]] = {}
    try:
        config = context.config
    except ConfigError as error:
        file = context.config_file
        config = _kept_config(context, file, error)
        context.config = config
        mistakes[file.name] = error.mistakes
    alerts = _alerts(context, config, mistakes)
    if keep and context.warehouse.exists:
        _keep(context, config, alerts, mistakes)
    return alerts, mistakes


def after(context: "Context", mistakes: Mistakes) -> int:
    """Tell the mistakes of files that were not gone by, and how to end then."""
    for file, told in mistakes.items():
        for mistake in told:
            complain(mistake)
        what = "settings" if file == context.config_file.name else "rules"
        complain(f"the {what} of when the file last had no mistake go on; mend it, then run: costwatch check")
    return ConfigError.exit_code if mistakes else 0


def _alerts(context: "Context", config: "Config", mistakes: dict[str, tuple[str, ...]]) -> "AlertRules":
    from costwatch.config import load_alerts, load_kept_alerts
    from costwatch.warehouse.alerts.alerts import kept_rules

    try:
        # What an older costwatch.yaml named is not held against what alerts.yaml names now, nor the reverse.
        return load_alerts(config.alerts, _lenient(config)) if mistakes else context.alerts
    except ConfigError as error:
        kept = None
        if context.warehouse.exists:
            with context.warehouse.read() as db:
                kept = kept_rules(db)
        if kept is None:
            raise
        mistakes[config.alerts.name] = error.mistakes
        return load_kept_alerts(kept, config.alerts, _lenient(config))


def _lenient(config: "Config") -> "Names":
    from costwatch.config import Names

    now = config.names
    return Names(now.teams, dimensions=now.dimensions, prometheus=now.prometheus)


def _kept_config(context: "Context", file: Path, error: ConfigError) -> "Config":
    from costwatch.config import load_kept_config
    from costwatch.warehouse.alerts.alerts import kept_config
    from costwatch.warehouse.store import Warehouse

    warehouse = Warehouse(Path(context.warehouse_name) if context.warehouse_name else _warehouse_of(file))
    if not warehouse.exists:
        raise error
    with warehouse.read() as db:
        kept = kept_config(db)
    if kept is None:
        raise error
    try:
        return load_kept_config(kept, file)
    except ConfigError:  # of an older version of costwatch, say
        raise error from None


def _warehouse_of(file: Path) -> Path:
    """Where the warehouse is, as far as a file with mistakes tells."""
    try:
        named = _WAREHOUSE.search(file.read_text(encoding="utf-8", errors="replace"))
        return file.parent / Path(named[1].strip() if named else "costwatch.db").expanduser()
    except (OSError, RuntimeError):
        return file.parent / "costwatch.db"


def _keep(context: "Context", config: "Config", alerts: "AlertRules", mistakes: Mistakes) -> None:
    from costwatch.warehouse.alerts.alerts import keep_config, keep_rules

    with context.warehouse.write() as db:
        if context.config_file.name not in mistakes:
            keep_config(db, config.text, context.now)
        if not mistakes:
            keep_rules(db, alerts.text, context.now)
