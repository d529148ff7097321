"""``costwatch alerts routes``: where alerts go, and why not elsewhere."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from costwatch.commands.alerts_list import routing_of
from costwatch.commands.context import Context, pass_context
from costwatch.commands.options import Command, Entry, json_option
from costwatch.commands.output import complain, line, print_json

if TYPE_CHECKING:
    from costwatch.alerts.intervals import NamedTimeInterval
    from costwatch.alerts.route_choice import Choice
    from costwatch.alerts.routing import Node
    from costwatch.model import Alert

_KEYS = ("group_wait", "group_interval", "repeat_interval")


@click.command("routes", cls=Command)
@click.argument("labels", nargs=-1, type=Entry(), metavar="[LABEL=VALUE...]")
@json_option
@pass_context
def show_routes(context: Context, labels: tuple[tuple[str, str], ...], as_json: bool) -> None:
    """Show where alerts go: the routes with their receivers, and what becomes of each alert that fires.

    With labels, what would become of an alert that has them: which routes take it, and why not the others.
    A route has what its parent has; only what differs is shown.

    \b
    Example: costwatch alerts routes
             costwatch alerts routes severity=page team=ml
    """
    routing = routing_of(context)
    root = routing.root if routing else _root_with_mistakes(context)
    if labels:
        _show_choice(context, root, dict(labels), as_json=as_json)
        return
    alerts = _firing(context)
    if as_json:
        routes = [_as_json(node, depth, context.now) for node, depth in _every(root)]
        told = [
            {"fingerprint": alert.fingerprint, "labels": dict(alert.labels), "routes": _chosen(root, alert)}
            for alert in alerts
        ]
        print_json({"routes": routes, "alerts": told})
        return
    above: dict[int, Node] = {}
    for node, depth in _every(root):
        above[depth] = node
        line("  " * depth + _described(node, above.get(depth - 1) if depth else None, context.now))
    click.echo(f"{len(alerts)} firing" if alerts else "nothing fires")
    for alert in alerts:
        line(f"  {alert.fingerprint} {alert.rule}: {_sentence(root, dict(alert.labels))}")


def _root_with_mistakes(context: Context) -> "Node":
    """Raises ConfigError with what is wrong with the rules file, or UsageError where there is none."""
    from costwatch.alerts.routing import resolve

    return resolve(context.alerts.route, context.alerts.time_intervals)


def _firing(context: Context) -> "list[Alert]":
    from costwatch.answers.alert_details import ranked
    from costwatch.warehouse.alerts.alerts import current_alerts

    if not context.warehouse.exists:
        return []
    with context.warehouse.read() as db:
        return ranked(alert for alert in current_alerts(db, context.now).values() if alert.is_firing)


def _every(root: "Node") -> "Iterator[tuple[Node, int]]":
    from costwatch.alerts.route_choice import every_route

    return every_route(root)


def _choices(root: "Node", labels: Mapping[str, str]) -> "list[Choice]":
    from costwatch.alerts.route_choice import choices

    return list(choices(root, labels))


def _show_choice(context: Context, root: "Node", labels: Mapping[str, str], *, as_json: bool) -> None:
    from costwatch.alerts.route_choice import name_of

    if as_json:
        print_json(_chosen_by(root, labels))
        return
    for each in _choices(root, labels):
        because = f": {each.why}" if each.why else ""
        receiver = each.node.receiver if each.outcome != "passes it on" else "routes below"
        line(f"{each.outcome:<12} {'  ' * each.depth}{name_of(each.node)} → {receiver}{because}")
    for sentence in _misspelt(context, labels):
        complain(f"alerts routes: {sentence}")


def _misspelt(context: Context, labels: Mapping[str, str]) -> Iterable[str]:
    from costwatch.answers.alerts import label_values
    from costwatch.config.silenced_names import never_matched

    there: dict[str, set[str]] = {}
    if context.warehouse.exists:
        with context.warehouse.read() as db:
            there = label_values(db)
    rules = context.rules_as_far_as_known()
    texts = [f"{_quoted(name)}={_quoted(value)}" for name, value in labels.items()]
    return never_matched(texts, rules.rules if rules else (), context.names_as_far_as_known(), there)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return text if text.isidentifier() else f'"{escaped}"'


def _sentence(root: "Node", labels: Mapping[str, str]) -> str:
    """``oncall by severity="page"; not slack by team="x" (team is 'y')``."""
    from costwatch.alerts.route_choice import name_of

    taken, left = [], []
    for each in _choices(root, labels):
        if each.outcome == "takes it":
            by = name_of(each.node) if each.node.matchers else "the first route"
            taken.append(f"{each.node.receiver} by {by}")
        elif each.outcome != "passes it on":
            left.append(f"not {each.node.receiver} by {name_of(each.node)} ({each.why})")
    return "; ".join([*taken, *left])


def _chosen(root: "Node", alert: "Alert") -> list[dict[str, Any]]:
    return _chosen_by(root, dict(alert.labels))


def _chosen_by(root: "Node", labels: Mapping[str, str]) -> list[dict[str, Any]]:
    from costwatch.alerts.route_choice import name_of

    return [
        {
            "matchers": name_of(each.node) if each.node.matchers else "",
            "receiver": each.node.receiver,
            "outcome": str(each.outcome),
            "why": each.why,
        }
        for each in _choices(root, labels)
    ]


def _described(node: "Node", parent: "Node | None", now: datetime) -> str:
    from costwatch.alerts.route_choice import name_of

    parts = [f"{name_of(node)} → {node.receiver}"]
    if parent is None or node.group_by != parent.group_by:
        parts.append(f"group_by: {', '.join(node.group_by) or 'nothing'}")
    for key in _KEYS:
        if parent is None or getattr(node, key) != getattr(parent, key):
            parts.append(f"{key}: {_span(getattr(node, key))}")
    parts += ["continue"] if node.goes_on else []
    for key, intervals in (("mute", node.mute_time_intervals), ("active", node.active_time_intervals)):
        if intervals:
            parts.append(f"{key}_time_intervals: {', '.join(one.name for one in intervals)}")
    return " · ".join([*parts, *(["muted now"] if _is_muted(node, now) else [])])


def _span(of: timedelta) -> str:
    from costwatch.plugins import duration_text

    return duration_text(of) if of else "0s"


def _is_muted(node: "Node", now: datetime) -> bool:
    def holds(intervals: "Iterable[NamedTimeInterval]") -> bool:
        return any(interval.contains(now) for interval in intervals)

    active = node.active_time_intervals
    return holds(node.mute_time_intervals) or bool(active and not holds(active))


def _as_json(node: "Node", depth: int, now: datetime) -> dict[str, Any]:
    from costwatch.alerts.route_choice import name_of

    return {
        "depth": depth,
        "matchers": name_of(node) if node.matchers else "",
        "receiver": node.receiver,
        "continue": node.goes_on,
        "group_by": list(node.group_by),
        **{key: _span(getattr(node, key)) for key in _KEYS},
        "mute_time_intervals": [interval.name for interval in node.mute_time_intervals],
        "active_time_intervals": [interval.name for interval in node.active_time_intervals],
        "is_muted_now": _is_muted(node, now),
    }


COMMANDS = (show_routes,)
