"""Conformance suites and fakes for plugins, ours and yours. Call them from a test of any framework.

* ``check_collector``, ``check_rule``, ``check_notifier``, ``check_forwarder``, ``check_publisher`` and
  ``check_split`` take a plugin as a file would configure it, put it through everything the program relies
  on, and raise AssertionError with a sentence; ``check_query`` does so with what can be asked.
* ``FakeSnapshot``, ``daily``, ``points`` and ``Example`` give a rule facts to look at.
* ``an_alert``, ``a_group`` and ``a_report`` are what receivers are sent.
* ``a_weighing``, ``FakeBatches`` and ``SplitExample`` give a split charges to weigh.
"""

from costwatch.testing.collectors import check_collector
from costwatch.testing.facts import FakeSnapshot, check_query, daily, points
from costwatch.testing.notifiers import (
    a_group,
    a_report,
    an_alert,
    check_forwarder,
    check_notifier,
    check_publisher,
)
from costwatch.testing.rules import Example, check_rule
from costwatch.testing.splits import FakeBatches, SplitExample, a_weighing, check_split

__all__ = [
    "Example",
    "FakeBatches",
    "FakeSnapshot",
    "SplitExample",
    "a_group",
    "a_report",
    "a_weighing",
    "an_alert",
    "check_collector",
    "check_forwarder",
    "check_notifier",
    "check_publisher",
    "check_query",
    "check_rule",
    "check_split",
    "daily",
    "points",
]
