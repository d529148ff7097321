"""What alike lines mean is looked up in the first of them, in whichever file that stands."""

import random
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pytest

from collectors.exports import Exports
from costwatch.allocation import bill as bill_of_lines
from costwatch.ledger.engines.duckdb import InProcess
from tests.made.bills import line, tags
from tests.made.company import Company
from tests.made.cur_bills import FORMS, MAPS, Row, usage

TEAMS = ("risk", "payments", "platform", "search")
SERVICES = ("Compute", "Storage", "Queue", "Cache", "Search")
LINES_OF_A_FILE = 400


def bill(of: int) -> list[list[Row]]:
    """Files of lines that differ in columns and in maps, each in a handful of ways; some only in one file."""
    rng = random.Random(of)
    files: list[list[Row]] = []
    for number in range(3):
        rows = []
        for _ in range(LINES_OF_A_FILE):
            service = rng.choice(SERVICES[: 3 + number])
            rows.append(
                usage(
                    rng.choice(("", *TEAMS[: 2 + number])),
                    Decimal(rng.randint(-(10**6), 10**9)).scaleb(-9),
                    rng.randint(1, 31),
                    product={"product_name": service},
                    line_item_usage_type=f"type-{rng.randint(1, 5)}",
                    product_region_code=rng.choice(("eu-west-1", "us-east-1", "")),
                    line_item_line_item_type=rng.choice(("Usage", "Usage", "Credit")),
                )
            )
        files.append(rows)
    return files


def owner(row: Row) -> str:
    named = dict(row["resource_tags"])  # type: ignore[call-overload]
    return str(named.get("user_team", "unallocated"))


def service(row: Row) -> str:
    return str(dict(row["product"])["product_name"])  # type: ignore[call-overload]


WRITTEN: dict[str, Callable[[Row], str]] = {
    "team": owner,
    "service": service,
    "usage_type": lambda row: str(row["line_item_usage_type"]),
    "region": lambda row: str(row["product_region_code"]),
    "category": lambda row: str(row["line_item_line_item_type"]),
}


@pytest.mark.parametrize("form", FORMS)
def test_lines_are_summed_by_what_is_written_in_them(form: str, tmp_path: Path) -> None:
    company = Company(tmp_path, {"teams": [{"name": team} for team in TEAMS]})
    name, write = FORMS[form]
    files = bill(sum(map(ord, form)))
    for number, rows in enumerate(files):
        write(tmp_path / "bill" / f"{number}-{name}", rows)
    company.run()
    expected: Counter[tuple[str, ...]] = Counter()
    for row in (row for rows in files for row in rows):
        expected[tuple(told(row) for told in WRITTEN.values())] += int(
            Decimal(str(row["line_item_unblended_cost"])) * 10**9
        )
    found = {
        tuple(row.labels[name] for name in WRITTEN): row.BilledCostNano for row in company.cost(*WRITTEN)
    }
    assert found == expected
    assert sum(row.line_count for row in company.cost()) == 3 * LINES_OF_A_FILE
    assert len(MAPS) == 3  # a map more would have to vary here, too


def test_a_pool_that_asks_for_no_tag_reads_none(tmp_path: Path) -> None:
    pools = [{"name": "all", "split": "owner", "tags": [], "cost_categories": []}]
    company = Company(tmp_path, {"teams": [{"name": "risk", "accounts": ["100000000001"]}], "pools": pools})
    company.bill([line(Tags=tags(team="payments")), line(SubAccountId="7")])
    company.run()
    assert company.billed() == {"risk": Decimal("1.5"), "unallocated": Decimal("1.5")}


# Names of which DuckDB's own hash has one for several.
NAMES = {
    "two teams of numbers": [
        f"squad-{one:02d}-squad-{other:02d}" for one in range(100) for other in range(100)
    ],
    "two cost centres": [
        f"CC-{one:05d}/CC-{other:05d}" for one in range(100) for other in range(0, 30_000, 300)
    ],
    "letters at the ends of eight": [
        "paymenta-teams-1",
        "paymentb-teams-j",
        "payments-team-01",
        "ic7xthiffbp]A2+g",
    ],
    "long ones that end alike": [f"{number:08d}" * 4 for number in range(10_000)],
}


@pytest.mark.parametrize("names", NAMES.values(), ids=NAMES)
def test_names_that_are_alike_have_marks_of_their_own(names: list[str]) -> None:
    engine = InProcess()
    try:
        table = engine.con.create_table("names", pa.table({"name": names}), temp=True)
        for columns in ([table.name], [ibis.null("string"), table.name], [table.name, table.name.upper()]):
            marked = table.select(mark=engine.mark(columns)).distinct()
            assert engine.fetch(marked).num_rows == len(set(names))
    finally:
        engine.close()


def test_cost_stays_with_its_own_team_and_service_whatever_their_names(tmp_path: Path) -> None:
    teams = ["squad-00-squad-20", "squad-07-squad-90", "paymenta-teams-1", "paymentb-teams-j"]
    company = Company(tmp_path, {"teams": [{"name": team} for team in teams]})
    company.bill(
        [
            line(Tags=tags(team=team), ServiceName=f"{team} of it", BilledCost=str(number + 1))
            for number, team in enumerate(teams)
        ]
    )
    company.run()
    assert company.billed() == {team: Decimal(number + 1) for number, team in enumerate(teams)}
    assert company.billed("service") == {f"{team} of it": amount for team, amount in company.billed().items()}


def test_lines_that_are_not_found_again_keep_the_bill_from_being_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = bill_of_lines._line_kinds

    def one_less(*of: Any) -> ir.Table:
        return found(*of).limit(1)

    company = Company(tmp_path, {"teams": [{"name": "risk"}]})
    company.bill([line(ServiceName="Compute"), line(ServiceName="Storage")])
    company.collect()
    monkeypatch.setattr(bill_of_lines, "_line_kinds", one_less)
    (published,) = company.allocate()
    assert published.error == (
        "period 2026-10-01: of 2 lines 1 were found again; nothing was published, please report this"
    )


@pytest.mark.parametrize("name", ["file_index", "FILE_ROW_NUMBER"])
def test_a_column_by_which_lines_are_found_is_refused(name: str, tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.bill([line(**{name: "7"})])
    (collected,) = company.collect()
    assert (
        f"bill.csv:1: column {name.lower()} cannot have this name; rename it in the export" in collected.error
    )


def test_columns_may_be_called_rows_and_files(tmp_path: Path) -> None:
    company = Company(tmp_path)
    company.bill(
        [line(**{"Row Number": "7", "file number": "x", "line": "y", "part": "z", "first": "a"})] * 2
    )
    company.run()
    assert company.billed() == {"unallocated": Decimal(3)}


def test_files_of_other_columns_are_looked_up_in_themselves(tmp_path: Path) -> None:
    company = Company(tmp_path, {"teams": [{"name": team} for team in TEAMS]})
    company.bill([line(Tags=tags(team="risk")), line(Tags=tags(team="search"), ServiceName="Queue")], "1.csv")
    company.bill([line(Tags=tags(team="payments"), x_UsageType="t", ServiceName="Cache")], "2.csv")
    write = FORMS["CUR 2.0 as Parquet"][1]
    write(tmp_path / "cur" / "bill.parquet", [usage("platform", "2", bill_payer_account_id="7")])
    company.sources.append(Exports(name="cur", location=str(tmp_path / "cur")))
    company.run()
    assert company.billed() == {
        **dict.fromkeys(("risk", "search", "payments"), Decimal("1.5")),
        "platform": Decimal(2),
    }
