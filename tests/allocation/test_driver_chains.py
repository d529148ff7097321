"""Chains of pools, whatever is measured, charged and configured: parts are the whole, to the nano-unit.

Each amount goes through the splits themselves and the SQL that divides by their weights; which pool takes
what is worked out here, in plain words. ``test_driver_periods.py`` has whole billing periods.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from typing import Any

import ibis
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costwatch.allocation.owners import teams_by_name
from costwatch.allocation.settings import Allocation
from costwatch.allocation.weighing import COLUMNS, weigh
from costwatch.cost.dimensions import of_part, passed_on
from costwatch.ledger.engines.duckdb import compiled, connect, fetch, take
from costwatch.ledger.nano import digits_of, split
from costwatch.model import RESIDUALS, UNMEASURED
from costwatch.money import NANO
from costwatch.plugins import Carried, Span, Split, Weighing, tags_of, tags_text
from costwatch.testing import FakeBatches
from tests.made.driver_chains import (
    AMOUNTS,
    MISSING,
    OCTOBER,
    OF_A_DRIVER,
    ROWS,
    SHARES,
    TEAMS,
    batches,
    driver,
    of,
)
from tests.made.soak import in_soak

EXAMPLES = in_soak(10_000, else_=30)
DIMENSIONS = {"product": {"tag": "product"}}
NAMES = [str(team["name"]) for team in TEAMS]
RESOURCES = ("arn:aws:rds:eu-west-1:1:db:shop", "shop-2", "")
# Given on is what these carry, each at most once and never back: a later pool leaves out who gave before.
GIVERS = st.permutations(["platform", "payments", "security", "unmeasured", "unallocated"])
LINES = st.builds(
    lambda pool, team, first, days, currency, resource, product, nano: Amount(
        0, pool, team, date(2026, 10, first), days, currency, resource, tags_text({"product": product}), nano
    ),
    st.sampled_from([0, 0, 1, -1]),
    st.sampled_from([*NAMES, "unallocated"]),
    st.integers(1, 4),
    st.sampled_from([1, 1, 1, 3, 31]),
    st.sampled_from(["USD", "USD", "EUR"]),
    st.sampled_from(RESOURCES),
    st.sampled_from(["", "own"]),
    AMOUNTS,
)


@dataclass(frozen=True)
class Amount:
    """A charge, or a part of one. pool: that takes the line; -1: its ``team`` carries it."""

    line: int
    pool: int
    team: str
    first: date
    days: int
    currency: str
    resource: str
    tags: str
    nano: int


@pytest.fixture(scope="module")
def con() -> Iterator[Any]:
    found = connect()
    found.con.execute("SET threads = 1")
    yield found
    found.disconnect()


@cache
def split_sql() -> str:
    """Compiled once, as a period's expressions are."""
    amounts = ibis.table(dict.fromkeys(("row", "span", "x"), "int64"), name="amounts")
    rows = amounts.select("row", "span", **digits_of(amounts.x))
    return compiled(split(rows, ibis.table(dict(COLUMNS), name="weights")))


def chain_of(
    drawn: Sequence[Mapping[str, Any]], givers: Sequence[str], kinds: Sequence[str], length: int
) -> Allocation:
    """Two pools that take lines, the first by resource, and some that give on."""
    ways: Mapping[str, Mapping[str, Any]] = {"fixed": {"percent": SHARES}}
    lines = [driver("mysql", resource="db", **drawn[0]), driver("gateway", **drawn[1])]
    onward = [
        driver(f"p{number}", carried_by=giver, **drawn[2 + number])
        if kind == "driver"
        else of(f"p{number}", kind, carried_by=giver, **ways.get(kind, {}))
        for number, (giver, kind) in enumerate(zip(givers[:length], kinds, strict=False))
    ]
    return Allocation.model_validate({"teams": TEAMS, "pools": [*lines, *onward], "dimensions": DIMENSIONS})


def passed(
    con: Any,
    pool: Split,
    by: Allocation,
    asked: Weighing,
    left_out: set[str],
    mine: Sequence[Amount],
    gone: Any,
) -> list[Amount]:
    """The parts of what a pool takes, in the place of it."""
    numbers = {span[1:]: span.number for span in asked.spans}
    spans = [numbers[_span(amount, pool)] for amount in mine]
    weights = weigh(pool, asked, left_out, gone)
    columns = [range(len(mine)), spans, [amount.nano for amount in mine]]
    rows = pa.table([pa.array(column, pa.int64()) for column in columns], ["row", "span", "x"])
    take(con, "amounts", rows)
    take(con, "weights", weights)
    found = [
        replace(
            mine[part["row"]],
            pool=-1,
            team=part["team"],
            tags=_told(by, mine[part["row"]].tags, part["AllocatedTags"]),
            nano=part["whole"] * NANO + part["rest"],
        )
        for part in fetch(con, split_sql()).to_pylist()
    ]
    _check_shares(mine, spans, weights.to_pylist(), found)
    weighed = {*weights["span"].to_pylist()}
    unweighed = (amount for amount, span in zip(mine, spans, strict=True) if span not in weighed)
    return [*found, *(replace(amount, pool=-1, team=UNMEASURED) for amount in unweighed)]


