"""One charge counts once, however often its files lie there; what is not clear is refused, naming both."""

import os
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from costwatch.errors import RefusedError
from costwatch.ledger.files import LedgerFiles
from costwatch.ledger.register import Registered, register
from costwatch.model import DeliveredFile, Export, LoadFindingKind
from tests.made.bills import Line, as_csv, line, of_month, on_day, tags, write_csv, write_parquet
from tests.made.cur_bills import Row, cur2_csv
from tests.made.cur_bills import line as cur_line
from tests.made.registered import loads_of

DAYS = [on_day(day, ResourceId=f"i-{day}", BilledCost=f"{day}") for day in range(1, 6)]
FIRST = datetime(2026, 11, 1, tzinfo=UTC)


def without(column: str, lines: Sequence[Line]) -> list[Line]:
    return [{name: value for name, value in row.items() if name != column} for row in lines]


def delivered(
    folder: Path, files: Sequence[tuple[str, Sequence[Line | Row]]], *, declared: bool = False
) -> Registered:
    """Files written an hour after each other, as one delivery."""
    found = []
    for hour, (name, lines) in enumerate(files):
        path = folder / name
        _write(path, lines)
        found.append(DeliveredFile(name, path, FIRST.replace(hour=hour)))
    return register(LedgerFiles(folder / "ledger"), Export(tuple(found)), declared=declared)


def _write(path: Path, lines: Sequence[Line | Row]) -> None:
    if "line_item_unblended_cost" in lines[0]:
        cur2_csv(path, lines)
    elif path.suffix == ".parquet":
        write_parquet(path, lines)
    else:
        write_csv(path, lines)


def billed(found: Registered) -> Decimal:
    return sum((load.totals["USD"].control["BilledCost"] for load in found.loads), Decimal())


# Without a resource, at a price of its own each day.
PRICED = [on_day(day, BilledCost=f"{10 + day}", Tags=tags(team="risk", env="p")) for day in range(1, 31)]
ONCE: dict[str, Sequence[tuple[str, Sequence[Line]]]] = {
    "a file packed and plain": [("a.csv", DAYS), ("a.csv.gz", DAYS)],
    "a copy in another order": [("a.csv", DAYS), ("copy.csv", DAYS[::-1])],
    "a copy of another kind": [("a.csv", DAYS), ("a.parquet", DAYS)],
    "a copy with its columns in another order": [
        ("a.csv", DAYS),
        ("b.csv", [dict(reversed(row.items())) for row in DAYS]),
    ],
    "a copy with its tags in another order": [
        ("a.csv", [{**row, "Tags": tags(a="1", b="2")} for row in DAYS]),
        ("b.csv", [{**row, "Tags": tags(b="2", a="1")} for row in DAYS]),
    ],
    "a copy that another program saved anew": [
        ("a.csv", [{**row, **{f"x_Flag{n}": "True" for n in range(9)}} for row in DAYS]),
        ("b.csv", [{**row, **{f"x_Flag{n}": "true" for n in range(9)}} for row in DAYS]),
    ],
    "a later version without a column of the first": [("a.csv", DAYS), ("b.csv", without("RegionId", DAYS))],
    "resources of two stock-keeping units at one price": [
        ("a.csv", [on_day(1, ResourceId="a", SkuId="A", BilledCost="7"), on_day(2)]),
        ("b.csv", [on_day(1, ResourceId="a", SkuId="B", BilledCost="6.5")]),
    ],
    "an earlier version of the month": [("v1.csv", DAYS[:2]), ("v2.csv", DAYS)],
    "three versions, one after the other": [("v1.csv", DAYS[:2]), ("v2.csv", DAYS[:4]), ("v3.csv", DAYS)],
    "the days, and then the month": [*((f"{n}.csv", [row]) for n, row in enumerate(DAYS)), ("m.csv", DAYS)],
    "the days alone": [(f"{number}.csv", [row]) for number, row in enumerate(DAYS)],
    "halves that share a day but no charge": [
        ("a.csv", [on_day(1, ResourceId="a"), on_day(2)]),
        ("b.csv", [on_day(1, ResourceId="b", BilledCost="12")]),
    ],
    "an export that tells more columns of the same charges later": [
        ("old.csv", DAYS[:3]),
        ("new.csv", [{**row, "InvoiceId": "A-1", "SkuMeter": ""} for row in DAYS]),
    ],
}


