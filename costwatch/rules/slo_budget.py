"""Rule kind ``slo_budget``: error budgets that are nearly used up, or will be soon."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from costwatch.model import Finding, Verdict
from costwatch.plugins import (
    Duration,
    Explanation,
    Selection,
    Snapshot,
    accepted,
    duration_text,
)
from costwatch.slo.burn import lengths
from costwatch.slo.explaining import explanation
from costwatch.slo.naming import SloRule
from costwatch.slo.rule_facts import OF, InstanceFacts, chosen, instance_facts, is_gone, is_silent
from costwatch.slo.words import lasting, ratio, used
from costwatch.wording import digits, span

_LEFT = "slo_budget_left"


def _is_told(over: timedelta) -> timedelta:
    if over not in lengths():
        raise ValueError(f"must be one of {', '.join(map(duration_text, lengths()))}")
    return over


class SloBudget(SloRule):
    """Error budgets of which little is left: one finding for each instance of each objective.

    slo: ``*`` for all, or ids, names, or patterns such as ``checkout-*``. match: label -> the value or values
    it must have: service, team, system, or a label of instances. below: the share of the budget of the
    current period that must be left, such as 0.25; at 0 the objective is missed. within: a duration; what is
    left must last for longer, at the burn over the window ``over`` (5m, 30m, 1h, 2h, 6h, 1d or 3d).
    max_data_age: where nothing of an objective is known that is as new, it is unknown; so is one without
    events. drivers, prometheus: see ``slo_burn``.

    Example::

        - {name: ErrorBudgetLow, kind: slo_budget, slo: "*", below: 0.25}
        - {name: ErrorBudgetEnds, kind: slo_budget, slo: checkout-*, within: 5d, over: 1d}
    """

    below: Decimal | None = Field(default=None, ge=0, le=1)
    within: Duration | None = None
    over: Annotated[Duration, AfterValidator(_is_told)] = timedelta(days=1)
    no_data: Literal["keep", "ok", "alert"] = "keep"

    @model_validator(mode="after")
    def _has_a_limit(self) -> Self:
        if self.below is None and self.within is None:
            raise ValueError("give 'below', 'within' or both")
        return self

    @property
    def selections(self) -> tuple[Selection, ...]:
        """See ``plugins.RuleSettings``."""
        own = {name: values for name, values in accepted(self.match).items() if name in OF}
        return (Selection(_LEFT, OF, own),)

    def evaluate(self, facts: Snapshot, now: datetime) -> Iterator[Finding]:
        """See ``plugins.Rule``."""
        mine = chosen(instance_facts(facts.series, now), self.slo, accepted(self.match))
        if is_silent(mine, self.max_data_age):
            said = "nothing new is known of any of its objectives" if mine else "no objective is known yet"
            yield Finding((), Verdict.UNKNOWN, None, self.below, "ratio", said)
        for one in mine:
            if not is_gone(one):
                yield self._finding(one)

    def explain(self, finding: Finding, facts: Snapshot, now: datetime) -> Explanation | None:
        """See ``plugins.RuleSettings``."""
        for one in instance_facts(facts.series, now):
            if finding.labels == one.labels:
                return explanation(one, finding, facts.series, facts.live, now, self.drivers, self.prometheus)
        return None

    def _finding(self, of: InstanceFacts) -> Finding:
        about = of.about(_LEFT)
        if of.left is None or is_silent([of], self.max_data_age):
            why = "what is left of its budget is not known" if of.left is None else "nothing new is known"
            return Finding(
                of.labels, Verdict.UNKNOWN, of.left, self.below, "ratio", f"{of.name}: {why}", about
            )
        said = [f"{of.name}: {ratio(of.left)} of the error budget left"]
        is_low = self.below is not None and (of.left < self.below or of.left <= 0)
        lasts = of.lasts(self.over)
        is_ending = self.within is not None and lasts is not None and lasts <= self.within
        if is_low and self.below is not None:
            said[0] += f", below {ratio(self.below)}" if self.below else ""
        if is_low or is_ending:
            said.append(f"{lasting(of.left, lasts)} (burn over {span(self.over)})")
        if of.used is not None and of.allowed is not None:
            said.append(used(of.used, of.allowed, of.unit))
        verdict = Verdict.BREACH if is_low or is_ending else Verdict.OK
        text, evidence = "; ".join(said), self._evidence(of)
        return Finding(of.labels, verdict, of.left, self.below, "ratio", text, about, evidence)

    def _evidence(self, of: InstanceFacts) -> Mapping[str, Any]:
        numbers = {
            "burn": of.burns.get(self.over),
            "bad_events": of.bad(self.over),
            "budget_left": of.left,
            "hours_left": of.hours_left.get(self.over),
            "coverage": of.coverage,
        }
        told = {name: None if value is None else digits(value) for name, value in numbers.items()}
        return {"window": duration_text(self.over), **told}
