"""Parts are the whole, to the nano-unit, whatever a cluster used and whatever its lines cost."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from functools import cache
from typing import Any

import ibis
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from costwatch.allocation.splits.kubernetes import KubernetesPool
from costwatch.allocation.weighing import COLUMNS, weigh
from costwatch.ledger.engines.duckdb import compiled, connect, fetch, take
from costwatch.ledger.nano import MOST_TIMES, WEIGHT_SUM, digits_of, split
from costwatch.model import RESIDUALS, Window
from costwatch.money import NANO
from costwatch.plugins import Span, SplitSettings, Weighing, Weights, tags_text
from costwatch.testing import a_weighing
from tests.made.collected_usage import GIB, HOUR, Row, collected, node, used
from tests.made.soak import in_soak

FIRST = date(2026, 10, 1)
DAYS = 3
EXAMPLES = in_soak(10_000, else_=40)
TEAMS = ("risk", "payments", "platform")
AMOUNTS = st.one_of(
    st.sampled_from([0, 1, -1, NANO, -NANO - 1, 10**15 + 7, -(10**15) - 7]),
    st.integers(-(10**15), 10**15),
)


class Given(SplitSettings):
    """Gives the weights that it was made with."""

    rows: tuple[tuple[int, str, float, str], ...]

    def weights(self, asked: Weighing) -> Weights:
        return self.rows


@pytest.fixture(scope="module")
def con() -> Iterator[Any]:
    found = connect()
    yield found
    found.disconnect()


@cache
def split_sql() -> str:
    """Compiled once, as a period's expressions are."""
    amounts = ibis.table(dict.fromkeys(("row", "span", "x"), "int64"), name="amounts")
    rows = amounts.select("row", "span", **digits_of(amounts.x))
    return compiled(split(rows, ibis.table(dict(COLUMNS), name="weights")))


def parts(con: Any, weights: pa.Table, amounts: Sequence[tuple[int, int]]) -> dict[int, list[int]]:
    """Row -> its parts in nano-units. amounts: the span and the nano-units of each row."""
    columns = [pa.array(column, pa.int64()) for column in zip(*amounts, strict=True)]
    take(
        con, "amounts", pa.table([pa.array(range(len(amounts)), pa.int64()), *columns], ["row", "span", "x"])
    )
    take(con, "weights", weights)
    found = fetch(con, split_sql()).to_pylist()
    of: dict[int, list[int]] = {}
    for part in found:
        of.setdefault(part["row"], []).append(part["whole"] * NANO + part["rest"])
    return of


def exact_to_the_nano(con: Any, weights: pa.Table, amounts: Sequence[tuple[int, int]]) -> None:
    spans: dict[int, list[int]] = {}
    for span, weight in zip(weights["span"].to_pylist(), weights["weight"].to_pylist(), strict=True):
        spans.setdefault(span, []).append(weight)
    for of in spans.values():
        assert sum(of) > 0
        assert sum(map(abs, of)) <= min(WEIGHT_SUM, sum(of) * MOST_TIMES)
    found = parts(con, weights, amounts)
    for number, (span, amount) in enumerate(amounts):
        mine, of = sorted(found.get(number, [])), spans.get(span, [])
        assert len(mine) == len(of)
        if of:
            assert sum(mine) == amount
            exact = sorted(amount * weight / sum(of) for weight in of)
            for part, wanted in zip(mine, exact, strict=True):
                assert abs(part - wanted) <= 1 + abs(wanted) * 1e-12


WEIGHTS = st.one_of(
    st.sampled_from([0.0, 1.0, -1.0, 0.5, 1e-9, 1e9, 1e18, -1e18, 1e-18, 1e300]),
    st.floats(-10, 10),
    st.integers(-(10**9), 10**9).map(float),
)
ROWS = st.tuples(
    st.integers(0, 2),
    st.sampled_from([*TEAMS, *RESIDUALS]),
    WEIGHTS,
    st.sampled_from(["", '{"a":"b"}', "{}"]),
)


