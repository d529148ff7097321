"""What a message about alerts says, once for all receivers. Pure.

Labels and summaries hold text from bills, which anyone who can tag a resource can write: here it
becomes plain single lines; each receiver then escapes them for where it shows them.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from costwatch.alerts.lifecycle import NOW
from costwatch.alerts.line import AlertLine, line_of, query_of
from costwatch.alerts.series import sparkline
from costwatch.cost.spending import EVERYONE
from costwatch.model import COST_METRICS, Alert, AlertState, Group, Reason, Severity
from costwatch.wording import on_day, printable, shortened

_SAID = {Reason.NEW: "NEW", Reason.CHANGED: "UPDATED", Reason.SOME_RESOLVED: "UPDATED"}
_SAID |= {Reason.REPEAT: "STILL FIRING"}
_OF_SLACK = re.compile(r"<(?:@|#|!subteam\^)([A-Z0-9]+)>")
_SENTENCE_AT_MOST = 500
_HEADLINE_AT_MOST = 120  # of a sentence; what comes after its first semicolon then stands below


@dataclass(frozen=True, slots=True)
class Message:
    """All texts are single printable lines, not escaped. ``links``: text -> URL.

    What the only alert of a group says is its headline, or begins there. ``about``: the rule and severity
    where the headline does not name them. ``data_through`` is empty where nothing rests on costs, ``note``
    where there is nothing to add.
    """

    is_firing: bool
    headline: str
    lines: tuple[AlertLine, ...]
    owners: tuple[str, ...]
    links: Mapping[str, str]
    about: str
    data_through: str
    note: str

    @property
    def is_of_one(self) -> bool:
        """Whether it is about a single alert."""
        return len(self.lines) == 1


def compose(group: Group, *, with_reason: bool = True) -> Message:
    """The message of a group; ``with_reason``: the headline tells why it is sent, not only how things are."""
    firing = sum(alert.state is AlertState.FIRING for alert in group.alerts)
    links = {printable(text): printable(url) for text, url in group.links.items()}
    links |= _numbered("Runbook", (alert.runbook for alert in group.alerts))
    links |= _numbered("Query", map(query_of, group.alerts))
    word, highest = _word(group, firing, with_reason=with_reason), _highest(group)
    if len(group.alerts) == 1:
        (alert,) = group.alerts
        begin, rest = _parted(sentence(alert))
        headline = f"{word} · {begin}"
        lines = [line_of(alert, rest, begin, group.remarks)]
        about = " · ".join((f"rule {printable(alert.rule)}", highest))
    else:
        headline, about = _headline(group, word, highest), ""
        lines = [_line(alert, group) for alert in group.alerts]
    return Message(
        is_firing=bool(firing),
        headline=headline,
        lines=tuple(lines),
        owners=tuple(map(printable, group.owners)),
        links=links,
        about=about,
        data_through=_data_through(group),
        note=shortened(printable(group.note), _SENTENCE_AT_MOST),
    )


def sentence(alert: Alert) -> str:
    """What its rule says; of an alert that is over, how things are now comes first. One printable line."""
    said = alert.summary
    if alert.state is AlertState.RESOLVED:
        now = alert.evidence.get(NOW)
        said = f"{now} · before: {said}" if now else f"no longer: {said}"
    return shortened(printable(said), _SENTENCE_AT_MOST)


def rests_on_cost(alert: Alert) -> bool:
    """Whether an alert is about costs, so that it matters how far they are settled."""
    return alert.about is None or alert.about.query in (*COST_METRICS, "budget", "tagging_cost")


def owner_in_words(owner: str) -> str:
    """Who to ask, for where Slack's way to write a person, a group or a channel says nothing."""
    written = _OF_SLACK.fullmatch(owner)
    return f"{written[1]} in Slack" if written else owner


def plain(message: Message) -> str:
    """The message as lines of text, ending in a line break."""
    return "\n".join(_plain_lines(message)) + "\n"


def _plain_lines(message: Message) -> Iterator[str]:
    yield message.headline
    if message.note:
        yield f"  {message.note}"
    for line in message.lines:
        indent = "  "
        if not message.is_of_one:
            yield f"  {'●' if line.is_firing else '✓'} {line.summary}"
            indent = "    "
        elif line.summary:
            yield f"  {line.summary}"
        yield from (f"{indent}{text}" for text in line.below)
        if message.is_of_one and (bars := sparkline(line.series)):
            first, last = (on_day(day) for day, _ in (line.series[0], line.series[-1]))
            yield f"{indent}{bars} {first} to {last}"
    if message.owners:
        yield f"  Owner: {', '.join(map(owner_in_words, message.owners))}"
    for text, url in message.links.items():
        yield f"  {text}: {url}"
    if foot := " · ".join(part for part in (message.about, message.data_through) if part):
        yield f"  {foot}"


def _numbered(name: str, urls: Iterable[str]) -> dict[str, str]:
    """Each once: ``Runbook``, ``Runbook 2``."""
    found = dict.fromkeys(printable(url) for url in urls if url)
    return {f"{name} {number}".removesuffix(" 1"): url for number, url in enumerate(found, start=1)}


def _data_through(group: Group) -> str:
    if group.data_through is not None:
        return f"Data through {on_day(group.data_through)}"
    return "No settled data yet" if any(map(rests_on_cost, group.alerts)) else ""


def _parted(said: str) -> tuple[str, str]:
    """What of a sentence is the headline, and what stands below it."""
    begin, _, rest = said.partition("; ")
    return (begin, rest) if rest and len(said) > _HEADLINE_AT_MOST else (said, "")


def _word(group: Group, firing: int, *, with_reason: bool) -> str:
    if firing == 0:
        return "RESOLVED"
    word = _SAID.get(group.reason, "FIRING") if with_reason else "FIRING"
    if firing == 1:
        return word
    return f"{word} ({firing})" if word.endswith("FIRING") else f"{word} ({firing} firing)"


def _highest(group: Group) -> str:
    severities = {alert.severity for alert in group.alerts}
    return next((str(severity) for severity in Severity if severity in severities), "")


def _headline(group: Group, word: str, highest: str) -> str:
    named = dict(group.labels)
    about = [
        named.pop("rule", ""),
        *(_label_shown(*label) for label in named.items() if label[0] != "severity"),
    ]
    return " · ".join(shortened(printable(part), 100) for part in (word, *about, highest) if part)


def _label_shown(label: str, value: str) -> str:
    return "all teams" if (label, value) == ("team", EVERYONE) else value


def _line(alert: Alert, group: Group) -> AlertLine:
    """One of several: it names its rule where the headline does not."""
    said = sentence(alert)
    rule = "" if "rule" in dict(group.labels) else f"rule {printable(alert.rule)}"
    return line_of(alert, said, said, group.remarks, rule)
