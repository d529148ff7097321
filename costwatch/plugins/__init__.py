"""The doors: collectors, rules, notifiers, splits, facts. Built-ins come through them like everyone else.

A plugin is a frozen ``Settings`` model: its fields are its YAML keys, its docstring is its manual.
It is registered under its kind in the entry-point group ``costwatch.collectors``,
``costwatch.rules``, ``costwatch.notifiers`` or ``costwatch.splits`` and only loaded when a file names
that kind. What can be asked of the warehouse is a ``FactQuery``, an object in the group
``costwatch.facts``.
"""

from costwatch.plugins.collectors import (
    Collector,
    CollectorSettings,
    DatedCollector,
    PaidCollector,
    SpendLimit,
)
from costwatch.plugins.context import PluginContext
from costwatch.plugins.facts import (
    RECENT_DAYS,
    FactQuery,
    Rates,
    Reader,
    Snapshot,
    Sums,
    fact_query,
    recent,
    unknown_name,
)
from costwatch.plugins.markers import MARKERS, link_of, marker_rows
from costwatch.plugins.matching import Indexed, matching
from costwatch.plugins.notifiers import Forwarder, Interactive, Notifier, Publisher, Receiver
from costwatch.plugins.pages import Page
from costwatch.plugins.registry import (
    COLLECTORS,
    FACTS,
    GROUPS,
    NOTIFIERS,
    PAGES,
    RULES,
    SPLITS,
    load,
    registered,
)
from costwatch.plugins.rules import (
    MatchedValues,
    Rule,
    RuleSettings,
    Selection,
    WholeDays,
    accepted,
    one_of,
    queries_of,
    selections_of,
)
from costwatch.plugins.settings import Duration, Settings, duration_text, parse_duration
from costwatch.plugins.splits import (
    KEY_COLUMNS,
    Batches,
    Carried,
    Input,
    Match,
    Measured,
    Over,
    Span,
    Split,
    SplitSettings,
    Weighing,
    Weight,
    Weights,
    tags_of,
    tags_text,
)
from costwatch.plugins.tables import WINDOW_COLUMNS, ColumnType, Table

__all__ = [
    "COLLECTORS",
    "FACTS",
    "GROUPS",
    "KEY_COLUMNS",
    "MARKERS",
    "NOTIFIERS",
    "PAGES",
    "RECENT_DAYS",
    "RULES",
    "SPLITS",
    "WINDOW_COLUMNS",
    "Batches",
    "Carried",
    "Collector",
    "CollectorSettings",
    "ColumnType",
    "DatedCollector",
    "Duration",
    "FactQuery",
    "Forwarder",
    "Indexed",
    "Input",
    "Interactive",
    "Match",
    "MatchedValues",
    "Measured",
    "Notifier",
    "Over",
    "Page",
    "PaidCollector",
    "PluginContext",
    "Publisher",
    "Rates",
    "Reader",
    "Receiver",
    "Rule",
    "RuleSettings",
    "Selection",
    "Settings",
    "Snapshot",
    "Span",
    "SpendLimit",
    "Split",
    "SplitSettings",
    "Sums",
    "Table",
    "Weighing",
    "Weight",
    "Weights",
    "WholeDays",
    "accepted",
    "duration_text",
    "fact_query",
    "link_of",
    "load",
    "marker_rows",
    "matching",
    "one_of",
    "parse_duration",
    "queries_of",
    "recent",
    "registered",
    "selections_of",
    "tags_of",
    "tags_text",
    "unknown_name",
]
