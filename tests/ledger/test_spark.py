"""Spark as the engine: the same bill to the nano-unit."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from collectors.exports import Exports
from costwatch.allocate import AllocatedPeriod, allocate
from costwatch.allocation.resources import resources
from costwatch.allocation.settings import Allocation
from costwatch.collect import collect
from costwatch.errors import EngineError
from costwatch.ledger.engines import engine_at, spark_driver
from costwatch.ledger.files import LedgerFiles, sha256
from costwatch.warehouse.contents import contents
from costwatch.warehouse.facts.cost import cost
from costwatch.warehouse.store import Warehouse
from tests.doubles import spark_cluster
from tests.made import cur_bills
from tests.made.bills import Line, of_month, tags, write_csv, write_parquet
from tests.made.company import EVER
from tests.made.soak import in_soak

pytestmark = [pytest.mark.slow, pytest.mark.spark]

NOW = datetime(2026, 11, 3, tzinfo=UTC)
# Halves of a nano-unit and less, more digits than a double has, large and negative ones.
AMOUNTS = (
    *("0.0000000005", "-0.0000000005", "0.0000000015", "1e-10", "0.00000000049999999", "-2.5e-9"),
    *("0.1", "-0.3", "1.0000000005", "123456.7891234565", "8812345.123456789012345", "-0", "7"),
)
# Among them names that begin or end with a letter of an escape for white space, and white space itself.
TAGGED = ("finance", "dev", "staff", " Dev", "FINANCE\t", "vcf\v", "nobody", "")
# What collecting writes; the rest is allocated.
READ_HERE_ALONE = ("commitment",)  # docs/scale.md, "When commitments end"
OF_COLLECT = ("collection", "load", "source", "source_history", "source_version", "watermark")
SHARED = "it's 100% \\ shared\f"
FORMS = in_soak(
    ("CUR 2.0 as Parquet", "CUR 2.0 as CSV.gz", "legacy CUR as CSV", "legacy CUR as Parquet"),
    else_=("CUR 2.0 as Parquet", "legacy CUR as CSV"),
)
SETTINGS = Allocation.model_validate(
    {
        "teams": [
            {"name": "finance", "accounts": ["100000000001"]},
            {"name": "dev", "aliases": ["staff"]},
            {"name": "vcf", "accounts": [{"id": "100000000001", "valid_from": "2026-10-01"}]},
        ],
        "pools": [
            {"name": "support", "split": "proportional", "match": {"ServiceName": "Support"}},
            {
                "name": "network",
                "split": "fixed",
                "match": {"Tags": {"shared": SHARED}},
                "percent": {"dev": "33.3333333", "finance": "66.6666667"},
            },
            {"name": "tax", "split": "even", "match": {"ChargeCategory": "Tax"}},
        ],
    }
)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[spark_cluster.Cluster]:
    with spark_cluster.running(tmp_path_factory.mktemp("spark")) as cluster:
        yield cluster


def collected(root: Path, warehouse: str, roles: Mapping[str, str]) -> list[Exports]:
    """Sources of these folders below ``root``, collected into a warehouse there."""
    sources = [Exports(name=name, location=str(root / name), role=role) for name, role in roles.items()]
    found = collect(Warehouse(root / warehouse), root / "ledger", sources, NOW)
    assert [each.error for each in found] == [""] * len(sources)
    return sources


def allocated(root: Path, warehouse: str, sources: Sequence[Exports], engine: str) -> list[AllocatedPeriod]:
    return allocate(Warehouse(root / warehouse), root / "ledger", sources, SETTINGS, NOW, engine=engine)


# --- the same bill ---------------------------------------------------------------------------------


def focus_lines(month: str, account: str, **columns: str) -> list[Line]:
    """Every amount with every tag, and what is shared."""
    lines = [
        of_month(
            month,
            BilledCost=amount,
            EffectiveCost=AMOUNTS[-1 - number],
            Tags=tags(team=team) if team else "",
            ServiceName=f"Service {number % 3}",
            BillingAccountId=account,
            **columns,
        )
        for (number, amount), team in product(enumerate(AMOUNTS), TAGGED)
    ]
    whole_month = {"ChargePeriodEnd": lines[0]["BillingPeriodEnd"], "BillingAccountId": account, **columns}
    shared: list[dict[str, str]] = [
        {"ServiceName": "Support", "BilledCost": "100.0000000015", "EffectiveCost": "-33.3333333333"},
        {"Tags": tags(shared=SHARED), "BilledCost": "0.000000001", "EffectiveCost": "77.7777777777"},
        {"ChargeCategory": "Tax", "BilledCost": "19.99", "EffectiveCost": "0.00000001"},
    ]
    return lines + [of_month(month, **{**whole_month, **line}) for line in shared]


def report_lines(account: str) -> list[cur_bills.Row]:
    """AWS's line types, with awkward costs."""
    plan = {"savings_plan_savings_plan_a_r_n": "arn:plan"}
    kinds: list[dict[str, object]] = [
        {},
        {"line_item_line_item_type": "Tax"},
        {"line_item_line_item_type": "Credit", "line_item_net_unblended_cost": "-0.0000000025"},
        {"line_item_line_item_type": "Refund", **plan},
        {
            "line_item_line_item_type": "SavingsPlanCoveredUsage",
            "savings_plan_savings_plan_effective_cost": "0.72000000005",
            **plan,
        },
        {
            "line_item_line_item_type": "SavingsPlanRecurringFee",
            "savings_plan_total_commitment_to_date": "3.3",
            "savings_plan_used_commitment": "1.1",
            **plan,
        },
        {"line_item_line_item_type": "RIFee", "reservation_unused_recurring_fee": "0.1"},
        {"line_item_line_item_type": "DiscountedUsage", "reservation_effective_cost": "0.0000000005"},
        {"line_item_operation": "EKSPod-EC2"},
    ]
    return [
        cur_bills.usage(team, amount, 1 + number % 30, bill_payer_account_id=account, **kind)
        for number, (amount, team, kind) in enumerate(product(AMOUNTS, TAGGED, kinds))
    ]


