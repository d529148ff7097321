"""Rule kind ``quiet``: rules that never find a breach, and silences that match no alert."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from costwatch.model import About, Finding, Severity, Verdict, Window, labels
from costwatch.plugins import Duration, RuleSettings, Selection, Snapshot
from costwatch.wording import count_of

_DAY = timedelta(days=1)
_RULES, _SILENCES = "rule_quiet_days", "silence_quiet_days"


def _days(age: timedelta) -> timedelta:
    if age < _DAY:
        raise ValueError("must be at least 1d")
    return age


class Quiet(RuleSettings):
    """Rules that found no breach for ``max_age``, and silences that matched no alert: one finding for each.

    What is dead looks like good news: a rule may rest on a name that nothing bears any more. rule: ``*`` for
    all others of alerts.yaml, a name or names; none of them: an empty list. silences: whether those that are
    on are looked at. max_age: of a rule, from when it last found a breach that mattered, or was first
    evaluated; of a silence, from when it last matched an alert, or began.

    Example::

        - {name: DeadRules, kind: quiet, rule: "*", max_age: 180d}
    """

    rule: str | tuple[str, ...] = "*"
    silences: bool = True
    max_age: Annotated[Duration, AfterValidator(_days)] = 90 * _DAY
    severity: Severity = Field(default=Severity.INFO)

    @model_validator(mode="after")
    def _looks_at_some(self) -> Self:
        if not self._wanted and not self.silences:
            raise ValueError("looks at nothing; give 'rule', or silences: true")
        if self.name in self._wanted:
            raise ValueError(f"{self.name} is this very rule; name another")
        return self

    @property
    def selections(self) -> tuple[Selection, ...]:
        """See ``plugins.RuleSettings``."""
        where = {} if "*" in self._wanted else {"rule": self._wanted}
        rules = (Selection(_RULES, ("rule",), where),) if self._wanted else ()
        return (*rules, *((Selection(_SILENCES, ("silence", "matchers", "who")),) if self.silences else ()))

    @property
    def finding_labels(self) -> tuple[str, ...]:
        """See ``plugins.RuleSettings``."""
        return ("quiet_rule", "silence")

    def evaluate(self, facts: Snapshot, now: datetime) -> Iterator[Finding]:
        """See ``plugins.Rule``."""
        today = Window.of_days(now.date(), now.date() + _DAY)
        if self._wanted:
            answer = facts.series(_RULES, ("rule",), today)
            quiet = {dict(key)["rule"]: series[-1].value for key, series in sorted(answer.items())}
            for name in quiet if "*" in self._wanted else dict.fromkeys(self._wanted):
                if name != self.name:
                    yield self._of_rule(name, quiet.get(name))
        for key, series in sorted(facts.series(_SILENCES, ("silence", "matchers", "who"), today).items()):
            if self.silences:
                yield self._of_silence(dict(key), series[-1].value)

    @property
    def _wanted(self) -> tuple[str, ...]:
        return (self.rule,) if isinstance(self.rule, str) else self.rule

    @property
    def _limit(self) -> Decimal:
        return Decimal(str(self.max_age / _DAY))

    def _of_rule(self, name: str, days: Decimal | None) -> Finding:
        instance, about = labels(quiet_rule=name), About(_RULES, ("rule",), {"rule": (name,)})
        if days is None:
            said = f"rule {name}: not evaluated yet"
            return Finding(instance, Verdict.UNKNOWN, None, self._limit, "days", said, about)
        said = f"rule {name}: no breach for {_in_days(days)}"
        if days < self._limit:
            return Finding(instance, Verdict.OK, days, self._limit, "days", said, about)
        said += "; see whether it still can fire, or delete it"
        return Finding(instance, Verdict.BREACH, days, self._limit, "days", said, about)

    def _of_silence(self, of: dict[str, str], days: Decimal) -> Finding:
        by = ("silence", "matchers", "who")
        about = About(_SILENCES, by, {name: (of[name],) for name in by})
        said = f"silence {of['silence']} ({of['matchers']}), by {of['who']}: no alert for {_in_days(days)}"
        instance = labels(silence=of["silence"])
        if days < self._limit:
            return Finding(instance, Verdict.OK, days, self._limit, "days", said, about)
        said += "; see whether it is spelt right, or expire it"
        return Finding(instance, Verdict.BREACH, days, self._limit, "days", said, about)


def _in_days(days: Decimal) -> str:
    return count_of(int(days), "day", "days")