@pytest.mark.parametrize("files", ONCE.values(), ids=ONCE)
def test_counted_once_is(files: Sequence[tuple[str, Sequence[Line]]], tmp_path: Path) -> None:
    found = delivered(tmp_path, files)
    assert (found.reasons, billed(found)) == ([], 15)


def test_what_is_left_out_is_said(tmp_path: Path) -> None:
    (load,) = delivered(tmp_path, ONCE["an earlier version of the month"]).loads
    (finding,) = load.findings
    assert (finding.kind, finding.kind.is_wrong) == (LoadFindingKind.REPLACED, False)
    assert finding.text == (
        "v1.csv: all of its charges of 2026-10 (BilledCost $3.00) are in v2.csv, too, which is later: "
        "they count once"
    )
    assert len(load.files) == 1


REFUSED: dict[str, Sequence[tuple[str, Sequence[Line]]]] = {
    "a later file that has fewer": [("a.csv", DAYS), ("b.csv", DAYS[:2])],
    "files that overlap": [("a.csv", DAYS[:3]), ("b.csv", DAYS[2:])],
    "files of other invoices that overlap": [
        ("preliminary.csv", PRICED[:20]),
        ("final.csv", [{**row, "InvoiceId": "A-1"} for row in PRICED[10:]]),
    ],
    "a later version with a new tag that corrects one cost": [
        ("a.csv", PRICED[:10]),
        ("b.csv", [{**row, "Tags": tags(team="risk", env="p", unit="x")} for row in PRICED[:9]]),
    ],
    "files of other columns that share a few days": [
        ("a.csv", DAYS[:4]),
        ("b.csv", [{**row, "InvoiceId": "A-1"} for row in DAYS[1:]]),
    ],
    "a copy whose periods begin at another midnight": [
        ("a.csv", [on_day(1, ResourceId="a"), on_day(2, ResourceId="b")]),
        ("b.csv", [on_day(1, ResourceId="a", BillingPeriodStart="2026-10-01T00:00:00+02:00")]),
    ],
    "a later version that corrects a cost": [
        ("a.csv", DAYS[:2]),
        ("b.csv", [{**DAYS[0], "BilledCost": "1.01"}, *DAYS[1:]]),
    ],
    "a later version that corrects every cost": [
        ("a.csv", DAYS[:2]),
        ("b.csv", [{**row, "BilledCost": f"{row['BilledCost']}.01"} for row in DAYS]),
    ],
    "a later version that has other tags": [
        ("a.csv", DAYS[:2]),
        ("b.csv", [{**row, "Tags": tags(team="risk")} for row in DAYS]),
    ],
    "an export with more columns that begins later": [
        ("old.csv", DAYS[:3]),
        ("new.csv", [{**row, "InvoiceId": "A-1"} for row in DAYS[1:]]),
    ],
}


@pytest.mark.parametrize("files", REFUSED.values(), ids=REFUSED)
def test_refused_naming_both_and_the_dollars_is(
    files: Sequence[tuple[str, Sequence[Line]]], tmp_path: Path
) -> None:
    found = delivered(tmp_path, [*files, ("september.csv", [of_month("2026-09")])])
    assert [str(load.period) for load in found.loads] == ["2026-09-01"]
    (reason,) = found.reasons
    assert all(name in reason for name, _ in files)
    assert re.search(r"\(BilledCost \$[\d.]+\), and would count twice|at other costs", reason)


