"""What the company promises of its systems, as data: ten objectives, and what their series are called."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from costwatch.demo.shared import MEASURES, SHARED_SYSTEM

GAUGE_SAMPLES = 5  # of a bucket of five minutes
CALENDAR_ZONE = "Europe/Berlin"
SLOW_BURN, SLOW_BURN_SINCE, SLOW_BURN_RATE = "risk-decisions-latency", timedelta(days=9), 2.5  # before now
INCIDENT, INCIDENT_SHARE = "model-server-availability", 1 / 3  # of its budget
INCIDENT_FOR, INCIDENT_AFTER = timedelta(minutes=45), timedelta(minutes=8)  # the deploy that it came from
UNSEEN, UNSEEN_BEFORE, UNSEEN_FOR = "shared-mysql-availability", timedelta(days=12), timedelta(hours=6)
NO_TRAFFIC = "experiments-canary-availability"


@dataclass(frozen=True, slots=True)
class DemoSlo:
    """An objective, and what usually happens.

    percent, promise: so many per cent of what. form: ``events`` are counted by the label ``code``,
    ``latency`` by a histogram whose bucket ``le`` is good, a ``probe`` is a gauge of 0 or 1.
    metric, labels: of its series. usual: events in five minutes. burn: the usual burn rate. group: label and
    values of its instances. is_sliced: it counts slices of five minutes in which all probes were good.
    is_calendar: its period is the month in ``CALENDAR_ZONE``, not the last ``days``.
    """

    service: str
    name: str
    team: str
    system: str
    percent: str
    promise: str
    form: Literal["events", "latency", "probe"]
    metric: str
    usual: float
    burn: float
    labels: Mapping[str, str] = field(default_factory=dict)
    le: str = ""
    group: tuple[str, tuple[str, ...]] = ("", ("",))
    is_sliced: bool = False
    is_calendar: bool = False
    days: int = 30

    @property
    def id(self) -> str:
        """As it is called everywhere."""
        return f"{self.service}-{self.name}"

    @property
    def target(self) -> float:
        """As a share."""
        return float(self.percent) / 100

    @property
    def instances(self) -> tuple[tuple[tuple[str, str], ...], ...]:
        """The labels of each."""
        name, values = self.group
        return tuple(((name, value),) if name else () for value in values)


SLOS = (
    DemoSlo(
        "feature-store",
        "online-latency",
        "feature-store",
        "feature store",
        "99.5",
        "of reads of online features take at most 100 ms",
        "latency",
        "feature_server_request_latency_seconds",
        60_000,
        0.12,
        {"endpoint": "/get-online-features"},
        "0.1",
    ),
    DemoSlo(
        "feature-store",
        "freshness",
        "feature-store",
        "feature store",
        "99",
        "of the time a feature view is at most 30 minutes old",
        "probe",
        "feature_view_fresh",
        GAUGE_SAMPLES,
        0.1,
        group=("feature_view", tuple(MEASURES["feature_values"].usual)),
    ),
    DemoSlo(
        "feature-store",
        "stream-lag",
        "feature-store",
        "feature store",
        "99",
        "of five-minute slices have streams less than a minute behind",
        "probe",
        "stream_in_time",
        GAUGE_SAMPLES,
        0.2,
        is_sliced=True,
    ),
    DemoSlo(
        "model-server",
        "latency",
        "ml-platform",
        "model server",
        "99",
        "of predictions take at most 250 ms",
        "latency",
        "model_request_seconds",
        40_000,
        0.3,
        le="0.25",
    ),
    DemoSlo(
        "model-server",
        "availability",
        "ml-platform",
        "model server",
        "99.9",
        "of predictions are answered",
        "events",
        "model_requests_total",
        40_000,
        0.05,
    ),
    DemoSlo(
        "risk-decisions",
        "latency",
        "risk",
        "risk decisions",
        "99",
        "of decisions take at most 300 ms",
        "latency",
        "decision_seconds",
        1_000,
        0.2,
        le="0.3",
    ),
    DemoSlo(
        "feature-flags",
        "availability",
        "experimentation",
        "feature flags",
        "99.9",
        "of requests to the flag service are answered, each month",
        "events",
        "flag_requests_total",
        25_000,
        0.1,
        is_calendar=True,
    ),
    DemoSlo(
        "shared-mysql",
        "availability",
        "platform",
        SHARED_SYSTEM,
        "99.9",
        "of probes find MySQL up",
        "probe",
        "mysql_up",
        GAUGE_SAMPLES,
        0.15,
    ),
    DemoSlo(
        "checkout",
        "availability",
        "payments",
        "",
        "99.9",
        "of calls of the checkout API are answered, in four weeks",
        "events",
        "checkout_requests_total",
        8_000,
        0.45,
        days=28,
    ),
    DemoSlo(
        "experiments",
        "canary-availability",
        "experimentation",
        "experiments",
        "99.5",
        "of assignments by the canary are answered",
        "events",
        "canary_requests_total",
        0,
        0.0,
    ),
)
