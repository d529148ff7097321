"""What many share at the company, and what is measured of it a day, as data."""

from collections.abc import Mapping
from dataclasses import dataclass

SHARED_SYSTEM = "shared MySQL"  # all of the fleet ``mysql``
PRODUCTS = ("cards", "loans", "transfers")
BUSY_SCHEMA = "mlflow"  # from the Monday of the stories on its team pays twice as much of MySQL
BUSY_TIMES = 2.25  # as the others stay, that is twice the share
UNREAD_VIEW = "loan_history"
ENDED_EXPERIMENT, STILL_SERVED = "checkout-layout", 0.3  # of its traffic, after its end


@dataclass(frozen=True, slots=True)
class DemoMeasure:
    """A measure, by the values of one label: what each has on a usual weekday, in ``unit``."""

    unit: str
    label: str
    usual: Mapping[str, float]
    weekend: float = 0.8


MEASURES = {
    "mysql_time": DemoMeasure(
        "s",
        "schema",
        {"payments_ledger": 86_000, "risk_decisions": 60_000, "experiments": 34_000, BUSY_SCHEMA: 20_000},
    ),
    "stream_bytes": DemoMeasure(
        "bytes",
        "feature_view",
        {"card_velocity": 5.2e11, "customer_profile": 2.1e11, "merchant_risk": 1.9e11, UNREAD_VIEW: 1.3e11},
        0.9,
    ),
    "feature_values": DemoMeasure(
        "values",
        "feature_view",
        {"card_velocity": 9.4e8, "customer_profile": 6.1e8, "merchant_risk": 4.3e8, UNREAD_VIEW: 2.2e7},
    ),
    "model_seconds": DemoMeasure("s", "model", {"fraud": 410_000, "credit": 170_000, "churn": 62_000}, 0.9),
    "predictions": DemoMeasure("predictions", "model", {"fraud": 3.1e7, "credit": 2.4e6, "churn": 5.5e6}),
    "decisions": DemoMeasure("decisions", "product", {"cards": 210_000, "loans": 2_900, "transfers": 61_000}),
    "flag_evals": DemoMeasure(
        "evaluations", "app", {"checkout-web": 2.8e8, "mobile": 3.9e8, "back-office": 4e6}
    ),
    "experiment_seconds": DemoMeasure(
        "s",
        "experiment",
        {"card-limits": 52_000, "onboarding-steps": 31_000, "retry-rules": 18_000, ENDED_EXPERIMENT: 44_000},
    ),
    "experiment_requests": DemoMeasure(
        "requests",
        "experiment",
        {"card-limits": 1.1e6, "onboarding-steps": 4.7e5, "retry-rules": 7e5, ENDED_EXPERIMENT: 8e5},
    ),
}


@dataclass(frozen=True, slots=True)
class Fleet:
    """A pool of ``costwatch.yaml`` that is split by a measure. owners: of the values of its label."""

    driver: str
    owners: Mapping[str, str]

    @property
    def label(self) -> str:
        """Of the measure."""
        return MEASURES[self.driver].label


def _all_of(driver: str, team: str) -> Fleet:
    return Fleet(driver, dict.fromkeys(MEASURES[driver].usual, team))


FLEETS = {  # by the pool, and the value of the tag ``fleet``
    "mysql": Fleet(
        "mysql_time",
        {
            "payments_ledger": "payments",
            "risk_decisions": "risk",
            "experiments": "experimentation",
            BUSY_SCHEMA: "ml-platform",
        },
    ),
    "streams": _all_of("stream_bytes", "feature-store"),
    "models": _all_of("model_seconds", "ml-platform"),
    "experiments": _all_of("experiment_seconds", "experimentation"),
}


@dataclass(frozen=True, slots=True)
class DemoUnitCost:
    """A unit cost of ``costwatch.yaml``: what ``per`` units of ``volume`` cost of a system.

    pool: of the system only what is in it. by: a label of the volume. team: of the system only what this team
    carries, and with it what the team carries of SHARED_SYSTEM.
    """

    volume: str
    per: int
    system: str
    pool: str = ""
    by: str = ""
    team: str = ""


UNIT_COSTS = {
    "prediction": DemoUnitCost("predictions", 1_000, "model server", "models", "model"),
    "feature value": DemoUnitCost("feature_values", 1_000_000, "feature store", "streams", "feature_view"),
    "decision": DemoUnitCost("decisions", 1, "risk decisions", by="product", team="risk"),
    "experiment request": DemoUnitCost(
        "experiment_requests", 1_000, "experiments", "experiments", "experiment"
    ),
    "flag evaluation": DemoUnitCost("flag_evals", 1_000_000, "feature flags"),
}
