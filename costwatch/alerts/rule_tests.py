"""Tests that people write for their rules: made-up facts, and the alerts that must come of them. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from costwatch.alerts.series_notation import expanded
from costwatch.model import Alert, Labels
from costwatch.plugins import Duration, Settings

COST = "cost"  # stands for all that can be asked of cost
MAX_EVALUATIONS = 5_000
_SHORTEST = timedelta(minutes=1)


def _instant(written: Any) -> Any:
    """A day as its midnight; what names no zone is UTC."""
    if isinstance(written, date) and not isinstance(written, datetime):
        return datetime(written.year, written.month, written.day, tzinfo=UTC)
    if not isinstance(written, str):
        return written
    try:
        return datetime.fromisoformat(written)
    except ValueError:
        raise ValueError("must be a day or an instant such as 2026-11-23T09:00:00Z") from None


def _in_utc(instant: datetime) -> datetime:
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


Instant = Annotated[
    datetime,
    BeforeValidator(_instant),
    AfterValidator(_in_utc),
    WithJsonSchema({"type": "string", "examples": ["2026-11-23T09:00:00Z", "2026-11-23"]}),
]


def _notation(text: str) -> str:
    expanded(text)
    return text


def _long_enough(interval: timedelta) -> timedelta:
    if interval < _SHORTEST:
        raise ValueError("must be at least 1m")
    return interval


class GivenSeries(Settings):
    """One series. from: the instant, or day, of its first value. values: promtool's notation, such as
    ``1000x17 1800 1850``, which is 20 values. step: how far they lie apart; by default as of its query.
    Every other key is a label.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, str] = Field(init=False)

    from_: Instant = Field(alias="from")
    values: Annotated[
        str,
        AfterValidator(_notation),
        WithJsonSchema({"type": "string", "examples": ["1000x17 1800"]}),
    ]
    step: Annotated[Duration, AfterValidator(_long_enough)] | None = None

    @property
    def labels(self) -> Mapping[str, str]:
        """Those it is given with."""
        return self.__pydantic_extra__ or {}


