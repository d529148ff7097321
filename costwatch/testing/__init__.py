"""Conformance suites and fakes for plugins, ours and yours. Call them from a test of any framework.

* ``check_collector``, ``check_rule``, ``check_notifier`` and ``check_split`` take a plugin as a file would
  configure it, put it through everything the program relies on, and raise AssertionError with a sentence.
* ``FakeSnapshot``, ``daily`` and ``Example`` give a rule facts to look at.
* ``an_alert`` and ``a_group`` are messages for a notifier.
* ``a_weighing``, ``FakeBatches`` and ``SplitExample`` give a split charges to weigh.
"""

from costwatch.testing.collectors import check_collector
from costwatch.testing.notifiers import a_group, an_alert, check_notifier
from costwatch.testing.rules import Example, FakeSnapshot, check_rule, daily
from costwatch.testing.splits import FakeBatches, SplitExample, a_weighing, check_split

__all__ = [
    "Example",
    "FakeBatches",
    "FakeSnapshot",
    "SplitExample",
    "a_group",
    "a_weighing",
    "an_alert",
    "check_collector",
    "check_notifier",
    "check_rule",
    "check_split",
    "daily",
]
