"""Requests that fit: what is advised of a container, why, and what that saves a month."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costwatch.savings.container_use import Container, ContainerUse
from costwatch.savings.efficiency import efficiency
from costwatch.savings.hourly_rates import HourlyRates, rates_of
from costwatch.savings.quantities import cpu_text, memory_text, whole_mebibytes, whole_millicores
from costwatch.savings.rightsizing import LEAST_DAYS, Advice, rightsizing

MIB, GIB = 2.0**20, 2.0**30
FIRST = datetime(2026, 11, 1, tzinfo=UTC)
LAST = datetime(2026, 11, 30, 23, tzinfo=UTC)
API = Container("prod", "shop", "deployment", "api", "main")
USE = ContainerUse(
    API, FIRST, LAST, 30, 720.0, 0.12, 0.5, 400 * MIB, 1024 * MIB, 2048 * MIB, 0, None, 0.0, None
)
RATES = HourlyRates(Decimal("0.04"), Decimal("0.005"), Decimal("1.5"), "USD")


def advice(rates: HourlyRates | None = None, **fields: Any) -> Advice:
    (found,) = rightsizing([replace(USE, **fields)], {"prod": rates} if rates else {})
    return found


@pytest.mark.parametrize(
    ("cores", "millicores"),
    [
        pytest.param(0.12, 120, id="the 95th percentile is asked for"),
        pytest.param(0.1201, 121, id="a part of a millicore takes a whole one"),
        pytest.param(0.25 + 1e-13, 250, id="what floats add to a whole number is nothing"),
        pytest.param(0.0004, 10, id="at least 10m are asked for"),
        pytest.param(0.0, 10, id="so they are for what rests"),
        pytest.param(2.0, 2000, id="use beyond the request is asked for, too"),
        pytest.param(None, None, id="what was not measured is not advised on"),
    ],
)
def test_cpu(cores: float | None, millicores: int | None) -> None:
    found = advice(cpu_cores_p95=cores).cpu
    assert (found.requested, found.advised) == (500, millicores)


@pytest.mark.parametrize(
    ("fields", "mebibytes", "why"),
    [
        pytest.param({}, 460, "the highest use and 15 %", id="the highest use and headroom are asked for"),
        pytest.param({"memory_bytes_max": MIB}, 32, "the least to ask for", id="at least 32Mi are asked for"),
        pytest.param(
            {"memory_bytes_max": None}, None, "its use is not measured", id="unknown use gives no advice"
        ),
        pytest.param(
            {"oom_kills": 3, "oom_limit_bytes": 2048 * MIB},
            2458,
            "OOM-killed 3 times at 2048Mi, and a margin",
            id="a fifth more than what it was killed at",
        ),
        pytest.param(
            {"oom_kills": 1, "oom_limit_bytes": 128 * MIB, "memory_bytes_max": 60 * MIB},
            228,
            "OOM-killed once at 128Mi, and a margin",
            id="100Mi more where a fifth is less than that",
        ),
        pytest.param(
            {"oom_kills": 1, "oom_limit_bytes": 128 * MIB},
            460,
            "the highest use and 15 %; OOM-killed once",
            id="what it used since, where that is more",
        ),
        pytest.param(
            {"oom_kills": 1, "memory_limit_bytes": None},
            1229,
            "OOM-killed once at 1024Mi, and a margin",
            id="without a limit, more than what it is known to have had",
        ),
        pytest.param(
            {"oom_kills": 1, "oom_limit_bytes": 512 * MIB, "memory_bytes_max": None},
            615,
            "OOM-killed once at 512Mi, and a margin",
            id="a kill is known though its use is not",
        ),
    ],
)
def test_memory(fields: dict[str, Any], mebibytes: int | None, why: str) -> None:
    found = advice(**fields).memory
    assert (found.requested, found.advised, found.why) == (1024, mebibytes, why)


@pytest.mark.parametrize(
    ("fields", "limit"),
    [
        pytest.param({}, None, id="a request within the limit leaves it"),
        pytest.param({"memory_limit_bytes": None}, None, id="without a limit none is advised"),
        pytest.param({"memory_limit_bytes": 420 * MIB}, 460, id="a request beyond the limit raises it"),
        pytest.param(
            {"oom_kills": 1, "oom_limit_bytes": 512 * MIB, "memory_limit_bytes": 512 * MIB},
            615,
            id="so does what it was killed at",
        ),
        pytest.param(
            {"oom_kills": 1, "oom_limit_bytes": 512 * MIB, "memory_limit_bytes": 1024 * MIB},
            None,
            id="a limit that was raised since stays",
        ),
    ],
)
def test_kubernetes_takes_no_request_beyond_the_limit(fields: dict[str, Any], limit: int | None) -> None:
    assert advice(**fields).memory_limit == limit


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        pytest.param({"days": 7}, "", id="seven days are enough"),
        pytest.param({"days": 6}, "measured on 6 of the 7 days that it takes", id="six are not"),
        pytest.param({"days": 0}, "measured on 0 of the 7 days that it takes", id="nor is nothing"),
    ],
)
def test_too_little_is_measured(fields: dict[str, Any], reason: str) -> None:
    found = advice(RATES, **fields)
    assert found.reason == reason
    if reason:
        assert (found.cpu.advised, found.memory.advised, found.saving) == (None, None, None)
        assert (found.cpu.requested, found.memory.requested) == (500, 1024)


def test_what_has_not_run_for_a_week_needs_no_advice() -> None:
    gone = replace(USE, container=API._replace(workload="old"), last=LAST - timedelta(days=8))
    rested = replace(USE, container=API._replace(workload="weekly"), last=LAST - timedelta(days=6, hours=22))
    found = {one.container.workload: one.reason for one in rightsizing([gone, rested, USE], {})}
    assert found == {"old": "has not run since 2026-11-22", "weekly": "", "api": ""}


def test_another_cluster_that_is_not_measured_any_more_is_its_own_clock() -> None:
    other = replace(USE, container=API._replace(cluster="old"), last=LAST - timedelta(days=15), days=15)
    assert [one.reason for one in rightsizing([USE, other], {})] == ["", ""]


def test_a_saving_is_what_is_freed_for_a_month_at_the_cluster_s_rates() -> None:
    a_month = Decimal("30.4375") * 24
    freed = Decimal("0.38") * RATES.core_hour + Decimal(1024 - 460) / 1024 * RATES.gib_hour
    assert advice(RATES).saving == round(freed * a_month, 9)
    three = advice(RATES, running_hours=3 * 720.0)
    assert three.saving == round(freed * a_month * 3, 9)  # of three pods
    young = advice(RATES, first=LAST - timedelta(hours=239), running_hours=240.0)
    assert young.saving == advice(RATES).saving  # ten days old, and there all the time
    assert (advice(RATES, cpu_cores_p95=2.0).saving or 0) < 0
    assert advice().saving is None
    assert (three.currency, advice().currency) == ("USD", "")


def test_of_what_is_not_known_nothing_is_saved() -> None:
    assert advice(RATES, cpu_cores_p95=None).saving == advice(RATES, cpu_requested_cores=None).saving
    unknown = advice(RATES, cpu_cores_p95=None, memory_bytes_max=None)
    assert unknown.saving is None


@pytest.mark.parametrize(
    ("requested", "used", "said", "saved"),
    [
        pytest.param(0.0, None, "", None, id="no GPU, no word"),
        pytest.param(720.0, 700.0, "", None, id="a GPU that works is left alone"),
        pytest.param(720.0, 72.0, "", None, id="a tenth is used"),
        pytest.param(
            720.0,
            36.0,
            "its GPUs are requested and hardly used (5 %): give them back, or share them",
            684,
            id="less than that is hardly used",
        ),
        pytest.param(
            720.0,
            None,
            "its GPUs are requested, and their use is not measured",
            None,
            id="without DCGM nobody knows, which is not 0",
        ),
    ],
)
def test_gpus(requested: float, used: float | None, said: str, saved: int | None) -> None:
    found = advice(RATES, gpu_hours=requested, gpu_used_hours=used)
    assert found.gpu == said
    hours = Decimal("30.4375") / 30
    assert found.gpu_saving == (None if saved is None else round(saved * hours * RATES.gpu_hour, 9))


def test_those_killed_come_first_then_the_largest_saving_and_last_those_without_advice() -> None:
    def named(name: str, **fields: Any) -> ContainerUse:
        return replace(USE, container=API._replace(workload=name), **fields)

    uses = [
        named("young", days=3),
        named("short", cpu_requested_cores=0.01),
        named("large", cpu_requested_cores=5.0),
        named("killed", oom_kills=1, oom_limit_bytes=4 * GIB),
        named("mended", oom_kills=1, oom_limit_bytes=256 * MIB),
    ]
    order = ["killed", "large", "mended", "short", "young"]
    for rates in ({}, {"prod": RATES}):
        assert [one.container.workload for one in rightsizing(uses, rates)] == order


amounts = st.none() | st.floats(0, 1e13, allow_nan=False)


@given(amounts, amounts, amounts, st.integers(0, 5), amounts, st.integers(0, 40))
def test_no_advice_is_less_than_what_was_needed(
    p95: float | None,
    most: float | None,
    limit: float | None,
    kills: int,
    killed: float | None,
    days: int,
) -> None:
    found = advice(
        cpu_cores_p95=p95 and p95 / 1e9,
        memory_bytes_max=most,
        memory_limit_bytes=limit,
        oom_kills=kills,
        oom_limit_bytes=killed,
        days=days,
    )
    if days < LEAST_DAYS:
        assert (found.cpu.advised, found.memory.advised) == (None, None)
        return
    if found.cpu.advised is not None:
        assert found.cpu.advised >= max(10, (p95 or 0) / 1e9 * 1000 - 1e-3)
    if found.memory.advised is not None:
        assert found.memory.advised * MIB >= max(32 * MIB, most or 0)
        if kills and killed:
            assert found.memory.advised * MIB > killed
    if found.memory.advised and limit:
        assert found.memory.advised * MIB <= (found.memory_limit or 0) * MIB or not found.memory_limit


# --- rates ---------------------------------------------------------------------------------------


def test_rates_come_to_what_nodes_cost() -> None:
    """The worked answers of AWS: m5.xlarge at $1, p3.16xlarge at $10."""
    m5 = rates_of(Decimal(1), "USD", core_hours=Decimal(4), gib_hours=Decimal(16))
    assert m5 is not None
    assert (round(m5.core_hour, 6), round(m5.gib_hour, 7)) == (Decimal("0.173077"), Decimal("0.0192308"))
    assert round(2 * m5.core_hour + 2 * m5.gib_hour, 6) == Decimal("0.384615")
    p3 = rates_of(Decimal(10), "USD", core_hours=Decimal(64), gib_hours=Decimal(488), gpu_hours=Decimal(8))
    assert p3 is not None
    assert (round(p3.gpu_hour, 6), round(p3.core_hour, 7)) == (Decimal("0.504484"), Decimal("0.0504484"))
    assert round(p3.gib_hour, 8) == Decimal("0.00560538")


def test_nodes_without_an_hour_have_no_rate() -> None:
    assert rates_of(Decimal(1), "USD", core_hours=Decimal(), gib_hours=Decimal()) is None


# --- efficiency and quantities -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("requested", "used", "ratio"),
    [
        pytest.param(4.0, 1.0, 0.25, id="a quarter of the request is used"),
        pytest.param(1.0, 3.0, 3.0, id="more than the request is used"),
        pytest.param(0.0, 0.5, 1.0, id="nothing is requested and something used"),
        pytest.param(4.0, 0.0, 0.0, id="nothing is used, and that is known"),
        pytest.param(0.0, 0.0, None, id="nothing is requested and nothing used"),
        pytest.param(4.0, None, None, id="use is unknown, which is not 0"),
        pytest.param(None, 1.0, None, id="the request is unknown"),
    ],
)
def test_efficiency(requested: float | None, used: float | None, ratio: float | None) -> None:
    assert efficiency(requested, used) == ratio


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (cpu_text(250), "250m"),
        (cpu_text(2000), "2000m"),
        (memory_text(512), "512Mi"),
        (memory_text(2048), "2048Mi"),
        (memory_text(0), "0Mi"),
        (memory_text(whole_mebibytes(1.5 * GIB)), "1536Mi"),
        (cpu_text(whole_millicores(0.0001)), "1m"),
    ],
)
def test_quantities_are_written_as_kubernetes_does(written: str, text: str) -> None:
    assert written == text
