"""Which sources cannot be relied on, and why."""

from collections.abc import Iterable
from dataclasses import dataclass

from costwatch.model import Verdict
from costwatch.plugins import Rule
from costwatch.warehouse import queries
from costwatch.warehouse.snapshot import WarehouseSnapshot


@dataclass(frozen=True, slots=True)
class Late:
    """A source that failed, is stale (nothing new for too long) or was never read."""

    source: str
    state: str  # failed, stale or never
    reason: str


def late(facts: WarehouseSnapshot, configured: Iterable[str], freshness: Iterable[Rule]) -> dict[str, Late]:
    """Late sources by name, in order; how old is too old, the rules of kind freshness say."""
    tried = {row["source"]: row for row in queries.rows(facts.db, "sources")}
    found = {name: Late(name, "never", "never collected") for name in configured if name not in tried}
    for rule in freshness:
        for finding in rule.evaluate(facts, facts.now):
            name = dict(finding.labels).get("source")
            if name and finding.verdict is Verdict.BREACH:
                found[name] = Late(name, "stale", finding.summary)
    for name, row in tried.items():
        if row["outcome"] == "failed":
            found[name] = Late(name, "failed", row["error"])
    return dict(sorted(found.items()))