@pytest.mark.soak
@settings(max_examples=EXAMPLES, deadline=None)
@given(rows=st.lists(ROWS, max_size=12), amounts=st.lists(AMOUNTS, min_size=1, max_size=4))
@example(rows=[(0, "risk", -1.0, ""), (0, "risk", 7.9e-307, '{"a":"b"}')], amounts=[1])
def test_parts_of_any_weights_are_the_whole(con: Any, rows: list[Any], amounts: list[int]) -> None:
    pool = Given.model_validate({"name": "p", "split": "given", "rows": rows})
    spans = [Span(number, FIRST, FIRST + timedelta(days=1), "USD") for number in range(3)]
    asked = a_weighing(spans=spans, teams=TEAMS)
    weights = weigh(pool, asked, (), ())
    exact_to_the_nano(con, weights, [(number % 3, amount) for number, amount in enumerate(amounts)])
    assert weigh(pool.model_copy(update={"rows": pool.rows[::-1]}), asked, (), ()) == weights
    negative = (row for row in weights.to_pylist() if row["weight"] < 0)
    assert {row["team"] for row in negative} <= {*RESIDUALS}


SIZES = st.one_of(st.none(), st.sampled_from([0.0, 1e-6, 1.0, 96.0, 1e12]), st.floats(0, 100))
USED = st.builds(
    lambda namespace, cores, memory, gpus, day, name: used(
        namespace,
        day=FIRST + timedelta(days=day),
        node=name,
        cpu_core_seconds=None if cores is None else cores * HOUR,
        memory_byte_seconds=None if memory is None else memory * GIB * HOUR,
        gpu_seconds=gpus,
    ),
    st.sampled_from(["risk", "payments", "x", ""]),
    SIZES,
    SIZES,
    SIZES,
    st.integers(0, DAYS - 1),
    st.sampled_from(["n1", "n2"]),
)
NODES = st.builds(
    lambda cores, memory, gpus, measured, day, name: node(
        cpu_cores=cores,
        memory_bytes=None if memory is None else memory * GIB,
        gpus=gpus,
        measured_seconds=measured,
        day=FIRST + timedelta(days=day),
        node=name,
    ),
    SIZES,
    SIZES,
    SIZES,
    st.sampled_from([None, 0.0, HOUR / 4, HOUR / 2, HOUR, 2 * HOUR]),
    st.integers(0, DAYS - 1),
    st.sampled_from(["n1", "n2"]),
)
SPANS = [
    Span(0, FIRST, FIRST + timedelta(days=1), "USD", ("i-0aaa",)),
    Span(1, FIRST + timedelta(days=1), FIRST + timedelta(days=2), "JPY", ("i-0aaa",)),
    Span(2, *Window.of_days(FIRST, FIRST + timedelta(days=DAYS)).days, "USD", ("i-0aaa",)),
    Span(3, *Window.of_days(FIRST, FIRST + timedelta(days=DAYS)).days, "USD", ("",)),
]


@pytest.mark.soak
@settings(max_examples=EXAMPLES, deadline=None)
@given(
    workloads=st.lists(USED, max_size=6),
    nodes=st.lists(NODES, max_size=4),
    amounts=st.lists(AMOUNTS, min_size=4, max_size=4),
    idle=st.sampled_from(["keep", "share", {"team": "platform"}]),
    fallback=st.sampled_from(["unmeasured", "cluster", {"team": "risk"}]),
    prices=st.sampled_from(["aws", "opencost", {"cpu": 1, "memory": 0}, {"cpu": 0, "memory": 0}]),
)
def test_parts_of_any_cluster_are_the_whole(
    con: Any,
    workloads: list[Row],
    nodes: list[Row],
    amounts: list[int],
    idle: Any,
    fallback: Any,
    prices: Any,
) -> None:
    settings_ = {"idle": idle, "fallback": fallback, "prices": prices}
    pool = KubernetesPool.model_validate({"name": "k8s", "split": "kubernetes", **settings_})
    names = {team: [(date.min, team)] for team in TEAMS}
    batches = collected(node_days=nodes, workload_days=workloads)
    asked = a_weighing(spans=SPANS, teams=TEAMS, names=names, batches=batches)
    weights = weigh(pool, asked, (), ())
    exact_to_the_nano(con, weights, [*enumerate(amounts)])
    assert weigh(pool, asked, (), ()) == weights


def test_tags_are_written_in_one_way() -> None:
    assert tags_text({"b": "ü", "a": "1", "c": ""}) == '{"a":"1","b":"ü"}'
    assert tags_text({"a": ""}) == ""
