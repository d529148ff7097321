"""The door for rules: what they look for."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal, Protocol, Self

from pydantic import AfterValidator, Field, PrivateAttr, ValidationInfo, model_validator

from costwatch.model import Driver, Finding, Severity
from costwatch.plugins.context import PluginContext
from costwatch.plugins.facts import RECENT_DAYS, FactQuery, Snapshot, unknown_name
from costwatch.plugins.settings import Duration, Settings

_DAY = timedelta(days=1)
_OWN_LABELS = ("rule", "severity")
_DIGITS = 19  # of an amount; the warehouse holds amounts in so many


def _whole_days(window: timedelta) -> timedelta:
    if window % _DAY or not _DAY <= window <= RECENT_DAYS * _DAY:
        raise ValueError(f"must be whole days, 1d to {RECENT_DAYS}d")
    return window


MAX_ALERTS = 100


def _are_free(labels: Mapping[str, str]) -> Mapping[str, str]:
    for name in labels:
        if name in _OWN_LABELS:
            raise ValueError(f"'{name}' is what every alert has of its rule; write '{name}' beside 'labels'")
        if not name.strip():
            raise ValueError("a label needs a name")
    return labels


WholeDays = Annotated[Duration, AfterValidator(_whole_days)]
# What a rule's ``match`` says: label -> the value or values it must have.
MatchedValues = str | tuple[str, ...]


def one_of(
    known: Collection[str],
    what: str = "label",
    *,
    is_known: Callable[[str, Collection[str]], bool] | None = None,
) -> AfterValidator:
    """For a key whose text must be among ``known``, or otherwise known: else the nearest of them is told.

    is_known: is asked with the dimensions of ``costwatch.yaml``, too.
    """

    def check(name: str, info: ValidationInfo) -> str:
        configured = _dimensions(info.context)
        if name not in known and not (is_known and is_known(name, configured)):
            names = (*known, *configured) if is_known else known
            raise ValueError(unknown_name(f"'{name}' is no {what}", name, names))
        return name

    return AfterValidator(check)


def _dimensions(context: Any) -> Collection[str]:
    """Those of ``costwatch.yaml``, for its plugins and for itself."""
    if isinstance(context, PluginContext):
        return context.dimensions
    return context.get("dimensions", ()) if isinstance(context, Mapping) else ()


def accepted(match: Mapping[str, MatchedValues]) -> dict[str, tuple[str, ...]]:
    """The same with all values in tuples, as ``matching`` takes them."""
    return {name: (value,) if isinstance(value, str) else value for name, value in match.items()}


class Rule(Protocol):
    """One rule of ``alerts.yaml``."""

    @property
    def name(self) -> str:
        """Unique; becomes the label ``rule``."""
        ...

    @property
    def kind(self) -> str:
        """The entry point that it was loaded by; empty where no file named it."""
        ...

    @property
    def severity(self) -> Severity:
        """Becomes the label ``severity``, unless a finding has one of its own."""
        ...

    @property
    def for_(self) -> timedelta:
        """How long a breach must last before it fires."""
        ...

    @property
    def keep_firing_for(self) -> timedelta:
        """How long it goes on firing after the breach ends."""
        ...

    @property
    def labels(self) -> Mapping[str, str]:
        """Added to its alerts, for routing."""
        ...

    @property
    def runbook(self) -> str:
        """URL for whoever is told, or nothing."""
        ...

    @property
    def annotations(self) -> Mapping[str, str]:
        """Texts for its messages, in which ``{label}`` stands for that label of the alert."""
        ...

    @property
    def no_data(self) -> Literal["keep", "ok", "alert"]:
        """What an unknown verdict does."""
        ...

    @property
    def on_error(self) -> Literal["keep", "alert"]:
        """What happens while it cannot be evaluated."""
        ...

    @property
    def min_impact(self) -> Decimal | None:
        """A breach whose impact is known and smaller is none; in the currency of the impact."""
        ...

    def evaluate(self, facts: Snapshot, now: datetime) -> Iterable[Finding]:
        """A finding for each instance looked at, in breach or not. Filters the answer, not the query."""
        ...


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is asked once, when an alert begins to fire, and kept with it for as long as it does.

    drivers: the parts of what went wrong. They are added up in a unit of their own (a burn rate has bad
    events), and their sum becomes the alert's ``change``. texts: name -> text, shown in messages.
    """

    drivers: tuple[Driver, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)


def explanation_of(rule: Rule, finding: Finding, facts: Snapshot, now: datetime) -> Explanation | None:
    """What a rule has to say of a finding that begins to fire; None: nothing, as most kinds."""
    explain = getattr(rule, "explain", None)
    found = explain(finding, facts, now) if explain else None
    return found if isinstance(found, Explanation) else None


