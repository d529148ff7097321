"""The door for rules: what they look for."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, Protocol

from pydantic import Field, PrivateAttr

from costwatch.model import Finding, Severity
from costwatch.plugins.context import PluginContext
from costwatch.plugins.facts import FactQuery, Snapshot
from costwatch.plugins.settings import Duration, Settings


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
        """Becomes the label ``severity``."""
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

    def evaluate(self, facts: Snapshot, now: datetime) -> Iterable[Finding]:
        """A finding for each instance looked at, in breach or not. Filters the answer, not the query."""
        ...


def queries_of(rules: Iterable[Rule]) -> tuple[FactQuery, ...]:
    """What the kinds of these rules bring to be asked."""
    return tuple(query for rule in rules for query in getattr(rule, "queries", ()))


class RuleSettings(Settings):
    """What all rule kinds share.

    name: unique; becomes the label ``rule``. severity: page, ticket or info. for: how long a breach
    must last before it fires. keep_firing_for: how long it goes on firing after the breach ends.
    labels: added to its alerts, for routing. runbook: URL shown in the first message.
    """

    queries: ClassVar[tuple[FactQuery, ...]] = ()  # that come with the kind, beside those registered

    name: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_-]*$")
    severity: Severity = Severity.TICKET
    for_: Duration = Field(default=timedelta(), alias="for")
    keep_firing_for: Duration = timedelta()
    labels: Mapping[str, str] = Field(default_factory=dict)
    runbook: str = ""

    _kind: str = PrivateAttr(default="")

    def model_post_init(self, context: Any) -> None:
        """Keep by which kind a file named it."""
        self._kind = context.kind if isinstance(context, PluginContext) else ""

    @property
    def kind(self) -> str:
        """See ``Rule``."""
        return self._kind
