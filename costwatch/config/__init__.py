"""``costwatch.yaml`` and ``alerts.yaml``: read once, at the edge, into what the steps take as arguments."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from costwatch.allocation.splits.owner import OwnerPool
from costwatch.config.consistency import check_config, check_tables
from costwatch.config.drivers import with_sources
from costwatch.config.editor import default_text, schema
from costwatch.config.files import UI, Config
from costwatch.config.including import read_whole
from costwatch.config.kinds import loaded
from costwatch.config.models import parsed
from costwatch.config.names import NO_NAMES, Names, names_of
from costwatch.config.tree import MAX_MISTAKES, Mistakes, Tree, kept_tree, shown
from costwatch.errors import ConfigError, UsageError
from costwatch.plugins import COLLECTORS, NOTIFIERS, RULES, SPLITS

__all__ = [
    "UI",
    "Config",
    "Names",
    "check",
    "default_text",
    "find_config",
    "load_alerts",
    "load_config",
    "load_kept_alerts",
    "load_kept_config",
    "schema",
]

if TYPE_CHECKING:
    from costwatch.config.alert_rules import AlertRules

# What files may hold that these files include.
IN_CONFIG = ("budgets", "teams", "systems")
IN_ALERTS = ("rules", "tests")


def load_config(file: Path) -> Config:
    """Read ``costwatch.yaml``. Raises ConfigError with all its mistakes."""
    mistakes = Mistakes(file, MAX_MISTAKES)
    config = _config(read_whole(file, mistakes, IN_CONFIG), file.absolute(), mistakes)
    if config is None or mistakes:
        raise ConfigError(list(mistakes))
    return config


def load_alerts(file: Path, names: Names | None = None) -> "AlertRules":
    """Read ``alerts.yaml``. Raises ConfigError with all its mistakes.

    names: what ``costwatch.yaml`` names (``Config.names``), and only that may be named again; None: anything.
    """
    mistakes = Mistakes(file, MAX_MISTAKES)
    tree = read_whole(file, mistakes, IN_ALERTS)
    rules = _alerts(tree, file.absolute(), mistakes, names or NO_NAMES)
    if rules is None or mistakes:
        raise ConfigError(list(mistakes))
    return rules


def load_kept_config(text: str, file: Path) -> Config:
    """Read ``costwatch.yaml``, once at ``file``, from what ``Config.text`` was. Raises ConfigError."""
    mistakes = Mistakes(file)
    config = _config(kept_tree(text, mistakes), file.absolute(), mistakes)
    if config is None or mistakes:
        raise ConfigError(list(mistakes))
    return config


def load_kept_alerts(text: str, file: Path, names: Names) -> "AlertRules":
    """Read ``alerts.yaml``, once at ``file``, from what ``AlertRules.text`` was. Raises ConfigError."""
    mistakes = Mistakes(file, MAX_MISTAKES)
    rules = _alerts(kept_tree(text, mistakes), file.absolute(), mistakes, names)
    if rules is None or mistakes:
        raise ConfigError(list(mistakes))
    return rules


def check(file: Path) -> list[str]:
    """All mistakes of ``costwatch.yaml`` at ``file`` and of the rules file it names; none: both are good."""
    mistakes = Mistakes(file, MAX_MISTAKES)
    try:
        tree = read_whole(file, mistakes, IN_CONFIG)
        config = _config(tree, file.absolute(), mistakes)
        of_slos, slos = _slos(config, tree, mistakes)
    except ConfigError as too_many:
        return [*too_many.mistakes]
    named = tree.root.get("alerts") if tree else None
    beside = file.parent / (named if isinstance(named, str) else "alerts.yaml")
    alerts_file = config.alerts if config else beside
    of_alerts: Iterable[str] = ()
    if file.exists():
        names = replace(names_of(tree), slos=slos)
        of_alerts = _mistakes_of_alerts(alerts_file, names)
    return [*mistakes, *of_alerts, *of_slos]


def _mistakes_of_alerts(file: Path, names: Names) -> Iterable[str]:
    mistakes = Mistakes(file, MAX_MISTAKES)
    try:
        _alerts(read_whole(file, mistakes, IN_ALERTS), file.absolute(), mistakes, names)
    except ConfigError as too_many:
        return too_many.mistakes
    return mistakes


def _slos(
    config: Config | None, tree: Tree | None, mistakes: Mistakes
) -> tuple[Sequence[str], tuple[str, ...] | None]:
    """Mistakes of the files of SLOs, and what their SLOs are called; None where a mistake hides some."""
    if not config or not tree or not config.slos:
        return (), () if config and tree else None
    from costwatch.config.slos.asking import not_asked_once, unknown_names

    loaded_slos, known = config.loaded_slos, config.loaded_slos.objectives
    for line, text in unknown_names(tree, known):
        mistakes.add(line, text)
    folder = config.file.parent
    unasked = [
        f"{shown(folder / one.file)}:{one.line}: {text}"
        for one, text in not_asked_once(config.sources, known)
    ]
    names = dict.fromkeys(name for one in known for name in (one.id, one.name))
    return [*loaded_slos.mistakes, *unasked], None if loaded_slos.mistakes else tuple(names)


def find_config(explicit: Path | None = None) -> Path:
    """``explicit``, else what ``COSTWATCH_CONFIG`` names, else ``costwatch.yaml`` here. Raises UsageError."""
    named = os.environ.get("COSTWATCH_CONFIG")
    file = explicit or Path(named or "costwatch.yaml")
    if not file.is_file():
        by = "" if explicit or not named else " (from COSTWATCH_CONFIG)"
        raise UsageError(
            f"{file}{by}: no such file; `costwatch init` writes one, `costwatch demo` needs none, -c names it"
        )
    return file


def _config(tree: Tree | None, file: Path, mistakes: Mistakes) -> Config | None:
    if tree is None:
        return None
    names = names_of(tree)
    sources = loaded(tree, ("sources",), COLLECTORS, file.parent, mistakes, names=names)
    pools = loaded(tree, ("pools",), SPLITS, file.parent, mistakes, key="split", names=names)
    known = {
        "file": file,
        "root": tree.root,
        "folder": file.parent,
        "names": names,
        "dimensions": names.dimensions,
        "sources": sources,
        "pools": with_sources(pools, sources),
    }
    config = parsed(Config, tree, mistakes, known)
    for line, text in chain(check_config(tree), check_tables(tree, sources)):
        mistakes.add(line, text)
    return config and _with_charges(config)


def _with_charges(config: Config) -> Config:
    """With a source that delivers what ``charges`` says."""
    if not config.charges:
        return config
    from collectors.charges import Charges  # seldom needed

    owned_by = [key for pool in config.pools if isinstance(pool, OwnerPool) for key in pool.tags]
    source = Charges(charges=config.charges, owner_tags=tuple(dict.fromkeys(["team", *owned_by])))
    return config.model_copy(update={"sources": (*config.sources, source)})


def _alerts(tree: Tree | None, file: Path, mistakes: Mistakes, names: Names) -> "AlertRules | None":
    if tree is None:
        return None
    from costwatch.config.alert_consistency import check_alerts, check_receivers, check_rules
    from costwatch.config.alert_rules import AlertRules, defaults_of  # here: half of the commands do without

    rules = loaded(tree, ("rules",), RULES, file.parent, mistakes, names=names, defaults=defaults_of(tree))
    receivers = loaded(tree, ("receivers",), NOTIFIERS, file.parent, mistakes, names=names)
    known = {"file": file, "rules": rules, "receivers": receivers, "root": tree.root, "tree": tree}
    read_rules = parsed(AlertRules, tree, mistakes, known)
    across = chain(check_alerts(tree), check_rules(tree, rules, names), check_receivers(tree, receivers))
    for line, text in across:
        mistakes.add(line, text)
    return read_rules
