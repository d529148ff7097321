"""What an hour of a cluster's nodes costs, from its bill; and savings at that price."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from costwatch.answers.cluster_rates import cluster_rates
from costwatch.answers.rightsizing import advice_on
from costwatch.ledger.files import LedgerFiles
from costwatch.savings.hourly_rates import HourlyRates
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from tests.made.bills import Line, on_day
from tests.made.command_line import Costwatch
from tests.made.company import NOW, Company
from tests.made.usage_rows import Pods, Row, node_day, pod_hour

OCTOBER = date(2026, 10, 1)
POOL = {"name": "k8s", "split": "kubernetes", "match": {"ServiceName": "Amazon EC2"}}
CORE_HOUR, GIB_HOUR = Decimal(9) / 52, Decimal(1) / 52  # of an m5.xlarge at a dollar an hour


def machine(day: int, **changes: str) -> Line:
    usual = {"ResourceId": "i-1", "EffectiveCost": "24", "BilledCost": "30"}
    return on_day(day, ServiceName="Amazon EC2", **(usual | changes))


def october() -> tuple[list[Row], list[Row]]:
    """Pods and nodes of its first twenty days."""
    pods = [pod_hour(number) for number in range(-31 * 24, -11 * 24)]
    return pods, [node_day(OCTOBER + timedelta(days=number)) for number in range(20)]


def made(folder: Path, lines: list[Line], pods: list[Row], nodes: list[Row]) -> Company:
    company, source = Company(folder, {"teams": [{"name": "shop"}], "pools": [POOL]}), Pods(name="k8s")
    source.says(pods, nodes)
    company.sources.append(source)  # type: ignore[arg-type]
    company.bill(lines)
    company.run(NOW)
    return company


def rates(company: Company) -> dict[str, HourlyRates]:
    with company.warehouse.read() as db:
        return cluster_rates(WarehouseSnapshot(db, NOW))


def cases() -> Iterator[object]:
    lines = [machine(day) for day in range(1, 21)]
    yield pytest.param(lines, {}, 1, id="nodes cost what their lines say, in effect")
    yield pytest.param(
        [line | {"x_UsageType": "BoxUsage:m5.xlarge"} for line in lines]
        + [machine(day) | {"x_UsageType": "EBS:VolumeUsage.gp3"} for day in range(1, 21)],
        {},
        1,
        id="volumes are no nodes",
    )
    yield pytest.param(lines, {"measured_seconds": 64800.0}, 1, id="hours not measured are as the others")
    yield pytest.param(lines, {"cpu_cores": None}, None, id="unknown nodes have no price")
    yield pytest.param(
        [*lines[:-1], machine(20, BillingCurrency="EUR")], {}, None, id="two currencies are not added up"
    )
    yield pytest.param(
        [machine(day, ResourceId="i-9") for day in range(1, 21)],
        {},
        None,
        id="nor do lines of other machines count",
    )


@pytest.mark.parametrize(("lines", "nodes", "dollars"), [*cases()])
def test_rates_come_from_the_bill(
    tmp_path: Path, lines: list[Line], nodes: dict[str, float], dollars: int | None
) -> None:
    pods, days = october()
    found = rates(made(tmp_path, lines, pods, [{**day, **nodes} for day in days]))
    if dollars is None:
        assert found == {}
        return
    assert found.keys() == {"prod"}
    assert (found["prod"].core_hour, found["prod"].currency) == (pytest.approx(CORE_HOUR), "USD")
    assert found["prod"].gib_hour == pytest.approx(GIB_HOUR)


def test_before_anything_is_settled_or_collected_there_is_no_price(tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.warehouse.migrate()
    assert rates(company) == {}


def test_a_saving_is_told_at_the_cluster_s_price(tmp_path: Path, costwatch: Costwatch) -> None:
    pods, nodes = october()
    company = made(tmp_path, [machine(day) for day in range(1, 21)], pods, nodes)
    files = LedgerFiles(tmp_path / "ledger")
    (found,) = advice_on(company.warehouse, files, NOW, rates=rates(company))
    freed = Decimal("0.3") * CORE_HOUR + Decimal(1024 - 589) / 1024 * GIB_HOUR
    assert found.saving == pytest.approx(freed * Decimal("730.5"))
    (tmp_path / "costwatch.yaml").write_text("teams: [{name: shop}]\n")
    shown = costwatch("usage", "rightsize")
    assert "Saving a month" in shown.out
    assert f"${found.saving:.2f}" in shown.out
    (row,) = costwatch("usage", "rightsize", "--json").json
    assert (row["saving_a_month"], row["currency"]) == (float(found.saving or 0), "USD")
