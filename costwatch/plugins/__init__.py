"""The doors: collectors, rules, notifiers, splits. Built-ins come through them like everyone else.

A plugin is a frozen ``Settings`` model: its fields are its YAML keys, its docstring is its manual.
It is registered under its kind in the entry-point group ``costwatch.collectors``,
``costwatch.rules``, ``costwatch.notifiers`` or ``costwatch.splits`` and only loaded when a file names
that kind.
"""

from costwatch.plugins.collectors import Collector, CollectorSettings, PaidCollector, SpendLimit
from costwatch.plugins.facts import RECENT_DAYS, Snapshot, matching, recent
from costwatch.plugins.notifiers import Notifier
from costwatch.plugins.pages import Page
from costwatch.plugins.registry import COLLECTORS, GROUPS, NOTIFIERS, PAGES, RULES, SPLITS, load, registered
from costwatch.plugins.rules import Rule, RuleSettings
from costwatch.plugins.settings import Duration, Settings, parse_duration
from costwatch.plugins.splits import (
    KEY_COLUMNS,
    Batches,
    Carried,
    Input,
    Match,
    Span,
    Split,
    SplitSettings,
    Weighing,
    Weight,
    Weights,
)

__all__ = [
    "COLLECTORS",
    "GROUPS",
    "KEY_COLUMNS",
    "NOTIFIERS",
    "PAGES",
    "RECENT_DAYS",
    "RULES",
    "SPLITS",
    "Batches",
    "Carried",
    "Collector",
    "CollectorSettings",
    "Duration",
    "Input",
    "Match",
    "Notifier",
    "Page",
    "PaidCollector",
    "Rule",
    "RuleSettings",
    "Settings",
    "Snapshot",
    "Span",
    "SpendLimit",
    "Split",
    "SplitSettings",
    "Weighing",
    "Weight",
    "Weights",
    "load",
    "matching",
    "parse_duration",
    "recent",
    "registered",
]