class ExpectedAlert(Settings):
    """One alert at the end of a test. rule: its name. labels: those it must have among others, by which it
    is told from others of the rule. state: firing, pending, resolved, or none: there is none that is
    pending or firing. summary: a part of what it says, or all of it. value: what was found, in the unit of
    the rule. annotations: name -> text, as filled in.
    """

    rule: str
    labels: Mapping[str, str] = Field(default_factory=dict)
    state: Literal["firing", "pending", "resolved", "none"] = "firing"
    summary: str = ""
    value: Decimal | None = None
    annotations: Mapping[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _says_what_can_be(self) -> "ExpectedAlert":
        if self.state == "none" and (self.summary or self.value is not None or self.annotations):
            raise ValueError("state: none says nothing; leave summary, value and annotations out")
        return self

    def is_about(self, alert: Alert) -> bool:
        """Whether it is one of these, in whatever state."""
        return alert.rule == self.rule and {*self.labels.items()} <= {*alert.labels}


class RuleTest(Settings):
    """What rules must make of facts that are made up.

    name: unique. at: when alerts are looked at; a day stands for its midnight, UTC. data: what can be asked
    (``cost``, or the name of a query, such as ``measure``) -> series. Rules are evaluated each ``interval``
    from the first value up to ``at`` (by default an hour, or as long as 5,000 evaluations allow), each time
    on what was known by then: a day once it is over, settled as ``settle`` in costwatch.yaml says by
    its age. expect: the alerts there must be. Any other alert of these rules that fires fails the test.

    Example::

        - name: a spike fires once its second day is settled
          at: 2026-11-23T09:00:00Z
          data:
            cost:
              - {team: ml, service: AmazonEC2, from: 2026-11-01, values: "1000x16 5800 5850"}
          expect:
            - {rule: TeamDailySpend, labels: {team: ml}, state: firing, summary: "above $5,000"}
    """

    name: str = Field(min_length=1)
    at: Instant
    interval: Annotated[Duration, AfterValidator(_long_enough)] | None = None
    data: Mapping[str, tuple[GivenSeries, ...]]
    expect: tuple[ExpectedAlert, ...]

    @model_validator(mode="after")
    def _ends_after_its_data(self) -> "RuleTest":
        first = self.first
        if not self.expect:
            raise ValueError("expect holds no alert; write one, of state none where there is to be none")
        if first is None:
            raise ValueError(
                "data holds no series; give one, such as cost: [{team: ml, from: 2026-11-01, …}]"
            )
        if self.at < first:
            raise ValueError(f"at is before the first value, of {first:%Y-%m-%d}; write a later instant")
        if self.interval and (self.at - first) / self.interval > MAX_EVALUATIONS:
            most = f"{(self.at - first) / self.interval:,.0f} evaluations, more than {MAX_EVALUATIONS:,}"
            raise ValueError(f"interval would make {most}; write a longer one")
        return self

    @property
    def first(self) -> datetime | None:
        """When its first value is."""
        return min((series.from_ for given in self.data.values() for series in given), default=None)

    @property
    def rules(self) -> tuple[str, ...]:
        """The names of the rules under test."""
        return tuple(dict.fromkeys(expected.rule for expected in self.expect))

    @property
    def instants(self) -> Iterator[datetime]:
        """When the rules are evaluated, ``at`` last."""
        first = self.first or self.at
        interval = self.interval or max(timedelta(hours=1), (self.at - first) / MAX_EVALUATIONS)
        yield from (self.at - back * interval for back in range((self.at - first) // interval, -1, -1))


@dataclass(frozen=True, slots=True)
class Failure:
    """What is other than ``expected``, None for an alert that nothing expects; ``found``: what there is."""

    expected: ExpectedAlert | None
    found: tuple[Alert, ...]
    why: str


def failures(test: RuleTest, alerts: Iterable[Alert]) -> Iterator[Failure]:
    """What is not as the test expects; ``alerts``: all at its end, those over included."""
    known = [alert for alert in alerts if alert.rule in test.rules]
    taken: set[str] = set()
    for expected in test.expect:
        fitting = [alert for alert in known if expected.is_about(alert)]
        if expected.state == "none":
            active = tuple(alert for alert in fitting if alert.state != "resolved")
            if active:
                yield Failure(expected, active, f"{len(active)} pending or firing")
            taken |= {alert.fingerprint for alert in active}
            continue
        in_state = tuple(alert for alert in fitting if alert.state == expected.state)
        taken |= {alert.fingerprint for alert in in_state}
        if not in_state:
            yield Failure(expected, tuple(fitting), "not there" if not fitting else "in another state")
        elif len(in_state) > 1:
            yield Failure(
                expected, in_state, f"fits {len(in_state)} alerts; say by labels which one is meant"
            )
        else:
            yield from (Failure(expected, in_state, why) for why in _other(expected, in_state[0]))
    for alert in known:
        if alert.is_firing and alert.fingerprint not in taken:
            yield Failure(None, (alert,), "not expected")


def _other(expected: ExpectedAlert, alert: Alert) -> Iterator[str]:
    if expected.summary not in alert.summary:
        yield f"summary is not '{expected.summary}'"
    if expected.value is not None and expected.value != alert.value:
        yield f"value is {alert.value}, not {expected.value}"
    for name, text in expected.annotations.items():
        if alert.annotations.get(name) != text:
            yield f"annotation {name} is '{alert.annotations.get(name, '')}', not '{text}'"


def shown(rule: str, labels: Labels | Mapping[str, str]) -> str:
    """``TeamDailySpend{team="ml"}``."""
    pairs = sorted(dict(labels).items())
    return rule + (f"{{{', '.join(f'{name}={value!r}' for name, value in pairs)}}}" if pairs else "")
