"""Why a budget burns, as far as it can be told once: bad events by label, changes before, the query. Pure."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlencode

from costwatch.model import Driver, Finding, Labels, SeriesByLabels, Window
from costwatch.plugins import Explanation, parse_duration
from costwatch.slo.drivers import own_labels, split
from costwatch.slo.objectives import WINDOW
from costwatch.slo.rule_facts import InstanceFacts, Series
from costwatch.slo.words import number
from costwatch.wording import count_of

# query, labels, window, and what is meant of them; None: nobody can be asked
Live = Callable[[str, tuple[str, ...], Window, Labels], SeriesByLabels | None]

BEFORE = timedelta(minutes=60)  # before the onset: what changed then may be why
_CHANGES = 3
_WHOLE = 10  # so many bad events or more are told without fractions
_LINK_AT_MOST = 480  # messages cut longer lines


def explanation(
    of: InstanceFacts,
    finding: Finding,
    series: Series,
    live: Live,
    now: datetime,
    wanted: Sequence[str],
    prometheus: str,
) -> Explanation:
    """What is told of a finding that begins to fire. series: asks for facts; live: their source.

    wanted: labels to tell bad events apart by; none: those that its query chooses by. prometheus: the address
    that people reach it by; '' nobody said.
    """
    window = parse_duration(finding.evidence["window"])
    short = parse_duration(finding.evidence.get("short", finding.evidence["window"]))
    drivers, told = _drivers(of, live, Window(now - window, now), wanted)
    texts = {"bad events": told}
    if changes := list(_changes(of, series, Window(onset(of, window, short, now) - BEFORE, now))):
        texts["changes before"] = "; ".join(changes)
    if link := query_link(of, window, now, prometheus):
        texts["query"] = link
    return Explanation(drivers, {name: text for name, text in texts.items() if text})


def onset(of: InstanceFacts, long: timedelta, short: timedelta, now: datetime) -> datetime:
    """When it began, if errors have come as fast as in the short window since."""
    bad, lately = of.bad(long), of.bad(short)
    if not bad or not lately or lately <= 0:
        return now - long
    return now - min(long, max(short, short * float(bad / lately)))


def query_link(of: InstanceFacts, window: timedelta, now: datetime, prometheus: str) -> str:
    """The share of bad events over ``window``, drawn up to ``now``; '' where that is too long, or unknown."""
    if not prometheus or not of.promql:
        return ""
    asked = {
        "g0.expr": " ".join(of.promql.replace(WINDOW, f"{round(window.total_seconds())}s").split()),
        "g0.tab": "0",
        "g0.end_input": f"{now:%Y-%m-%d %H:%M:%S}",
        "g0.range_input": "6h",
    }
    link = f"{prometheus.rstrip('/')}/graph?{urlencode(asked)}"
    return link if len(link) <= _LINK_AT_MOST else ""


def _drivers(
    of: InstanceFacts, live: Live, window: Window, wanted: Sequence[str]
) -> tuple[tuple[Driver, ...], str]:
    """The parts, and what is said of them; without any, why."""
    bad = of.bad(window.end - window.start)
    names = wanted or [name for name in own_labels(of.promql) if name not in of.own]
    if of.unit not in ("events", "samples") or not bad or not names:
        return (), ""
    bad = bad.to_integral_value() if bad >= _WHOLE else bad
    by = ("slo", "instance", *(f"label:{name}" for name in names))
    answer = live("sli_bad_events", by, window, (("instance", of.instance), ("slo", of.slo)))
    if answer is None:
        return (), f"not told by {', '.join(names)}, as Prometheus could not be asked"
    asked = {_named(key): float(sum(point.value for point in points)) for key, points in answer.items()}
    drivers = split(asked, bad)
    told = ", ".join(f"{_text(part.labels)} {number(part.amount)}" for part in drivers)
    if not told:
        return (), f"not told by {', '.join(names)}, as what Prometheus answers has none"
    return drivers, f"{told} of {number(bad)}"


def _named(key: Labels) -> Labels:
    return tuple((name.removeprefix("label:"), value) for name, value in key if name.startswith("label:"))


def _text(labels: Labels) -> str:
    return " ".join(f"{name}={value or '(none)'}" if name else value for name, value in labels)


def _changes(of: InstanceFacts, series: Series, window: Window) -> Iterator[str]:
    """The newest deploys and flags of its service, or of nobody said which."""
    by = ("kind", "title", "service", "team")
    found = [
        (point.at, dict(key))
        for key, points in series("marker", by, window).items()
        for point in points
        if dict(key)["service"] in ("", of.service)
    ]
    newest = sorted(found, key=lambda one: (one[0], one[1]["title"]), reverse=True)
    for at, told in newest[:_CHANGES]:
        yield f"{told['kind']} {told['title']} at {at:%H:%M} UTC"
    if len(newest) > _CHANGES:
        yield count_of(len(newest) - _CHANGES, "more", "more")