def odd_parquet(path: Path, lines: Sequence[Line]) -> Path:
    """As other tools write it: tags as JSON, cost categories as a struct, nanoseconds, decimals."""
    table = pq.read_table(write_parquet(path, lines))
    for number, name in enumerate(table.column_names):
        if pa.types.is_timestamp(table.schema.field(name).type):
            table = table.set_column(number, name, table[name].cast(pa.timestamp("ns")))
        elif name.endswith("Cost"):
            table = table.set_column(number, name, table[name].cast(pa.decimal128(38, 18), safe=False))
    table = table.set_column(table.column_names.index("Tags"), "tags", [[line["Tags"] for line in lines]])
    categories = [{"team": "vcf", "unit": None} if number % 2 else None for number in range(len(lines))]
    pq.write_table(table.append_column("x_CostCategories", pa.array(categories)), path)
    return path


def deliver_every_form(root: Path) -> dict[str, str]:
    """Bills in all formats, of two periods, currencies and teams that move. Returns the sources' roles."""
    euros = {"BillingCurrency": "EUR", "SubAccountId": ""}
    for month in ("2026-09", "2026-10"):
        write_csv(root / f"csv/{month}.csv", focus_lines(month, "1"))
        write_parquet(root / f"parquet/{month}.parquet", focus_lines(month, "2", **euros))
    lines = focus_lines("2026-10", "1", RegionId="eu-central-1")
    # The same part twice, and one of other columns.
    write_csv(root / "csv/more.csv", lines)
    write_csv(root / "csv/more-of-it.csv", lines)
    # Columns called as what places lines is called by engines.
    named = {"file_name": "a", "file_number": "b", "row_index": "c", "_metadata": "d"}
    write_csv(root / "csv/named.csv", [{**line, **named} for line in lines])
    write_csv(root / "csv/other.csv.gz", [{**line, "x_CostCategories": tags(team="dev")} for line in lines])
    odd_parquet(root / "odd/bill.parquet", focus_lines("2026-10", "3"))
    for account, form in enumerate(FORMS):
        name, write = cur_bills.FORMS[form]
        write(root / f"cur-{account}" / name, report_lines(f"10{account}"))
    write_csv(root / "compared/bill.csv", focus_lines("2026-10", "1"))
    return {each.name: "check" if each.name == "compared" else "bill" for each in sorted(root.iterdir())}


def deliver_trouble(root: Path) -> dict[str, str]:
    """Of June a file that is damaged later, of July an instant that only DuckDB can read."""
    write_csv(root / "trouble/2026-06.csv", [of_month("2026-06")])
    write_csv(root / "trouble/2026-07.csv", [of_month("2026-07", ChargePeriodEnd="2026-07-02T00:00Z")])
    return {"trouble": "bill"}


