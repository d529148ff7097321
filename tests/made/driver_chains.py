"""What chains of pools are tried with: shapes of them, lines of a bill, and strategies for the rest."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

from costwatch.allocation.settings import Allocation
from costwatch.model import Window
from costwatch.money import NANO
from costwatch.testing import FakeBatches
from tests.made.bills import line, tags
from tests.made.measures import measured, value

OCTOBER = Window.of_days(date(2026, 10, 1), date(2026, 11, 1))
TEAMS = [
    {"name": "risk", "parent": "commerce"},
    {"name": "payments", "parent": "commerce", "aliases": [{"id": "pay", "valid_from": "2026-10-02"}]},
    {"name": "platform"},
    {"name": "security", "parent": "platform"},
    {"name": "commerce"},
]
SYSTEMS = [{"name": "scoring", "match": {"tags": {"system": "scoring"}}}]
DIMENSIONS = {"product": {"tag": ["product", "shop"]}}
RDS, GATEWAY, TAX = ({"ServiceName": name} for name in ("RDS", "Gateway", "Tax"))
ARN = "arn:aws:rds:eu-west-1:1:db:"


def driver(name: str, **keys: Any) -> dict[str, Any]:
    return {"name": name, "split": "driver", "driver": "requests", "label": "caller", **keys}


def of(name: str, split: str, **keys: Any) -> dict[str, Any]:
    return {"name": name, "split": split, **keys}


SHARES = {"risk": 60, "security": 40}
SHAPES: Sequence[Sequence[Mapping[str, Any]]] = [
    [
        driver("mysql", match=RDS, resource="db"),
        driver("gateway", match=GATEWAY),
        driver("base", carried_by="platform"),
    ],
    [
        driver("mysql", match=RDS, resource="db"),
        driver("gateway", match=GATEWAY),
        of("tax", "proportional", match=TAX),
        driver("base", carried_by="platform"),
        of("guard", "even", carried_by="security"),
    ],
    [
        driver("base", carried_by="platform", match=GATEWAY),
        of("gateway", "fixed", match=GATEWAY, percent={"platform": 70, "payments": 30}),
        driver("mysql", match=RDS),
        driver("more", carried_by="platform"),
        of("given", "fixed", carried_by="payments", percent=SHARES),
    ],
    [
        driver("mysql", match=RDS, over="month"),
        driver("gateway", match=GATEWAY, over="day"),
        of("tax", "even", match=TAX),
        driver("lost", carried_by="unmeasured"),
        driver("nobodys", carried_by="unallocated"),
        of("base", "proportional", carried_by="platform"),
    ],
    [
        of("tax", "even", match=TAX),
        driver("tax_on", carried_by="risk", match=TAX),
        driver("mysql", match=RDS, resource="db", over="month"),
        driver("payments_on", carried_by="payments"),
        driver("base", carried_by="platform"),
    ],
]


def charged(
    service: str, currency: str = "USD", day: int = 1, last: int = 0, **columns: str
) -> dict[str, str]:
    """A line of these days. Its amount is that of the example."""
    known = {"ServiceName": service, "BillingCurrency": currency, "SubAccountId": "", "ResourceId": ""}
    starts, ends = f"2026-10-{day:02d}T00:00:00Z", f"2026-10-{(last or day):02d}T12:00:00Z"
    return line(**{**known, "ChargePeriodStart": starts, "ChargePeriodEnd": ends, **columns})


PERIOD = {"ChargePeriodStart": "2026-10-01T00:00:00Z", "ChargePeriodEnd": "2026-11-01T00:00:00Z"}
# Midnight of the 3rd is there in the morning of the 2nd, UTC.
ELSEWHERE = {"ChargePeriodStart": "2026-10-03T00:00:00+14:00", "ChargePeriodEnd": "2026-10-03T06:00:00+14:00"}
LINES = [
    charged("RDS", ResourceId=f"{ARN}shop"),
    charged("RDS", day=2, ResourceId="shop-2", Tags=tags(product="Own", system="scoring")),
    charged("RDS", "EUR", day=2, ResourceId=f"{ARN}shop"),
    charged("RDS", ResourceId=f"{ARN}shop", ChargeCategory="Credit"),
    charged("RDS", last=3),
    charged("RDS", **ELSEWHERE, ResourceId=f"{ARN}shop"),
    charged("Gateway", Tags=tags(product="Own")),
    charged("Gateway", day=2),
    charged("Gateway", "EUR", day=3, ChargeClass="Correction"),
    charged("Gateway", day=4, Tags=tags(team="platform")),
    charged("Tax", ChargeCategory="Tax", **PERIOD),
    charged("Tax", "EUR", day=2, ChargeCategory="Tax"),
    charged("EC2", Tags=tags(team="platform", shop="mesh")),
    charged("EC2", day=2, Tags=tags(team="platform", system="scoring")),
    charged("EC2", "EUR", day=2, Tags=tags(team="platform")),
    charged("EC2", Tags=tags(team="risk", product="Gift Cards")),
    charged("EC2", day=2, Tags=tags(team="pay", product="gift-cards")),
    charged("EC2", day=2, Tags=tags(team="payments"), ChargeCategory="Credit"),
    charged("EC2", "EUR", day=2, Tags=tags(team="security")),
    charged("EC2", day=3, Tags=tags(team="nobody")),
]
AMOUNTS = st.one_of(
    st.sampled_from([0, 1, -1, NANO, -NANO - 1, 10**15 + 7, -(10**15) - 7]),
    st.integers(-(10**15), 10**15),
)
VALUES = st.one_of(
    st.sampled_from([None, 0.0, -3.0, 1.0, 1e-300, 1e300, 1.7e308]),
    st.integers(0, 10**6).map(float),
    st.floats(1e-6, 10),
)
ROWS = st.lists(
    st.builds(
        lambda number, day, coverage, source, unit, labels: (
            source,
            {**value(number, day, coverage, **labels), "unit": unit},
        ),
        VALUES,
        st.integers(1, 4),
        st.sampled_from([0, 0.25, 0.5, 0.75, 1, 1, 1]),
        st.sampled_from(["mesh", "mesh", "other"]),
        st.sampled_from(["calls"] * 19 + ["s"]),
        st.fixed_dictionaries(
            {
                "caller": st.sampled_from(["", "risk", "Pay", "payments", "platform", "security", "x"]),
                "product": st.sampled_from(["", "", "Cards", "own"]),
                "db": st.sampled_from(["", "shop", "shop", "shop-2"]),
            }
        ),
    ),
    max_size=10,
)
OF_A_DRIVER = st.fixed_dictionaries(
    {
        "fallback": st.sampled_from(["unmeasured", "even", "carried", {"team": "risk"}]),
        "min_coverage": st.sampled_from([0, 0.5, 1]),
        "owners": st.sampled_from([{}, {"X": "security"}, {"risk": "payments"}]),
        "sources": st.sampled_from([(), ("mesh",)]),
    }
)
ZONES = st.sampled_from([timezone(timedelta(minutes=minutes)) for minutes in (0, 14 * 60, -11 * 60, 330)])
MISSING = st.lists(st.integers(1, 4).map(lambda day: date(2026, 10, day)), max_size=2)


def batches(rows: Sequence[tuple[str, Mapping[str, Any]]]) -> FakeBatches:
    """A batch for each source and day."""
    sources: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for source, row in rows:
        sources[source].append(row)
    return measured(**sources)


def configured(shape: int, drawn: Sequence[Mapping[str, Any]] = ()) -> Allocation:
    """A chain; drawn: the settings of its drivers."""
    left = [*drawn]
    chain = [{**pool, **(left.pop() if pool["split"] == "driver" and left else {})} for pool in SHAPES[shape]]
    keys = {"teams": TEAMS, "systems": SYSTEMS, "dimensions": DIMENSIONS if shape % 2 == 0 else {}}
    return Allocation.model_validate({**keys, "pools": chain})
