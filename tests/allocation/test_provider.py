"""Split ``provider``: machines by the lines in which AWS splits them, which are never counted on top."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from costwatch.answers.unplaced import unplaced
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from tests.made.company import NOW, Company
from tests.made.cur_bills import Row, cur2_csv, cur2_parquet, line

POOL = {
    "name": "eks",
    "split": "provider",
    "match": {"ServiceName": "Amazon Elastic Compute Cloud"},
    "labels": ["squad"],
}
TEAMS = [{"name": "risk"}, {"name": "payments"}, {"name": "platform"}]


def machine(cost: str, hour: int = 0, name: str = "i-0aaa") -> Row:
    return line(line_item_resource_id=name, line_item_unblended_cost=cost, **at(hour))


def at(hour: int) -> dict[str, str]:
    return {
        "line_item_usage_start_date": f"2026-10-01T{hour:02d}:00:00Z",
        "line_item_usage_end_date": f"2026-10-01T{hour + 1:02d}:00:00Z",
    }


def pod(namespace: str, split: str, unused: str, hour: int = 0, **tags: str) -> Row:
    told = {
        "aws_eks_cluster_name": "prod",
        "aws_eks_namespace": namespace,
        "aws_eks_workload_type": "Deployment",
        "aws_eks_workload_name": "api",
        **tags,
    }
    return line(
        line_item_operation="EKSPod-EC2",
        line_item_resource_id=f"arn:aws:eks:eu-west-1:100000000001:pod/prod/{namespace}/p",
        line_item_unblended_cost="0",
        resource_tags=told,
        split_line_item_parent_resource_id="i-0aaa",
        split_line_item_split_cost=split,
        split_line_item_unused_cost=unused,
        **at(hour),
    )


LINES = [
    machine("4"),
    machine("4", hour=1),
    pod("risk", "1", "2"),
    pod("x", "0.5", "0.5", user_squad="Payments"),
    pod("risk", "2", "2", hour=1),
    machine("1", name="i-0bbb"),
]
EXPECTED: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "what is unused stays idle": ({}, {"risk": "3", "payments": "0.5", "idle": "4.5", "unmeasured": "1"}),
    "it is shared as the provider does": (
        {"idle": "share"},
        {"risk": "7", "payments": "1", "unmeasured": "1"},
    ),
    "it is a team's": (
        {"idle": {"team": "platform"}},
        {"risk": "3", "payments": "0.5", "platform": "4.5", "unmeasured": "1"},
    ),
}


def company(folder: Path, lines: list[Row], write: Any = cur2_parquet, **settings: Any) -> Company:
    made = Company(folder, {"teams": TEAMS, "pools": [{**POOL, **settings}]})
    write(folder / "bill" / ("bill.parquet" if write is cur2_parquet else "bill.csv"), lines)
    made.run()
    return made


@pytest.mark.parametrize(("settings", "expected"), EXPECTED.values(), ids=EXPECTED)
@pytest.mark.parametrize("write", [cur2_parquet, cur2_csv])
def test_a_machine_is_split_as_its_provider_does(
    settings: dict[str, Any], expected: dict[str, str], write: Any, tmp_path: Path
) -> None:
    made = company(tmp_path, LINES, write, **settings)
    found = made.effective()
    assert sum(found.values()) == 9
    assert found == {
        team: pytest.approx(Decimal(cost), abs=Decimal("1e-7")) for team, cost in expected.items()
    }
    by_workload = {row.labels["workload"] for row in made.cost("workload", where={"team": ("risk",)})}
    assert by_workload == {"deployment/api"}
    with made.warehouse.read() as db:
        assert unplaced(WarehouseSnapshot(db, NOW)) == []


def test_an_hour_whose_parts_are_not_the_machine_is_told(tmp_path: Path) -> None:
    made = company(
        tmp_path, [machine("4"), machine("5", hour=1), pod("risk", "2", "2"), pod("risk", "1", "1", 1)]
    )
    with made.warehouse.read() as db:
        (note,) = unplaced(WarehouseSnapshot(db, NOW))
    assert "are not their amortised cost: i-0aaa, 2.00 of 5.00 in 1 of its hours." in note


def test_a_bill_without_split_lines_is_unmeasured(tmp_path: Path) -> None:
    assert company(tmp_path, [machine("4")]).effective() == {"unmeasured": 4}
