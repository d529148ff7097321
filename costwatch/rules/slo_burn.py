"""Rule kind ``slo_burn``: error budgets that burn too fast to wait."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from pydantic import Field

from costwatch.model import Finding, Severity, Verdict
from costwatch.plugins import (
    Explanation,
    Selection,
    Snapshot,
    accepted,
    duration_text,
)
from costwatch.slo.burn import MIN_EVENTS, burning
from costwatch.slo.explaining import explanation
from costwatch.slo.naming import SloRule
from costwatch.slo.rule_facts import OF, InstanceFacts, chosen, instance_facts, is_gone, is_silent
from costwatch.slo.windows import BurnWindow
from costwatch.slo.words import lasting, number, used
from costwatch.wording import count_of, digits, span

_BURN = "slo_burn_rate"
_HOUR = timedelta(hours=1)


class SloBurn(SloRule):
    """Error budgets that burn too fast: one finding for each instance of each objective.

    It is in breach while over a long window and over a short one the budget burns faster than their factor:
    1 h and 5 min at 14.4, 6 h and 30 min at 6 call somebody (severity ``page``), 1 d and 2 h at 3, 3 d and
    6 h at 1 can wait (``ticket``), for a budget of 30 days; for others factors are scaled, and those below 1
    are left out. The finding has the severity of the most urgent pair, whatever ``severity`` says: that is
    for want of data. What the objective's own file switches off is not told.

    slo: ``*`` for all, or ids, names, or patterns such as ``checkout-*``. match: label -> the value or values
    it must have: service, team, system, or a label of instances. min_events: with fewer events in the long
    window it is no breach; of what is sampled, of slices and of time it does not count. max_data_age: where
    nothing of an objective is known that is as new, it is unknown. drivers: labels that bad events are told
    apart by in messages; none: those that the query chooses by. prometheus: the address by which people reach
    it, for links.

    Example::

        - {name: ErrorBudgetBurn, kind: slo_burn, slo: "*"}
        - {name: CheckoutBurn, kind: slo_burn, slo: checkout-*, min_events: 500, drivers: [code, route]}
    """

    min_events: int = Field(default=MIN_EVENTS, ge=0)
    no_data: Literal["keep", "ok", "alert"] = "alert"

    @property
    def selections(self) -> tuple[Selection, ...]:
        """See ``plugins.RuleSettings``."""
        own = {name: values for name, values in accepted(self.match).items() if name in OF}
        return (Selection(_BURN, (*OF, "window"), own),)

    def evaluate(self, facts: Snapshot, now: datetime) -> Iterator[Finding]:
        """See ``plugins.Rule``."""
        mine = chosen(instance_facts(facts.series, now), self.slo, accepted(self.match))
        if is_silent(mine, self.max_data_age):
            said = "nothing new is known of any of its objectives" if mine else "no objective is known yet"
            yield Finding((), Verdict.UNKNOWN, None, None, "burn", said)
        by_slo: dict[str, list[InstanceFacts]] = {}
        for one in mine:
            by_slo.setdefault(one.slo, []).append(one)
        for of in by_slo.values():
            silent = is_silent(of, self.max_data_age)
            yield from (self._finding(one, silent=silent) for one in of if not is_gone(one))

    def explain(self, finding: Finding, facts: Snapshot, now: datetime) -> Explanation | None:
        """See ``plugins.RuleSettings``."""
        for one in instance_facts(facts.series, now):
            if finding.labels == one.labels:
                return explanation(one, finding, facts.series, facts.live, now, self.drivers, self.prometheus)
        return None

    def _finding(self, of: InstanceFacts, *, silent: bool) -> Finding:
        about, windows = of.about(_BURN, "window"), of.windows
        if silent:
            since = "ever" if of.age is None else f"for {span(timedelta(hours=float(of.age)))}"
            said = f"{of.name}: nothing new {since}"
            return Finding(of.labels, Verdict.UNKNOWN, None, None, "burn", said, about)
        least = self.min_events if of.unit == "events" else 0
        found = burning(windows, of.burns, of.events, least)
        if not found:
            return self._quiet(of, windows)
        pair = found[0]
        return Finding(
            of.labels,
            Verdict.BREACH,
            of.burns[pair.long],
            Decimal(str(round(pair.factor, 3))),
            "burn",
            _said(of, pair),
            about,
            _evidence(of, pair),
            severity=Severity(pair.severity),
        )

    def _quiet(self, of: InstanceFacts, windows: list[BurnWindow]) -> Finding:
        """One that does not burn, or of which too little happened to tell."""
        about = of.about(_BURN, "window")
        few = burning(windows, of.burns, of.events)
        pair = few[0] if few else windows[0] if windows else None
        long = pair.long if pair else _HOUR
        rate, limit = of.burns.get(long), None if pair is None else Decimal(str(round(pair.factor, 3)))
        if few:
            events = count_of(int(of.events[long]), "event", "events")
            said = f"{of.name}: {events} in {span(long)}, fewer than {self.min_events:,}"
        elif rate is None:
            said = f"{of.name}: no events in {span(long)}"
        else:
            said = f"{of.name}: burns at {number(rate)} over {span(long)}"
        return Finding(of.labels, Verdict.OK, rate, limit, "burn", said, about)


def _said(of: InstanceFacts, pair: BurnWindow) -> str:
    long, short = of.burns[pair.long], of.burns[pair.short]
    over = f"{number(long)} over {span(pair.long)} and {number(short)} over {span(pair.short)}"
    parts = [
        f"{of.name}: burns at {over}",
        lasting(of.left, of.lasts(pair.long)),
    ]
    if of.used is not None and of.allowed is not None:
        parts.append(used(of.used, of.allowed, of.unit))
    return "; ".join(parts)


def _evidence(of: InstanceFacts, pair: BurnWindow) -> Mapping[str, Any]:
    numbers = {
        "burn": of.burns[pair.long],
        "short_burn": of.burns[pair.short],
        "events": of.events.get(pair.long),
        "bad_events": of.bad(pair.long),
        "budget_left": of.left,
        "hours_left": of.hours_left.get(pair.long),
        "coverage": of.coverage,
    }
    told = {name: None if value is None else digits(value) for name, value in numbers.items()}
    return {"window": duration_text(pair.long), "short": duration_text(pair.short), **told}