def test_files_copied_at_once_are_ordered_by_name(tmp_path: Path) -> None:
    paths = [write_csv(tmp_path / name, lines) for name, lines in (("v9.csv", DAYS[:2]), ("v10.csv", DAYS))]
    (load,) = loads_of(tmp_path / "ledger", *paths)
    assert load.line_count == 5


def test_two_formats_of_one_month_are_refused_and_other_months_are_not(tmp_path: Path) -> None:
    found = delivered(
        tmp_path,
        [("f.csv", DAYS), ("c.csv", [cur_line()]), ("september.csv", [of_month("2026-09")])],
    )
    assert [str(load.period) for load in found.loads] == ["2026-09-01"]
    (reason,) = found.reasons
    assert reason.startswith("c.csv (cur2) and f.csv (focus): both hold charges of 2026-10")


DECLARED: dict[str, Sequence[tuple[str, Sequence[Line]]]] = {
    "that are equal": [("a.csv", DAYS), ("b.csv", DAYS[::-1])],
    "of which one is part of another": [("a.csv", DAYS), ("b.csv", DAYS[:1])],
}


@pytest.mark.parametrize("files", DECLARED.values(), ids=DECLARED)
def test_a_manifest_is_refused_that_names_parts(
    files: Sequence[tuple[str, Sequence[Line]]], tmp_path: Path
) -> None:
    found = delivered(tmp_path, files, declared=True)
    assert not found.loads
    assert "have the export delivered anew" in found.reasons[0]


def test_a_line_that_is_twice_in_a_file_counts_and_is_a_finding(tmp_path: Path) -> None:
    (load,) = delivered(tmp_path, [("a.csv", [*DAYS, DAYS[4], DAYS[4]])]).loads
    (finding,) = load.findings
    assert (finding.kind, finding.kind.is_wrong) == (LoadFindingKind.REPEATED, True)
    assert finding.text.startswith("a.csv: 2 lines are there once more, equal in all that tells lines apart")
    assert (finding.currency, finding.amounts.BilledCostNano) == ("USD", 10_000_000_000)
    assert load.line_count == 7


def test_a_line_that_is_in_two_parts_of_a_manifest_counts_and_is_a_finding(tmp_path: Path) -> None:
    files = [("a.csv", DAYS[:3]), ("b.csv", DAYS[2:])]
    (load,) = delivered(tmp_path, files, declared=True).loads
    (finding,) = load.findings
    assert finding.text.startswith("b.csv: 1 line is there once more")
    assert load.line_count == 6


def test_files_of_lines_that_only_their_tags_tell_apart_all_count(tmp_path: Path) -> None:
    found = delivered(tmp_path, [(f"{team}.csv", [line(Tags=tags(team=team))]) for team in ("a", "b")])
    assert (found.reasons, billed(found)) == ([], 3)


def test_lines_that_differ_in_any_column_are_none_there_twice(tmp_path: Path) -> None:
    lines = [line(ChargeDescription=word, Tags=tags(team=word)) for word in ("a", "b")]
    (load,) = delivered(tmp_path, [("a.csv", [*lines, line()])]).loads
    assert load.findings == ()


CUR_LINES = {
    "that differ in what AWS does not tell lines by": (
        {"line_item_line_item_description": "b"},
        LoadFindingKind.REPEATED,
    ),
    "of another hour": ({"identity_time_interval": "2026-10-01T01:00:00Z/2026-10-01T02:00:00Z"}, None),
    "at another cost": ({"line_item_unblended_cost": "2"}, None),
    "of another identity": ({"identity_line_item_id": "B"}, None),
}


