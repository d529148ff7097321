"""What alike lines mean is looked up in the first of them, in whichever file that stands."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pytest

from collectors.exports import Exports
from costwatch.ledger.engine import InProcess
from tests.bills import line, tags
from tests.cur_bills import FORMS, MAPS, Row, usage
from tests.steps import Company

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


def test_a_bill_in_which_different_lines_have_one_mark_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marked = InProcess.mark

    def mark(self: InProcess, columns: Sequence[ir.Value]) -> ir.IntegerValue:
        """The same for all, unless it is one of all columns: as bad as a hash can be."""
        names = {column.get_name() for column in columns}
        both = {"servicename", "tag team"} <= names
        return marked(self, columns if both else [ibis.literal("")])

    company = Company(tmp_path, {"teams": [{"name": "risk"}]})
    company.bill([line(ServiceName="Compute"), line(ServiceName="Storage")])
    company.collect()
    monkeypatch.setattr(InProcess, "mark", mark)
    (published,) = company.allocate()
    assert published.error == (
        "period 2026-10-01: lines that differ have one mark; nothing was published, please report this"
    )
    monkeypatch.undo()
    company.run()
    assert company.billed("service") == {"Compute": Decimal("1.5"), "Storage": Decimal("1.5")}


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
