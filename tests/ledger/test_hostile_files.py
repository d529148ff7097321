"""Files made to hurt: each is refused in a sentence, soon and within little memory, or read as what it is."""

import gzip
import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from costwatch.errors import RefusedError
from costwatch.ledger import parquet_check
from tests.made.bills import as_csv, line, of_month, tags, write_csv, write_parquet
from tests.made.registered import loads_of
from tests.made.soak import in_soak

pytestmark = pytest.mark.slow

HEADER, ROW = (part + b"\n" for part in as_csv([line(Tags=tags(team="risk"))]).encode().splitlines())
MB = 1 << 20

# --- without an end -----------------------------------------------------------------------------

READ = """
import json, resource, sys, time
from pathlib import Path
from costwatch.errors import RefusedError
from costwatch.ledger.engines.duckdb import connect
from tests.made.mutated_reader import memory_mb
from tests.made.registered import loads_of
connect().disconnect()  # what is loaded once
idle, started = memory_mb("VmRSS"), time.process_time()
try:
    said = str(len(loads_of(Path(sys.argv[1]), Path(sys.argv[2]))))
except RefusedError as refused:
    said = str(refused)
print(json.dumps([said, time.process_time() - started, memory_mb("VmHWM") - idle]))
"""


def zipped(content: bytes, *, files: int = 1) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(files):
            archive.writestr(f"{number}.csv", content)
    return packed.getvalue()


TOO_LONG = r":1: the header goes on for over 1 MB; export the file again"
ENDLESS: dict[str, tuple[Callable[[], bytes], str]] = {
    "a header of columns in gzip": (lambda: gzip.compress(b"a," * (100 * MB)), TOO_LONG),
    "a header of columns in a zip": (lambda: zipped(b"a," * (100 * MB)), TOO_LONG),
    "a header of one column": (lambda: gzip.compress(b"a" * (100 * MB)), TOO_LONG),
    "a quote that never closes": (lambda: gzip.compress(b'"a,' + b"a,\n" * (30 * MB)), TOO_LONG),
    "a header plain": (lambda: b"a," * (10 * MB), TOO_LONG),
    "too many columns": (lambda: b"a," * 6000 + b"a\n", ":1: 6,001 columns, over 5,000; export fewer"),
    "gzip in gzip": (lambda: gzip.compress(gzip.compress(b"a" * (100 * MB))), ": not a UTF-8 CSV file"),
    "a zip of very many files": (lambda: zipped(b"", files=40_000), ": the zip data is cut or damaged"),
    "a line without an end": (
        lambda: gzip.compress(HEADER + ROW + b"," * (40 * MB)),
        ": a line is over 16 MB; export the file again",
    ),
    "a line without an end, of text": (
        lambda: gzip.compress(HEADER + ROW + b"x" * (17 * MB)),
        ": a line is over 16 MB; export the file again",
    ),
    "a quote of a line that never closes": (
        lambda: gzip.compress(HEADER + ROW + b'"x' + ROW * 1000),
        ":3: a quote does not close; export the file again",
    ),
}


@pytest.mark.parametrize(("content", "reason"), ENDLESS.values(), ids=ENDLESS)
def test_what_has_no_end_is_refused_at_once(
    content: Callable[[], bytes], reason: str, tmp_path: Path
) -> None:
    (tmp_path / "bill").write_bytes(content())
    done = subprocess.run(
        [sys.executable, "-c", READ, str(tmp_path / "ledger"), str(tmp_path / "bill")],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        check=True,
        timeout=60,
    )
    said, seconds, mb = json.loads(done.stdout)
    assert f"bill{reason}" in said
    assert seconds < 1.5
    assert mb < 300


def test_a_header_may_be_long_and_have_line_breaks(tmp_path: Path) -> None:
    wide = HEADER[:-1] + b"," + b",".join(b'"x_%d\n"' % number for number in range(400)) + b"\n"
    (tmp_path / "bill").write_bytes(wide + ROW[:-1] + b"," * 400 + b"\n")
    assert loads_of(tmp_path / "ledger", tmp_path / "bill")[0].line_count == 1


