"""Which sources there are, how they fare, and which cannot be relied on."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from costwatch.alerts.built_in import is_freshness
from costwatch.answers.watched import with_freshness
from costwatch.cost.lateness import ended, is_late
from costwatch.model import Verdict, Window
from costwatch.plugins import Rule
from costwatch.warehouse.encoding import from_int, from_text
from costwatch.warehouse.facts import freshness
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.wording import at_instant


class SourceState(StrEnum):
    """How a source fares."""

    OK = "ok"
    FAILED = "failed"
    STALE = "stale"  # nothing new for too long
    ENDED = "ended"  # its newest cost day is too long ago, whatever it delivered since
    NEVER = "never"  # configured, but not read yet


@dataclass(frozen=True, slots=True)
class LateSource:
    """A source that failed, is stale or was never read, and why."""

    source: str
    state: SourceState
    reason: str


@dataclass(frozen=True, slots=True)
class FailedRun:
    """The last run of a source, which failed. ``tried_at`` in UTC."""

    source: str
    tried_at: datetime
    error: str


def late_sources(
    facts: WarehouseSnapshot, configured: Iterable[str], rules: Iterable[Rule]
) -> dict[str, LateSource]:
    """Late sources by name, in order; how old is too old, ``rules`` of kind freshness say.

    Where none of them does, the built-in one. A cost day that is too long ago is told without a rule, too.
    """
    tried = {row["source"]: row for row in freshness.sources(facts.db, facts.as_of, facts.now)}
    found = {
        name: LateSource(name, SourceState.NEVER, "never collected")
        for name in configured
        if name not in tried
    }
    looked_at = set()
    for rule in filter(is_freshness, with_freshness(facts, rules)):
        for finding in rule.evaluate(facts, facts.now):
            name = dict(finding.labels).get("source", "")
            looked_at.add(name)
            if finding.verdict is Verdict.BREACH:
                by_day = finding.about is not None and finding.about.query == "data_age"
                state = SourceState.ENDED if by_day else SourceState.STALE
                found[name] = LateSource(name, state, finding.summary)
            elif finding.verdict is Verdict.UNKNOWN and name not in tried:
                found.setdefault(name, LateSource(name, SourceState.NEVER, finding.summary))
    found |= {one.source: one for one in _ended(facts) if one.source not in looked_at}
    for name, row in tried.items():
        if row["outcome"] == "failed":
            found[name] = LateSource(name, SourceState.FAILED, row["error"])
    return dict(sorted(found.items()))


def _ended(facts: WarehouseSnapshot) -> Iterator[LateSource]:
    today = facts.now.date()
    ages, limits = (
        {
            dict(key)["source"]: series[-1].value
            for key, series in facts.series(query, ("source",), day).items()
        }
        for day in [Window.of_days(today, today + timedelta(days=1))]
        for query in ("data_age", "data_age_limit")
    )
    for source in ages.keys() & limits.keys():
        if is_late(ages[source], limits[source]):
            yield LateSource(source, SourceState.ENDED, ended(source, ages[source], today))


def failing(facts: WarehouseSnapshot) -> list[FailedRun]:
    """The sources whose last run failed."""
    return [
        FailedRun(row["source"], from_text(row["last_tried_at"]), row["error"])
        for row in freshness.sources(facts.db, facts.as_of, facts.now)
        if row["outcome"] == "failed"
    ]


def incomplete(source: Mapping[str, Any]) -> str:
    """What it means that a source, a row of ``sources``, called answers incomplete; '' where it did not."""
    count = source.get("partial_count") or 0
    if not count:
        return ""
    what = "an answer" if count == 1 else f"{count} answers"
    since = source["partial_since"]
    first = f", from {at_instant(from_text(since))} on," if since else ""
    return (
        f"called {what}{first} incomplete: what is missing there is in no number yet, "
        "and each run asks for it again"
    )


def sources(
    facts: WarehouseSnapshot, configured: Iterable[str], rules: Iterable[Rule]
) -> list[dict[str, Any]]:
    """Every source that is configured or was ever collected, with its state and the reason for it."""
    configured = list(configured)
    late = late_sources(facts, configured, rules)
    rows: dict[str, dict[str, Any]] = {name: {"source": name} for name in configured}
    rows |= {name: {"source": name} for name in late}
    rows |= {row["source"]: dict(row) for row in freshness.sources(facts.db, facts.as_of, facts.now)}
    for name, row in rows.items():
        if row.get("data_through"):
            row["data_through"] = from_int(row["data_through"]).isoformat()
        row["state"] = late[name].state if name in late else SourceState.OK
        row["reason"] = late[name].reason if name in late else ""
        row["incomplete"] = incomplete(row)
    return [rows[name] for name in sorted(rows)]
