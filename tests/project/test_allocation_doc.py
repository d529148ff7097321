"""What ``docs/allocation.md`` says of temporary tables, of its example and of looking at them is so."""

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from costwatch.allocation import bill
from costwatch.allocation.weights import CARRIED, SUMMED
from costwatch.ledger.engines import duckdb
from costwatch.model import names
from costwatch.warehouse.bill.places import SLICE_COLUMNS
from tests.made.bills import Line, line, on_day, tags
from tests.made.company import Company

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "allocation.md").read_text()
OF_A_BILL = ("columns_N", "entries_N")  # which columns these have depends on what is written in a bill
OF_DIMENSIONS = {"own_tags", "tags_N"}
GROUPS = {
    "MARKS": bill.MARKS,
    "SUMMED": SUMMED,
    "CARRIED": CARRIED,
    "KEPT": bill.KEPT,
    "SLICE_COLUMNS": SLICE_COLUMNS,
    "TOLD": (
        *("ServiceName", "x_Estimated", "pool", "x_Pool", "x_System", "is_monthly", "takes N"),
        *("N_tag_N", "N_category_N"),
    ),
}
EVERYTHING: Mapping[str, Any] = {
    "teams": [{"name": "risk", "accounts": ["100000000001"]}, {"name": "payments"}, {"name": "platform"}],
    "pools": [
        {"name": "base", "split": "even", "carried_by": "platform", "match": {"RegionId": "eu-west-1"}},
        {"name": "credits", "split": "owner", "match": {"ChargeCategory": "Credit"}, "tags": ["squad"]},
        {"name": "tax", "split": "even", "match": {"ChargeCategory": "Tax"}},
        {"name": "help", "split": "fixed", "match": {"ServiceName": "Help"}, "percent": {"platform": 100}},
        {"name": "net", "split": "proportional", "match": {"Tags": {"net": "yes"}}},
        {"name": "rest", "split": "proportional", "carried_by": "platform"},
    ],
    "dimensions": {"product": {"tag": "product"}},
    "systems": [
        {"name": "scoring", "match": {"tags": {"system": "scoring"}}},
        {"name": "disks", "match": {"resources": ["vol-1"], "pools": ["net"]}},
    ],
}
BILL = [
    on_day(1, ResourceId="vol-1", Tags=tags(team="risk", system="scoring")),
    on_day(1, ResourceId="", Tags=tags(team="platform")),
    on_day(2, ResourceId="", ChargeCategory="Credit", Tags=tags(squad="payments")),
    on_day(3, ResourceId="", ChargeCategory="Tax"),
    on_day(3, ResourceId="", ServiceName="Help"),
    line(ResourceId="", Tags=tags(net="yes")),
]


def rows(header: str) -> list[list[str]]:
    """The cells of the page's table whose header begins so."""
    _, _, found = PAGE.partition(f"\n| {header} |")
    body, _, _ = found.partition("\n\n")
    return [[cell.strip() for cell in row.strip("| ").split(" | ")] for row in body.splitlines()[2:] if row]


def code(kind: str) -> str:
    """The page's block of code of that kind."""
    _, _, found = PAGE.partition(f"\n```{kind}\n")
    return found.partition("\n```")[0]


def numberless(name: str) -> str:
    """A name with N for each number that a pool or a group of files has."""
    return re.sub(r"(?<![A-Za-z])\d+(?![A-Za-z])", "N", name)


TOLD = {re.findall("`(.+?)`", cells[0])[0]: re.findall("`(.+?)`", cells[2]) for cells in rows("table")}


def columns(named: list[str]) -> Iterator[str]:
    """What is meant by what stands under columns: those of groups and of other tables, too."""
    for name in named:
        if name in TOLD:
            yield from columns(TOLD[name])
        else:
            yield from GROUPS.get(name, (name,))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The temporary tables of a run that has a bit of everything, in order, and their columns."""
    found: dict[str, set[str]] = {}

    class Keeping(duckdb.InProcess):
        def __init__(self) -> None:
            super().__init__()
            self.con.drop_table = lambda name: None

        def close(self) -> None:
            sql = """SELECT table_name, column_name FROM duckdb_columns() JOIN duckdb_tables()
                USING (database_name, table_name, table_oid) WHERE temporary ORDER BY table_oid"""
            for table, column in self.con.con.execute(sql).fetchall():
                found.setdefault(numberless(table), set()).update({numberless(column)} - {"tag product"})
            super().close()

    company = Company(tmp_path_factory.mktemp("everything"), EVERYTHING)
    company.bill(BILL)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duckdb, "InProcess", Keeping)
        company.run()
    return found


def test_the_page_names_every_temporary_table_and_no_other(made: Mapping[str, set[str]]) -> None:
    assert {*TOLD} == {*made}


def test_the_page_names_them_in_the_order_in_which_they_are_made(made: Mapping[str, set[str]]) -> None:
    assert [*TOLD] == [*made]


@pytest.mark.parametrize("table", TOLD)
def test_the_page_names_the_columns_of(table: str, made: Mapping[str, set[str]]) -> None:
    told = {column for column in columns(TOLD[table]) if "…" not in column}
    assert told == made[table] or (table in OF_A_BILL and told < made[table])


@pytest.mark.parametrize("cells", rows("what"), ids=lambda cells: f"{cells[0]} {cells[2]}")
def test_a_name_is_folded_as_the_page_says(cells: list[str]) -> None:
    of, _, written, expected = cells
    text = re.sub(r"\\u(\w{4})", lambda code: chr(int(code[1], 16)), written.strip("`")).replace("\\t", "\t")
    fold = {"name": names.folded, "key": names.folded_key, "account": names.folded_account}[of]
    assert fold(text) == expected.strip("`")


def test_the_page_names_every_module() -> None:
    folder = ROOT / "costwatch" / "allocation"
    modules = {path.relative_to(folder).as_posix() for path in folder.rglob("[!_]*.py")}
    assert {name for cells in rows("question") for name in re.findall("`(.+?)`", cells[1])} == modules


def example(folder: Path) -> Company:
    """The page's three lines, allocated as it says."""
    company = Company(folder, yaml.safe_load(code("yaml")))
    company.bill([written(cells) for cells in rows("day")])
    company.run()
    return company


def written(cells: list[str]) -> Line:
    day, category, named, cost = cells
    costs = {"BilledCost": cost, "EffectiveCost": cost, "SubAccountId": ""}
    known = json.loads(named.strip("`") or "{}")
    return on_day(int(day), ChargeCategory=category, Tags=tags(**known), **costs)


def test_the_example_comes_out_as_the_page_says(tmp_path: Path) -> None:
    found = {
        (row.labels["team"], row.labels["pool"], row.labels["system"], row.amount(), row.line_count)
        for row in example(tmp_path).cost("team", "pool", "system")
    }
    assert found == {(*names, Decimal(cost), int(lines)) for *names, cost, lines in rows("team")}


def test_the_tables_can_be_looked_at_as_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = example(tmp_path).hashes()
    monkeypatch.chdir(tmp_path)
    found: dict[str, Any] = {}
    exec(code("python"), found)
    found["engine"].close()
    shown = capsys.readouterr().out
    until_ids = [*TOLD][: [*TOLD].index("team_ids")]
    assert {*until_ids} - OF_DIMENSIONS == {
        numberless(name) for name in shown.splitlines()[0].split() if not name.startswith("lines_")
    }
    assert re.search(r"platform .* 0 .*no system", shown)
    assert Company(tmp_path).hashes() == before