@pytest.mark.parametrize(("other", "kind"), CUR_LINES.values(), ids=CUR_LINES)
def test_of_two_lines_of_a_cur_of_one_identity(
    other: dict[str, str], kind: LoadFindingKind | None, tmp_path: Path
) -> None:
    identity = {
        "identity_line_item_id": "A",
        "identity_time_interval": "2026-10-01T00:00:00Z/2026-10-01T01:00:00Z",
        "line_item_line_item_description": "a",
    }
    lines = [{**cur_line(), **identity}, {**cur_line(), **identity, **other}]
    (load,) = delivered(tmp_path, [("cur.csv", lines)]).loads
    assert [finding.kind for finding in load.findings] == ([kind] if kind else [])


def test_a_damaged_file_lets_the_months_go_on_that_it_is_not_of(tmp_path: Path) -> None:
    paths = [write_csv(tmp_path / "oct.csv", DAYS), write_csv(tmp_path / "sep.csv", [of_month("2026-09")])]
    cut = write_csv(tmp_path / "more.csv.gz", DAYS)
    os.truncate(cut, cut.stat().st_size - 20)
    files = tuple(DeliveredFile(path.name, path) for path in (*paths, cut))
    found = register(LedgerFiles(tmp_path / "ledger"), Export(files))
    assert [str(load.period) for load in found.loads] == ["2026-09-01"]
    assert len(found.reasons) == 1
    assert found.reasons[0].startswith("more.csv.gz: the gzip data is cut or damaged")


def test_a_bad_line_refuses_its_period_only(tmp_path: Path) -> None:
    found = delivered(tmp_path, [("a.csv", [of_month("2026-09"), line(BilledCost="x"), of_month("2026-08")])])
    assert [str(load.period) for load in found.loads] == ["2026-08-01", "2026-09-01"]
    assert found.reasons == ["a.csv:3: column BilledCost cannot be read: 'x'; correct the export"]


def test_without_a_name_for_its_period_a_line_refuses_all_of_its_file(tmp_path: Path) -> None:
    files = [("a.csv", [of_month("2026-09"), line(BillingPeriodStart="x")]), ("b.csv", [of_month("2026-08")])]
    found = delivered(tmp_path, files)
    assert [str(load.period) for load in found.loads] == ["2026-08-01"]


UNREADABLE = {
    "an American date": lambda path: write_csv(path, [line(BillingPeriodStart="10/1/2026")]),
    "semicolons": lambda path: path.write_text(as_csv([line()]).replace(",", ";")),
    "tabs": lambda path: path.write_text(as_csv([line()]).replace(",", "\t")),
    "UTF-16": lambda path: path.write_text(as_csv([line()]), encoding="utf-16"),
}


@pytest.mark.parametrize("write", UNREADABLE.values(), ids=UNREADABLE)
def test_a_month_waits_for_a_file_of_it_that_has(write: Callable[[Path], object], tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv", [on_day(1), of_month("2026-09")])
    write(tmp_path / "b.csv")
    files = tuple(DeliveredFile(name, tmp_path / name) for name in ("a.csv", "b.csv"))
    found = register(LedgerFiles(tmp_path / "ledger"), Export(files))
    assert [str(load.period) for load in found.loads] == ["2026-09-01"]
    assert found.reasons[0].startswith("b.csv")


def test_a_cost_that_is_no_number_is_told_by_line(tmp_path: Path) -> None:
    table = pq.read_table(write_parquet(tmp_path / "bill.parquet", [line(), line()]))
    costs = pa.array([1.0, float("nan")])
    place = table.column_names.index("BilledCost")
    pq.write_table(table.set_column(place, "BilledCost", costs), tmp_path / "bill.parquet")
    with pytest.raises(RefusedError, match=r"bill\.parquet:2: column BilledCost"):
        loads_of(tmp_path / "ledger", tmp_path / "bill.parquet")


def test_all_refused_is_told_by_every_reason(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [line(BilledCost="x"), line(EffectiveCost="y")])
    with pytest.raises(RefusedError, match=r"a\.csv:2: column Billed(.|\n)*a\.csv:3: column Eff"):
        loads_of(tmp_path / "ledger", path)
