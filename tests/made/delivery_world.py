"""A warehouse with one scripted rule, one receiver and a clock: what delivery is tested with."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from costwatch.alerts.routing import RootRoute
from costwatch.deliver import Delivery, deliver
from costwatch.errors import NotifyError
from costwatch.evaluate import evaluate
from costwatch.model import About, AlertState, Finding, Group, Receipt, Severity, Verdict, labels
from costwatch.warehouse.store import Warehouse

START = datetime(2026, 11, 20, 6, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
DOWN = NotifyError("receiver 'default': away; it is tried again", permanent=False)
REFUSED = NotifyError("receiver 'default': refused; mend it", permanent=True)


@dataclass
class Script:
    """A rule whose findings a test writes: label value -> verdict and text; or the query it rests on."""

    name: str = "Spend"
    severity: Severity = Severity.TICKET
    for_: timedelta = timedelta()
    keep_firing_for: timedelta = timedelta()
    labels: dict[str, str] = field(default_factory=dict)
    runbook: str = ""
    annotations: dict[str, str] = field(default_factory=dict)
    no_data: Literal["keep", "ok", "alert"] = "keep"
    on_error: Literal["keep", "alert"] = "keep"
    min_impact: Decimal | None = None
    queries: dict[str, str] = field(default_factory=dict)
    findings: dict[str, tuple[Verdict, str]] = field(default_factory=dict)

    def evaluate(self, facts: object, now: datetime) -> Iterator[Finding]:
        for service, (verdict, text) in self.findings.items():
            instance = labels(team="ml", service=service)
            about = About(self.queries.get(service, "EffectiveCost"))
            yield Finding(instance, verdict, Decimal(1), Decimal(0), "USD", text, about)


@dataclass
class Teller:
    """A receiver that keeps what it is sent, and fails as it is told; it cannot edit."""

    name: str = "default"
    got: list[tuple[Group, Receipt | None]] = field(default_factory=list)
    failures: list[BaseException | None] = field(default_factory=list)

    def notify(self, group: Group, previous: Receipt | None) -> Receipt:
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None:
            raise failure
        self.got.append((group, previous))
        return Receipt({"ts": str(len(self.got))})

    @property
    def said(self) -> list[str]:
        """Why, and the alerts: firing as they are, resolved in brackets."""
        return [f"{group.reason}: {spelled(group)}" for group, _ in self.got]


@dataclass
class Recorder(Teller):
    """One that can edit."""

    edits_per_second: float = 1_000


def spelled(group: Group) -> str:
    return " ".join(
        alert.summary if alert.state is AlertState.FIRING else f"({alert.summary})" for alert in group.alerts
    )


@dataclass
class FakeTime:
    """Passes only while somebody sleeps."""

    seconds: float = 0

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float, /) -> None:
        self.seconds += seconds


@dataclass
class House:
    """A warehouse, one scripted rule and one receiver, and a clock."""

    warehouse: Warehouse
    rule: Script = field(default_factory=Script)
    receiver: Teller = field(default_factory=Recorder)
    route: dict[str, Any] = field(default_factory=lambda: {"group_interval": "0s"})
    now: datetime = START
    time: FakeTime = field(default_factory=FakeTime)

    def find(self, **breaches: str) -> None:
        """Evaluate: these services are in breach with these texts, no others."""
        gone = dict.fromkeys(self.rule.findings, (Verdict.OK, ""))
        self.rule.findings = gone | {service: (Verdict.BREACH, text) for service, text in breaches.items()}
        evaluate(self.warehouse, [self.rule], self.now)

    def deliver(self, *others: Teller, **options: Any) -> Delivery:
        route = RootRoute.model_validate({"receiver": "default", **self.route})
        return deliver(
            self.warehouse,
            route,
            [self.receiver, *others],
            {"ml": "@ml", "risk": "@risk"},
            "http://127.0.0.1:8501",
            self.now,
            **{"clock": self.time, **options},
        )

    def wait(self, span: timedelta = HOUR) -> None:
        self.now += span

    def outbox(self) -> list[tuple[Any, ...]]:
        with self.warehouse.read() as db:
            sql = "SELECT reason, state, attempts, error FROM notification ORDER BY rowid"
            return [tuple(row) for row in db.execute(sql)]


@contextmanager
def new_house(**changes: Any) -> Iterator[House]:
    """In memory where that is possible: what is tested here is not the disk."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        warehouse = Warehouse(Path(folder) / "costwatch.db")
        warehouse.migrate()
        yield House(warehouse, **changes)