NAMES = {
    "a pattern of the engine": "[ab].csv",
    "another pattern": "q*.csv",
    "a quote": "it's.csv",
    "bytes that are no text": os.fsdecode(b"caf\xe9.csv"),
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_file_is_read_for_itself_whatever_it_is_called(name: str, tmp_path: Path) -> None:
    for other in ("a.csv", "qq.csv"):
        write_csv(tmp_path / other, [line(BilledCost="99")])
    for folder in (tmp_path, tmp_path / "in [a] folder*"):
        path = write_csv(folder / name, [line(BilledCost="2")])
        (load,) = loads_of(folder / "ledger", path)
        assert load.totals["USD"].amounts.BilledCostNano == 2_000_000_000


# --- Parquet ------------------------------------------------------------------------------------


@pytest.fixture
def plain(tmp_path: Path) -> pa.Table:
    """Three lines of October, as Parquet has them."""
    return pq.read_table(write_parquet(tmp_path / "plain.parquet", [line(Tags=tags(team="risk"))] * 3))


def refusal(path: Path) -> str:
    with pytest.raises(RefusedError) as refused:
        loads_of(path.parent / "ledger", path)
    return str(refused.value)


def test_parquet_of_too_many_columns_is_refused(plain: pa.Table, tmp_path: Path) -> None:
    for number in range(5000):
        plain = plain.append_column(f"x_{number}", pa.nulls(3, pa.int8()))
    pq.write_table(plain, tmp_path / "bill")
    assert "columns, over 5,000" in refusal(tmp_path / "bill")


def test_parquet_with_a_footer_larger_than_is_held_is_refused(plain: pa.Table, tmp_path: Path) -> None:
    pq.write_table(plain, tmp_path / "bill")
    content = (tmp_path / "bill").read_bytes()
    (tmp_path / "bill").write_bytes(content[:4] + bytes(20 * MB) + (17 * MB).to_bytes(4, "little") + b"PAR1")
    assert "its footer is over 16 MB; write larger row groups or smaller files" in refusal(tmp_path / "bill")


def test_parquet_without_a_line_is_an_empty_part(plain: pa.Table, tmp_path: Path) -> None:
    write_parquet(tmp_path / "full", [line()])
    none = plain.slice(0, 0)
    pq.write_table(none, tmp_path / "a group of none")
    pq.write_table(none, tmp_path / "a group of none, dictionaries", use_dictionary=True)
    pq.write_table(none, tmp_path / "a group of none, checksums", write_page_checksum=True)
    pq.ParquetWriter(tmp_path / "no group", none.schema).close()
    with pq.ParquetWriter(tmp_path / "none and three", plain.schema) as writer:
        writer.write_table(none)
        writer.write_table(plain)
    frame = none.to_pandas()
    frame.to_parquet(tmp_path / "of pandas")
    counts = {
        path.name: [load.line_count for load in loads_of(tmp_path / "ledger", path, declared=True)]
        for path in tmp_path.iterdir()
        if path.is_file()
    }
    assert counts.pop("full") == [1]
    assert counts.pop("none and three") == counts.pop("plain.parquet") == [3]
    assert set(map(tuple, counts.values())) == {()}
    assert not any(parquet_check.damage(tmp_path / name) for name in counts)


def test_parquet_without_columns_or_of_nulls_is_a_sentence(plain: pa.Table, tmp_path: Path) -> None:
    pq.write_table(pa.table({}), tmp_path / "bill")
    assert "bill: cannot be read" in refusal(tmp_path / "bill")
    pq.write_table(pa.table({name: pa.nulls(3) for name in plain.column_names}), tmp_path / "bill")
    assert "bill:1: column BillingPeriodStart is empty; correct the export" in refusal(tmp_path / "bill")


# --- types --------------------------------------------------------------------------------------

INSTANT = datetime(2026, 10, 1)  # noqa: DTZ001 (as Parquet has them)
ODD: dict[str, pa.Array] = {
    "a map": pa.array([[("a", "b")]], pa.map_(pa.string(), pa.string())),
    "a map of numbers": pa.array([[(1, 2)]], pa.map_(pa.int64(), pa.int64())),
    "a list": pa.array([["a"]]),
    "a struct": pa.array([{"a": {"b": 1}}]),
    "bytes": pa.array([b"\xff\0a"], pa.binary()),
    "bytes of one length": pa.array([b"\xff" * 16], pa.binary(16)),
    "a time": pa.array([time(1)], pa.time64("us")),
    "a duration": pa.array([timedelta(1)], pa.duration("us")),
    "a boolean": pa.array([True]),
    "a large number": pa.array([2**64 - 1], pa.uint64()),
    "a large decimal": pa.array([Decimal("1e30")], pa.decimal256(60, 9)),
    "not a number": pa.array([float("nan")]),
    "infinity": pa.array([float("inf")]),
    "nothing": pa.nulls(1),
    "the year 10000": pa.array([253402300800000], pa.timestamp("ms")),
    "the year 1": pa.array([-62135596800000], pa.timestamp("ms")),
    "before the year 1": pa.array([-(2**62)], pa.timestamp("us")),
    "the last instant there is": pa.array([2**63 - 1], pa.timestamp("us", "UTC")),
    "the first instant there is": pa.array([-(2**63)], pa.timestamp("us")),
    "the last day there is": pa.array([2**31 - 1], pa.date32()),
    "the first day there is": pa.array([-(2**31)], pa.date32()),
    "infinity as text": pa.array(["infinity"]),
    "a zone further than any": pa.array(["2026-10-01T00:00:00+99:99"]),
    "controls": pa.array(["U\x1bD\u202e\0"]),
    "a megabyte": pa.array(["x" * MB]),
    "deep JSON": pa.array(["[" * 100_000]),
}
PLACING = in_soak(
    (
        "BilledCost",
        "EffectiveCost",
        "BillingPeriodStart",
        "BillingPeriodEnd",
        "ChargePeriodStart",
        "ChargePeriodEnd",
        "BillingCurrency",
    ),
    else_=("EffectiveCost", "ChargePeriodStart", "BillingCurrency"),  # one of each kind
)
FINE = {("BillingCurrency", "not a number"), ("BillingCurrency", "infinity")}  # NaN and Inf are three letters


@pytest.mark.soak
@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_a_value_of_a_type_that_none_expects_is_refused_by_column(odd: pa.Array, tmp_path: Path) -> None:
    plain = pq.read_table(write_parquet(tmp_path / "plain.parquet", [line()]))
    kind = next(name for name, array in ODD.items() if array is odd)
    for column in PLACING:
        path = tmp_path / "bill"
        pq.write_table(
            plain.set_column(plain.column_names.index(column), column, odd), path, store_schema=False
        )
        if (column, kind) in FINE:
            continue
        said = refusal(path)
        assert all(reason.startswith("bill") and len(reason) < 400 for reason in said.splitlines())
        assert f"column {column} " in said or "cannot be read" in said
        assert said.isprintable() or "\n" in said


READABLE: dict[str, pa.Array] = {
    "nanoseconds": pa.array([INSTANT], pa.timestamp("ns")),
    "a far zone": pa.array([INSTANT], pa.timestamp("us", "+13:45")),
    "a dictionary of texts": pa.array(["2026-10-01T00:00:00Z"]).dictionary_encode(),
    "a day": pa.array([date(2026, 10, 1)]),
    "large text": pa.array(["2026-10-01 00:00:00"], pa.large_string()),
    "another zone in text": pa.array(["2026-10-01T02:00:00+02:00"]),
}


@pytest.mark.parametrize("instants", READABLE.values(), ids=READABLE)
@pytest.mark.parametrize("int96", [False, True], ids=["as they are", "as int96"])
def test_an_instant_is_read_from(instants: pa.Array, int96: bool, tmp_path: Path) -> None:
    plain = pq.read_table(write_parquet(tmp_path / "plain.parquet", [line()]))
    for column in ("BillingPeriodStart", "ChargePeriodStart"):
        changed = plain.set_column(plain.column_names.index(column), column, instants)
        pq.write_table(changed, tmp_path / "bill", use_deprecated_int96_timestamps=int96)
        (load,) = loads_of(tmp_path / "ledger", tmp_path / "bill")
        assert (load.period, load.period_end) == (date(2026, 10, 1), date(2026, 11, 1))


# --- times and currencies -----------------------------------------------------------------------

IMPLAUSIBLE: dict[str, tuple[dict[str, str], str]] = {
    "a period that ends before it starts": (
        {"BillingPeriodEnd": "2026-09-01"},
        "BillingPeriodEnd cannot be read: '2026-09-01' (a billing period ends a day to 366 days after it",
    ),
    "a period of nothing": ({"BillingPeriodEnd": "2026-10-01"}, "BillingPeriodEnd cannot be read"),
    "a period of a second": ({"BillingPeriodEnd": "2026-10-01T00:00:01Z"}, "BillingPeriodEnd cannot be read"),
    "a period of two years": ({"BillingPeriodEnd": "2028-10-01"}, "BillingPeriodEnd cannot be read"),
    "a charge that ends before it starts": (
        {"ChargePeriodStart": "2026-10-03", "ChargePeriodEnd": "2026-10-02"},
        "ChargePeriodEnd cannot be read: '2026-10-02' (a charge ends not before it starts, nor over five",
    ),
    "a charge six years before": (
        {"ChargePeriodStart": "2020-10-01", "ChargePeriodEnd": "2020-10-02"},
        "ChargePeriodStart cannot be read: '2020-10-01' (a charge starts at most three years before its",
    ),
    "a charge six years after": (
        {"ChargePeriodStart": "2032-10-01", "ChargePeriodEnd": "2032-10-02"},
        "ChargePeriodEnd cannot be read: '2032-10-02'",
    ),
    "a currency with a control": (
        {"BillingCurrency": "U\x1bD"},
        r"BillingCurrency cannot be read: 'U\x1bD' (a currency is three letters)",
    ),
    "a currency of four letters": ({"BillingCurrency": "EURO"}, "BillingCurrency cannot be read: 'EURO'"),
    "a currency of other letters": ({"BillingCurrency": "ＵＳＤ"}, "BillingCurrency cannot be read"),
}


@pytest.mark.parametrize(("values", "reason"), IMPLAUSIBLE.values(), ids=IMPLAUSIBLE)
@pytest.mark.parametrize("write", [write_csv, write_parquet], ids=["CSV", "Parquet"])
def test_what_is_of_no_bill_there_is_is_refused(
    values: dict[str, str], reason: str, write: Callable[..., Path], tmp_path: Path
) -> None:
    lines = [line(), line(**values)]
    if write is write_parquet:
        reason = reason.partition(": '")[0]
    said = refusal(write(tmp_path / "bill", lines))
    number = 3 if write is write_csv else 2
    assert f"bill:{number}: column {reason}" in said


PLAUSIBLE: dict[str, dict[str, str]] = {
    "a charge of no length": {"ChargePeriodEnd": "2026-10-01"},
    "a purchase for five years": {"ChargePeriodEnd": "2031-10-31"},
    "a refund of the year before": {"ChargePeriodStart": "2025-08-01", "ChargePeriodEnd": "2025-09-01"},
    "a period of a year": {"BillingPeriodEnd": "2027-10-01"},
    "a period of a day": {"BillingPeriodEnd": "2026-10-02"},
    "a period that ends a second early": {"BillingPeriodEnd": "2026-10-31T23:59:59Z"},
    "a currency in small letters": {"BillingCurrency": "usd"},
}


@pytest.mark.parametrize("values", PLAUSIBLE.values(), ids=PLAUSIBLE)
def test_what_bills_have_is_read(values: dict[str, str], tmp_path: Path) -> None:
    (load,) = loads_of(tmp_path / "ledger", write_csv(tmp_path / "bill", [line(**values)]))
    assert (load.line_count, set(load.totals)) == (1, {"USD"})


def test_a_wrong_line_keeps_its_period_out_and_no_other(costwatch: Any, company: Path) -> None:
    write_csv(
        company / "bill" / "later.csv",
        [
            of_month("2026-08", BillingAccountId="2"),
            of_month("2026-09", BillingAccountId="2", BillingCurrency="U\x1bD"),
        ],
    )
    answer = costwatch("-v", "collect")
    assert answer.code == 1
    assert r"later.csv:3: column BillingCurrency cannot be read: 'U\\x1bD'" in answer.err.replace(
        "\\x1b", "\\\\x1b"
    )
    assert "2026-08" in answer.err