@dataclass(frozen=True)
class Runs:
    """What DuckDB and Spark published of the same bill; Spark met trouble before it."""

    cluster: spark_cluster.Cluster
    root: Path
    damaged: str
    duckdb: list[AllocatedPeriod]
    spark: list[AllocatedPeriod]


@pytest.fixture(scope="module")
def runs(cluster: spark_cluster.Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    root = tmp_path_factory.mktemp("runs") / "it's a [company] {of} 100% *"
    with pytest.MonkeyPatch.context() as patched:
        sources = collected(root, "duckdb.db", deliver_every_form(root))
        shutil.copy(root / "duckdb.db", root / "spark.db")
        duckdb = allocated(root, "duckdb.db", sources, "duckdb://")
        sources += collected(root, "spark.db", deliver_trouble(root))
        damaged = LedgerFiles(root / "ledger").path(sha256(root / "trouble/2026-06.csv"))
        damaged.write_bytes(damaged.read_bytes()[:4] + b"#" * 40 + damaged.read_bytes()[44:])
        spark_cluster.configure(root.parent, patched)
        patched.chdir(root.parent)
        cluster.ready()
        yield Runs(cluster, root, damaged.stem, duckdb, allocated(root, "spark.db", sources, cluster.url))


@pytest.mark.soak
def test_spark_and_duckdb_publish_the_same_bill(runs: Runs) -> None:
    assert [each for each in runs.spark if not each.error] == runs.duckdb
    assert [each.period.month for each in runs.duckdb] == [9, 10]
    held, teams = [], []
    for name in ("duckdb.db", "spark.db"):
        with Warehouse(runs.root / name).read() as db:
            left_out = (*OF_COLLECT, *READ_HERE_ALONE)
            held.append({table: rows for table, rows in contents(db).items() if table not in left_out})
            teams.append(cost(db, *EVER, ("team",)))
    assert teams[0] == teams[1]
    assert held[0] == held[1]
    names = {row.labels["team"] for row in teams[0]}
    assert names == {"finance", "dev", "vcf", "unallocated"}
    assert {row.labels["currency"] for row in teams[0]} == {"USD", "EUR"}
    assert held[0]["team_cost"].row_count > 100
    assert held[0]["check_cost"].row_count > 0


def test_resources_are_those_of_the_same_bill_whichever_engine_published_it(runs: Runs) -> None:
    files = LedgerFiles(runs.root / "ledger")
    duckdb, spark = (Warehouse(runs.root / name) for name in ("duckdb.db", "spark.db"))
    with duckdb.read() as db:
        asked = [(row.labels["team"], row.labels["service"]) for row in cost(db, *EVER, ("team", "service"))]
    for team, service in {*asked}:
        found = resources(spark, files, team, service, *EVER)
        assert found == resources(duckdb, files, team, service, *EVER)
        assert found.rows
        assert not found.remark


def test_both_workers_had_a_part_and_nothing_is_left_lying_about(runs: Runs) -> None:
    assert runs.cluster.ran_on() == {"worker-1", "worker-2"}
    assert {path.name for path in runs.root.parent.iterdir()} == {runs.root.name, "spark-defaults.conf"}


# --- what stands in its way ------------------------------------------------------------------------


def test_a_period_that_spark_cannot_read_is_told_and_the_others_are_published(runs: Runs) -> None:
    told = {each.period.month: each.error for each in runs.spark if each.error}
    engine = f"engine {runs.cluster.url}"
    unreadable = (
        f"{engine}: a line has an instant that is not ISO 8601 with seconds, or a cost that is no plain "
        "number; export it again so, or let engine: duckdb:// read it"
    )
    assert told.keys() == {6, 7}
    assert told[6].startswith(f"{engine}: [FAILED_READ_FILE")
    assert runs.damaged in told[6]
    assert told[7] == unreadable


def test_a_cluster_without_room_is_not_waited_for_without_end(
    cluster: spark_cluster.Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spark_cluster.configure(tmp_path, monkeypatch, {"spark.executor.memory": "8g"})
    monkeypatch.setattr(spark_driver, "_WORKER_WITHIN_SECONDS", 1)
    with pytest.raises(EngineError, match="no worker was free within 1 seconds; free one, or ask for less"):
        engine_at(cluster.url)
