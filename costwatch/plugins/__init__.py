"""The three doors: collectors, rules, notifiers. Built-ins come through them like everyone else.

A plugin is a frozen ``Settings`` model: its fields are its YAML keys, its docstring is its manual.
It is registered under its kind in the entry-point group ``costwatch.collectors``,
``costwatch.rules`` or ``costwatch.notifiers`` and only loaded when a file names that kind.
"""

from costwatch.plugins.collectors import Collector, CollectorSettings, PaidCollector, SpendLimit
from costwatch.plugins.facts import RECENT_DAYS, Snapshot, matching, recent
from costwatch.plugins.notifiers import Forwarder, Interactive, Notifier, Publisher, Receiver
from costwatch.plugins.pages import Page
from costwatch.plugins.registry import COLLECTORS, GROUPS, NOTIFIERS, PAGES, RULES, load, registered
from costwatch.plugins.rules import Rule, RuleSettings
from costwatch.plugins.settings import Duration, Settings, parse_duration
from costwatch.plugins.splits import Match, SplitSettings

__all__ = [
    "COLLECTORS",
    "GROUPS",
    "NOTIFIERS",
    "PAGES",
    "RECENT_DAYS",
    "RULES",
    "Collector",
    "CollectorSettings",
    "Duration",
    "Forwarder",
    "Interactive",
    "Match",
    "Notifier",
    "Page",
    "PaidCollector",
    "Publisher",
    "Receiver",
    "Rule",
    "RuleSettings",
    "Settings",
    "Snapshot",
    "SpendLimit",
    "SplitSettings",
    "load",
    "matching",
    "parse_duration",
    "recent",
    "registered",
]
