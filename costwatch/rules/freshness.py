"""Rule kind ``freshness``: a source that has delivered nothing new for too long."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator

from costwatch.model import About, Finding, Verdict, labels
from costwatch.plugins import Duration, RuleSettings, Selection, Snapshot, recent
from costwatch.wording import quantity


def _positive(age: timedelta) -> timedelta:
    if age <= timedelta():
        raise ValueError("must be more than 0s")
    return age


class Freshness(RuleSettings):
    """Sources whose last new delivery is older than ``max_age``: one finding for each source.

    source: ``*`` for all, or a name or names from ``sources`` in costwatch.yaml. max_age: a duration. A
    source that never delivered counts from when it was first tried. no_data: left out, ``alert``: a source
    that is named here, and that nothing is known of, is told.

    Example::

        - {name: StaleData, kind: freshness, source: "*", max_age: 30h}
    """

    source: str | tuple[str, ...] = "*"
    max_age: Annotated[Duration, AfterValidator(_positive)]
    no_data: Literal["keep", "ok", "alert"] = "alert"

    @property
    def selections(self) -> tuple[Selection, ...]:
        """See ``plugins.RuleSettings``."""
        where = {} if "*" in self._wanted else {"source": self._wanted}
        return (Selection("freshness", ("source",), where),)

    def evaluate(self, facts: Snapshot, now: datetime) -> Iterator[Finding]:
        """See ``plugins.Rule``."""
        ages = {
            dict(key)["source"]: series[-1].value
            for key, series in facts.series("freshness", ("source",), recent(facts, now)).items()
            if series
        }
        limit = Decimal(str(self.max_age / timedelta(hours=1)))
        for name in ages if "*" in self._wanted else dict.fromkeys(self._wanted):
            yield _finding(name, ages.get(name), limit)

    @property
    def _wanted(self) -> tuple[str, ...]:
        return (self.source,) if isinstance(self.source, str) else self.source


def _finding(source: str, age: Decimal | None, limit: Decimal) -> Finding:
    instance, about = labels(source=source), About("freshness", ("source",), {"source": (source,)})
    if age is None:
        return Finding(instance, Verdict.UNKNOWN, None, limit, "hours", f"{source}: never tried yet", about)
    allowed = quantity(limit, "hours")
    if age > limit:
        verdict, said = Verdict.BREACH, f"{source}: nothing new for {quantity(age, 'hours')}, over {allowed}"
    else:
        verdict, said = Verdict.OK, f"{source}: fresh, {quantity(age, 'hours')} of {allowed}"
    return Finding(instance, verdict, age, limit, "hours", said, about)
