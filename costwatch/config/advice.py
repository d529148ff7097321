"""What is no mistake, and seldom meant: said by ``costwatch check``, which lets it pass."""

from collections.abc import Iterable, Iterator

from costwatch.alerts.intervals import NamedTimeInterval
from costwatch.alerts.routing import Route, resolve
from costwatch.config.quote import quoted
from costwatch.model import COST_METRICS, Severity
from costwatch.plugins import Rule, selections_of

_OF_SETTLED_DAYS = (*COST_METRICS, "budget", "tagging_cost", "unit_cost")


def pages_for_old_costs(
    rules: Iterable[Rule], route: Route, intervals: Iterable[NamedTimeInterval]
) -> Iterator[str]:
    """Rules that page at any hour for a settled cost: that is days old, and could have waited."""
    root = resolve(route, intervals)
    for rule in rules:
        is_old = getattr(rule, "settle", "settled") == "settled" and any(
            one.query in _OF_SETTLED_DAYS for one in selections_of(rule)
        )
        if rule.severity is not Severity.PAGE or not is_old:
            continue
        labels = {**rule.labels, "rule": rule.name, "severity": str(rule.severity)}
        if any(not (node.mute_time_intervals or node.active_time_intervals) for node in root.match(labels)):
            yield (
                f"rule {quoted(rule.name)} pages at any hour for settled costs, which are days old; give its "
                "route 'active_time_intervals', the rule 'settle: estimated', or another severity"
            )