def _told(by: Allocation, before: str, after: str) -> str:
    own = of_part(by.dimensions, tags_of(after))
    return tags_text(passed_on(by.dimensions, tags_of(before), own))


def _span(amount: Amount, pool: Split) -> tuple[Any, ...]:
    key = (amount.resource,) if pool.columns else ()
    days = 1 if pool.carried_by else amount.days
    return amount.first, amount.first + timedelta(days=days), amount.currency, key


def _check_shares(
    mine: Sequence[Amount],
    spans: Sequence[int],
    weights: Sequence[Mapping[str, Any]],
    found: Sequence[Amount],
) -> None:
    """Each part by itself is its weight's share, up to a nano-unit."""
    of_span: dict[int, list[int]] = defaultdict(list)
    for row in weights:
        of_span[row["span"]].append(row["weight"])
    parts: dict[int, list[int]] = defaultdict(list)
    for part in found:
        parts[part.line].append(part.nano)
    lines = [amount.line for amount in mine]
    for amount, span in zip(mine, spans, strict=True):
        if lines.count(amount.line) == 1 and (known := of_span[span]):
            exact = sorted(amount.nano * weight / sum(known) for weight in known)
            for part, wanted in zip(sorted(parts[amount.line]), exact, strict=True):
                assert abs(part - wanted) <= 1 + abs(wanted) * 1e-12


@pytest.mark.soak
@settings(max_examples=EXAMPLES, deadline=None)
@given(
    drawn=st.lists(OF_A_DRIVER, min_size=7, max_size=7),
    givers=GIVERS,
    kinds=st.lists(
        st.sampled_from(["driver", "driver", "even", "fixed", "proportional"]), min_size=5, max_size=5
    ),
    length=st.integers(0, 3),
    lines=st.lists(LINES, min_size=1, max_size=6),
    rows=ROWS,
    gone=MISSING,
)
def test_parts_of_any_chain_are_the_whole(
    con: Any,
    drawn: list[Mapping[str, Any]],
    givers: list[str],
    kinds: list[str],
    length: int,
    lines: list[Amount],
    rows: list[tuple[str, Mapping[str, Any]]],
    gone: list[date],
) -> None:
    by, collected = chain_of(drawn, givers, kinds, length), batches(rows)
    lines = [replace(amount, line=number) for number, amount in enumerate(lines)]
    amounts, gave = lines, set[str]()
    for number, pool in enumerate(by.pools):
        gave |= {pool.carried_by} - {""}
        taken = [each for each in amounts if _takes(number, pool, each)]
        rest = [each for each in amounts if not _takes(number, pool, each)]
        if taken:
            left_out = gave if pool.carried_by else set[str]()
            asked = _asked(pool, by, taken, rest, left_out, collected)
            amounts = [*rest, *passed(con, pool, by, asked, left_out, taken, gone)]
        assert {each.team for each in amounts if each.pool < 0} <= {*NAMES, *RESIDUALS}
    assert not [each for each in amounts if each.pool >= 0]
    assert not [each for each in amounts if each.team in gave - {UNMEASURED}]
    for one in lines:
        parts = [each for each in amounts if each.line == one.line]
        assert sum(part.nano for part in parts) == one.nano
        product = {tags_of(part.tags).get("product", "no product") for part in parts}
        assert product <= {"cards", "own", tags_of(one.tags).get("product", "no product")}


def _takes(number: int, pool: Split, amount: Amount) -> bool:
    return amount.team == pool.carried_by and amount.pool < 0 if pool.carried_by else amount.pool == number


def _asked(
    pool: Split,
    by: Allocation,
    taken: Sequence[Amount],
    rest: Sequence[Amount],
    left_out: set[str],
    collected: FakeBatches,
) -> Weighing:
    spans = sorted({_span(amount, pool) for amount in taken})
    carried: dict[tuple[str, date, str], int] = defaultdict(int)
    for amount in rest:
        if amount.pool < 0 and amount.team not in left_out:
            carried[amount.team, amount.first, amount.currency] += amount.nano
    return Weighing(
        OCTOBER,
        [Span(number, *span) for number, span in enumerate(spans)],
        [name for name in NAMES if name not in left_out],
        collected,
        [Carried(*key, nano, nano) for key, nano in sorted(carried.items())],
        teams_by_name(by.teams),
    )
