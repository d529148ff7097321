"""Rule kind ``freshness``: a source that has delivered nothing new, or no new day, for too long."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator

from costwatch.cost.lateness import ended, is_late
from costwatch.model import About, Finding, Verdict, labels
from costwatch.plugins import Duration, RuleSettings, Selection, Snapshot, recent
from costwatch.wording import quantity

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


def _positive(age: timedelta) -> timedelta:
    if age <= timedelta():
        raise ValueError("must be more than 0s")
    return age


class Freshness(RuleSettings):
    """Sources whose last new delivery is older than ``max_age``, or whose newest day is older than
    ``max_data_age``: one finding for each source, of whatever kind.

    source: ``*`` for all, or a name or names from ``sources`` in costwatch.yaml; one that was never read is
    told, too, unless ``no_data`` says otherwise. max_age: a duration. A source that never delivered counts
    from when it was first tried. max_data_age: a duration of whole days, from the newest day that the
    published bill of the source has, or for which it delivered usage, measures or markers, or knows good and
    bad events of an SLO: a source may deliver old days for ever. Left out, it is ``at_most_days`` of
    ``settle`` in costwatch.yaml for bills, and as much more as the source is usually silent between two days.

    Example::

        - {name: StaleData, kind: freshness, source: "*", max_age: 30h, max_data_age: 5d}
    """

    source: str | tuple[str, ...] = "*"
    max_age: Annotated[Duration, AfterValidator(_positive)]
    max_data_age: Annotated[Duration, AfterValidator(_positive)] | None = None
    no_data: Literal["keep", "ok", "alert"] = "alert"

    @property
    def selections(self) -> tuple[Selection, ...]:
        """See ``plugins.RuleSettings``."""
        where = {} if "*" in self._wanted else {"source": self._wanted}
        return (Selection("freshness", ("source",), where),)

    @property
    def finding_labels(self) -> tuple[str, ...]:
        """See ``plugins.RuleSettings``."""
        return ("source",)

    def evaluate(self, facts: Snapshot, now: datetime) -> Iterator[Finding]:
        """See ``plugins.Rule``."""
        ages, days, limits = (
            _today(facts, query, now) for query in ("freshness", "data_age", "data_age_limit")
        )
        at_most = None if self.max_data_age is None else Decimal(str(self.max_data_age / _DAY))
        for name in ages if "*" in self._wanted else dict.fromkeys(self._wanted):
            found = self._by_delivery(name, ages.get(name))
            limit = limits.get(name) if at_most is None else at_most
            is_new = found.verdict is Verdict.OK and name in days and limit is not None
            what = "bill" if name in limits else "data"
            yield (
                _by_day(name, days[name], limit, found, now, what) if is_new and limit is not None else found
            )

    def _by_delivery(self, source: str, age: Decimal | None) -> Finding:
        instance, about = labels(source=source), About("freshness", ("source",), {"source": (source,)})
        limit = Decimal(str(self.max_age / _HOUR))
        allowed = quantity(limit, "hours")
        if age is None:
            return Finding(
                instance, Verdict.UNKNOWN, None, limit, "hours", f"{source}: never read yet", about
            )
        verdict, said = Verdict.OK, f"{source}: last new data {quantity(age, 'hours')} ago, {allowed} allowed"
        if age > limit:
            verdict, said = (
                Verdict.BREACH,
                f"{source}: nothing new for {quantity(age, 'hours')}, over {allowed}",
            )
        return Finding(instance, verdict, age, limit, "hours", said, about)

    @property
    def _wanted(self) -> tuple[str, ...]:
        return (self.source,) if isinstance(self.source, str) else self.source


def _today(facts: Snapshot, query: str, now: datetime) -> dict[str, Decimal]:
    """Source -> its value."""
    answer = facts.series(query, ("source",), recent(facts, now))
    return {dict(key)["source"]: series[-1].value for key, series in answer.items() if series}


def _by_day(source: str, age: Decimal, limit: Decimal, found: Finding, now: datetime, what: str) -> Finding:
    """``found``, unless the newest day is too long ago."""
    if not is_late(age, limit):
        return found
    about = About("data_age", ("source",), {"source": (source,)})
    said = ended(source, age, now.date(), what)
    return Finding(found.labels, Verdict.BREACH, age, limit, "days", said, about)
