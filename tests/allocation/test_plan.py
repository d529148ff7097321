"""What a period is allocated by is known by a key, which an upgrade does not change."""

from datetime import UTC, date, datetime

import pytest

from costwatch.allocation.plan import Plan, plan_of
from costwatch.allocation.settings import Allocation
from costwatch.errors import CostwatchError
from costwatch.model import Load
from costwatch.testing import FakeBatches
from costwatch.warehouse.bill.publish import PublishedPeriod

OCTOBER = date(2026, 10, 1)
NOW = datetime(2026, 11, 3, tzinfo=UTC)
LOAD = Load(OCTOBER, date(2026, 11, 1), "d1g35t", "focus", ("f",), ("9",), {}, source="aws", id=1)
EVERY_SPLIT = {
    "teams": [
        {
            "name": "risk",
            "aliases": ["Risk-Decisioning"],
            "accounts": ["1", {"id": "2", "valid_from": "2026-10-10"}],
            "contact": "#risk",
        },
        {"name": "platform"},
    ],
    "pools": [
        {
            "name": "support",
            "split": "proportional",
            "match": {"ServiceName": "Support", "Tags": {"env": ["prod", "dev"]}},
        },
        {
            "name": "network",
            "split": "fixed",
            "percent": {"risk": "33.3333", "platform": "66.6667"},
            "match": {"SubAccountId": ["3", "4"]},
        },
        {"name": "tax", "split": "even", "match": {"ChargeCategory": "Tax"}},
        {"name": "some", "split": "even", "teams": ["risk"], "match": {"RegionId": "x"}},
        {"name": "own", "split": "owner", "tags": ["squad"], "cost_categories": []},
    ],
}
# As the version stored them that knew these four splits only.
CONFIG = (
    '{"teams":[{"name":"risk","aliases":["Risk-Decisioning"],"accounts":["1",{"id":"2",'
    '"valid_from":"2026-10-10"}]},{"name":"platform"}],"pools":[{"name":"support","match":'
    '{"ServiceName":"Support","Tags":{"env":["prod","dev"]}},"split":"proportional"},{"name":"network",'
    '"match":{"SubAccountId":["3","4"]},"split":"fixed","percent":{"risk":"33.3333","platform":"66.6667"}},'
    '{"name":"tax","match":{"ChargeCategory":"Tax"},"split":"even"},{"name":"some","match":{"RegionId":"x"},'
    '"split":"even","teams":["risk"]},{"name":"own","split":"owner","tags":["squad"],"cost_categories":[]}]}'
)
KEY = "d06ace4c2b0aed6a6a6e657d6fbd427d48076205083bd86afd96c0cc8cef1bb9"
BEFORE = PublishedPeriod(KEY, (1,), CONFIG, date(2026, 11, 1))


def plan(known: PublishedPeriod | None, *, now: datetime = NOW, load: Load = LOAD) -> Plan | None:
    return plan_of(OCTOBER, [load], known, Allocation.model_validate(EVERY_SPLIT), now, None, FakeBatches())


def test_settings_and_key_are_as_the_version_before_wrote_them() -> None:
    planned = plan(None)
    assert planned is not None
    assert (planned.config, planned.inputs_key) == (CONFIG, KEY)


def test_what_the_version_before_published_stays() -> None:
    assert plan(BEFORE) is None


def test_a_closed_period_is_allocated_by_the_pools_of_then() -> None:
    restated = Load(OCTOBER, date(2026, 11, 1), "other", "focus", ("g",), ("9",), {}, source="aws", id=2)
    planned = plan(BEFORE, now=datetime(2026, 12, 3, tzinfo=UTC), load=restated)
    assert planned is not None
    assert planned.config == CONFIG
    assert planned.allocation.pools == Allocation.model_validate_json(CONFIG).pools


UNKNOWN = {
    "a split that is not installed": (
        '{"pools": [{"name": "traffic", "split": "by_traffic", "service": "api"}]}',
        "period 2026-10-01: was allocated by split kind 'by_traffic', which is not installed, and stays as"
        " published; install its package again, or allocate it by today's pools:"
        " costwatch allocate --from 2026-10-01",
    ),
    "keys that are not known any more": (
        '{"pools": [{"name": "tax", "split": "even", "among": []}]}',
        "period 2026-10-01: was allocated by settings unknown here, and stays as published;"
        " allocate it by today's pools: costwatch allocate --from 2026-10-01",
    ),
}


@pytest.mark.parametrize(("config", "sentence"), UNKNOWN.values(), ids=UNKNOWN)
def test_a_closed_period_of_unknown_pools_stays_and_says_so(config: str, sentence: str) -> None:
    restated = Load(OCTOBER, date(2026, 11, 1), "other", "focus", ("g",), ("9",), {}, source="aws", id=2)
    known = PublishedPeriod("k", (1,), config, date(2026, 11, 1))
    with pytest.raises(CostwatchError) as caught:
        plan(known, now=datetime(2026, 12, 3, tzinfo=UTC), load=restated)
    assert str(caught.value) == sentence
