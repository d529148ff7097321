"""What a message about alerts says, once for all receivers. Pure.

Labels and summaries hold text from bills, which anyone who can tag a resource can write: here it
becomes plain single lines; each receiver then escapes them for where it shows them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from costwatch.alerts.lifecycle import EXPLAINED, NOW
from costwatch.cost.spending import EVERYONE
from costwatch.model import COST_METRICS, Alert, AlertState, Group, Reason, Severity
from costwatch.wording import at_instant, on_day, printable, quantity, shortened

_SAID = {Reason.NEW: "NEW", Reason.CHANGED: "UPDATED", Reason.SOME_RESOLVED: "UPDATED"}
_SAID |= {Reason.REPEAT: "STILL FIRING"}


@dataclass(frozen=True, slots=True)
class AlertLine:
    """One alert: what its rule says, below it value, threshold and since when, then its annotations."""

    is_firing: bool
    summary: str
    detail: str
    annotations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """All texts are single printable lines, not escaped. ``links``: text -> URL.

    ``data_through`` is empty where nothing rests on costs, ``note`` where there is nothing to add.
    """

    is_firing: bool
    headline: str
    lines: tuple[AlertLine, ...]
    owners: tuple[str, ...]
    links: Mapping[str, str]
    data_through: str
    note: str


def compose(group: Group, *, with_reason: bool = True) -> Message:
    """The message of a group; ``with_reason``: the headline tells why it is sent, not only how things are."""
    firing = sum(alert.state is AlertState.FIRING for alert in group.alerts)
    runbooks = dict.fromkeys(printable(alert.runbook) for alert in group.alerts if alert.runbook)
    links = {printable(text): printable(url) for text, url in group.links.items()}
    links |= {f"Runbook {number}".removesuffix(" 1"): url for number, url in enumerate(runbooks, start=1)}
    return Message(
        is_firing=bool(firing),
        headline=_headline(group, firing, with_reason=with_reason),
        lines=tuple(map(_line, group.alerts)),
        owners=tuple(map(printable, group.owners)),
        links=links,
        data_through=_data_through(group),
        note=shortened(printable(group.note), 500),
    )


def rests_on_cost(alert: Alert) -> bool:
    """Whether an alert is about costs, so that it matters how far they are settled."""
    return alert.about is None or alert.about.query in (*COST_METRICS, "budget", "tagging_cost")


def plain(message: Message) -> str:
    """The message as lines of text, ending in a line break."""
    return "\n".join(_plain_lines(message)) + "\n"


def _plain_lines(message: Message) -> Iterator[str]:
    yield message.headline
    if message.note:
        yield f"  {message.note}"
    for line in message.lines:
        yield f"  {'●' if line.is_firing else '✓'} {line.summary}"
        yield from (f"    {text}" for text in (line.detail, *line.annotations))
    if message.owners:
        yield f"  Owner: {', '.join(message.owners)}"
    for text, url in message.links.items():
        yield f"  {text}: {url}"
    if message.data_through:
        yield f"  {message.data_through}"


def _data_through(group: Group) -> str:
    if group.data_through is not None:
        return f"Data through {on_day(group.data_through)}"
    return "No settled data yet" if any(map(rests_on_cost, group.alerts)) else ""


def _headline(group: Group, firing: int, *, with_reason: bool) -> str:
    word = _SAID.get(group.reason, "FIRING") if with_reason else "FIRING"
    if firing == 0:
        word = "RESOLVED"
    elif firing > 1:
        word += f" ({firing})" if word.endswith("FIRING") else f" ({firing} firing)"
    named = dict(group.labels)
    about = [
        named.pop("rule", ""),
        *(_label_shown(*label) for label in named.items() if label[0] != "severity"),
    ]
    severities = {alert.severity for alert in group.alerts}
    highest = next((str(severity) for severity in Severity if severity in severities), "")
    return " · ".join(shortened(printable(part), 100) for part in (word, *about, highest) if part)


def _label_shown(label: str, value: str) -> str:
    return "all teams" if (label, value) == ("team", EVERYONE) else value


def _summary(alert: Alert) -> str:
    """What its rule says; of an alert that is over, how things are now comes first."""
    if alert.state is not AlertState.RESOLVED:
        return alert.summary
    now = alert.evidence.get(NOW)
    return f"{now} · before: {alert.summary}" if now else f"no longer: {alert.summary}"


def _texts(alert: Alert) -> Iterator[tuple[str, str]]:
    """The annotations of its rule, and what was found out when it began to fire."""
    yield from alert.annotations.items()
    explained = alert.evidence.get(EXPLAINED)
    if isinstance(explained, dict):
        yield from ((str(name), str(text)) for name, text in explained.items())


def _line(alert: Alert) -> AlertLine:
    parts = []
    if alert.value is not None:
        parts.append(quantity(alert.value, alert.unit))
        if alert.threshold is not None:
            parts[0] += f" against {quantity(alert.threshold, alert.unit)}"
    if alert.fired_at is not None:
        parts.append(f"since {at_instant(alert.fired_at)}")
    if alert.resolved_at is not None and alert.state is AlertState.RESOLVED:
        parts.append(f"resolved {at_instant(alert.resolved_at)}")
    return AlertLine(
        is_firing=alert.state is AlertState.FIRING,
        summary=shortened(printable(_summary(alert)), 500),
        detail=printable(" · ".join(parts)),
        annotations=tuple(shortened(printable(f"{name}: {text}"), 500) for name, text in _texts(alert)),
    )