def max_alerts_of(rule: Rule) -> int:
    """Beyond how many alerts a rule tells one in place of them; 100 where it does not say."""
    limit = getattr(rule, "max_alerts", None)
    return limit if isinstance(limit, int) else MAX_ALERTS


@dataclass(frozen=True, slots=True)
class Selection:
    """Facts that a rule looks at: the series of ``query``, asked for by the labels ``by``.

    where: label -> values; only series that have, of each label named here, one of its values. These labels
    are among ``by``, ``currency`` aside.
    """

    query: str
    by: tuple[str, ...] = ()
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def selections_of(rule: Rule) -> tuple[Selection, ...]:
    """What a rule says it looks at; none: it does not say."""
    return tuple(one for one in getattr(rule, "selections", ()) if isinstance(one, Selection))


def alert_labels_of(rule: Rule) -> frozenset[str] | None:
    """All labels that alerts of a rule can have; None: it does not say which its findings have."""
    found = getattr(rule, "finding_labels", None)
    return None if found is None else frozenset((*found, *rule.labels, "rule", "severity"))


def queries_of(rules: Iterable[Rule]) -> tuple[FactQuery, ...]:
    """What the kinds of these rules bring to be asked."""
    return tuple(query for rule in rules for query in getattr(rule, "queries", ()))


class RuleSettings(Settings):
    """What all rule kinds share.

    name: unique; becomes the label ``rule``. severity: page, ticket or info. for: how long a breach
    must last before it fires. keep_firing_for: how long it goes on firing after the breach ends.
    labels: added to its alerts, for routing. runbook: URL shown in messages. annotations: name -> text
    shown in messages, in which ``{team}`` stands for the alert's label ``team``.

    settle: ``settled``, or ``estimated`` to go by days that may still change, too; what rests on no day
    is not touched by it. min_impact: money a month, in the currency of the costs looked at: what is known
    to matter less is no breach. no_data: where there is too little data to tell, ``keep`` changes nothing,
    ``ok`` counts it as no breach, ``alert`` tells it once it has lasted for as long as ``for`` says.
    on_error: where the rule cannot be evaluated, ``keep`` leaves its alerts as they are; ``alert`` fires
    one more that says so, until it can be. max_alerts: where more instances are in breach, one alert says how
    many, in place of those that do not fire yet.
    """

    queries: ClassVar[tuple[FactQuery, ...]] = ()  # that come with the kind, beside those registered

    name: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_-]*$")
    severity: Severity = Severity.TICKET
    for_: Duration = Field(default=timedelta(), alias="for")
    keep_firing_for: Duration = timedelta()
    labels: Annotated[Mapping[str, str], AfterValidator(_are_free)] = Field(default_factory=dict)
    runbook: str = ""
    annotations: Mapping[str, str] = Field(default_factory=dict)
    settle: Literal["settled", "estimated"] = "settled"
    min_impact: Decimal | None = Field(default=None, ge=0)
    no_data: Literal["keep", "ok", "alert"] = "keep"
    on_error: Literal["keep", "alert"] = "keep"
    max_alerts: int = Field(default=MAX_ALERTS, ge=1)

    _kind: str = PrivateAttr(default="")

    @model_validator(mode="after")
    def _has_amounts_that_can_be(self) -> Self:
        for name, info in type(self).model_fields.items():
            value = getattr(self, name)
            if isinstance(value, Decimal) and value and not -_DIGITS < value.adjusted() < _DIGITS:
                raise ValueError(f"{info.alias or name} must have fewer than {_DIGITS} digits on either side")
        return self

    def model_post_init(self, context: Any) -> None:
        """Keep by which kind a file named it."""
        self._kind = context.kind if isinstance(context, PluginContext) else ""

    @property
    def kind(self) -> str:
        """See ``Rule``."""
        return self._kind

    def explain(self, finding: Finding, facts: Snapshot, now: datetime) -> Explanation | None:
        """Asked once, when a breach begins to fire: what is too slow or too much for each evaluation."""
        return None

    @property
    def selections(self) -> tuple[Selection, ...]:
        """What it looks at: names in it that nothing bears are mistakes; none: the kind does not say."""
        return ()

    @property
    def finding_labels(self) -> tuple[str, ...] | None:
        """The labels that its findings can have: to name another is a mistake; None: it does not say."""
        return None

    @property
    def statements(self) -> Mapping[str, Collection[str]]:
        """SQL that it asks by ``Snapshot.sql``, each with columns that it must answer: `check` proves it."""
        return {}

    def newest_day(self, facts: Snapshot, days: Iterable[date]) -> date | None:
        """The newest day that the rule may rest on, if any; ``days``: those that have any facts."""
        newest = max(days, default=None) if self.settle == "estimated" else None
        return newest or facts.data_through
