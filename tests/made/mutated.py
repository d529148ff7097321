"""Bills with something wrong, each made from a seed: bytes, columns, types, values, packing."""

import csv
import gzip
import io
import random
import zipfile
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq

from tests.made import cur_bills
from tests.made.bills import as_csv, on_day, tags, write_parquet

Chance = random.Random
_FOCUS = [
    on_day(1 + number % 28, BilledCost=f"{number}.25", Tags=tags(team=f"t{number % 5}"))
    for number in range(60)
]
_AWS = [cur_bills.usage(f"t{number % 5}", f"{number}.25", 1 + number % 28) for number in range(20)]
_ODD_TEXT = (
    *(
        "",
        " ",
        "NULL",
        "0",
        "-0",
        "1e308",
        "-1e309",
        "1e-400",
        "99999999999",
        "9e9",
        "NaN",
        "Infinity",
        "-inf",
    ),
    *("1,5", "0x10", "1_000", "٣", " 1 ", "1.5.2", "--1", "$1", "1" * 400, "true"),
    *("9999-12-31T23:59:59Z", "10000-01-01", "0000-00-00", "2026-13-01", "2026-10-01T24:00:00Z", "infinity"),
    *(
        "2026-10-01T00:00:00+99:99",
        "2026-02-30",
        "0001-01-01T00:00:00Z",
        "292278-12-31",
        "4/1/25",
        "1790812800",
    ),
    *("2016-10-01T00:00:00Z", "2036-10-01T00:00:00Z", "2026-10-01 00:00:00.123456789Z", "-2026-10-01"),
    *("US", "usd", "U\x1bD", "ＵＳＤ", "\u202e", "\0", "{", "[]", '{"a": [1]}', '{"a": 1, "a": 2}', "null"),
    *("[" * 5000, '{"a":' * 3000 + "1" + "}" * 3000, "x" * 100_000, "=1+1", "😀", "\r", "\n", '"'),
)
_NAMES = (
    "Tags",
    "tags",
    "BilledCost",
    "",
    " ",
    "x" * 5000,
    "a\nb",
    "file_index",
    "x\0y",
    '"',
    "BILLEDCOST",
    "é",
)


def mutated(seed: int) -> tuple[str, bytes]:
    """A file's name and content; the first of every hundred seeds are bills with nothing wrong."""
    chance = random.Random(seed)
    name, content = chance.choice((_parquet, _parquet, _csv))(chance)
    if seed % 100 and chance.random() < 0.7:
        for _ in range(chance.choice((1, 1, 1, 2, 5))):
            content = chance.choice(_OF_BYTES)(content, chance)
    return name, content


# --- Parquet ------------------------------------------------------------------------------------


def _parquet(chance: Chance) -> tuple[str, bytes]:
    table = chance.choice(_tables())
    if chance.random() < 0.6:
        for _ in range(chance.randint(1, 3)):
            table = chance.choice(_OF_TABLES)(table, chance)
    target = io.BytesIO()
    pq.write_table(
        table,
        target,
        compression=chance.choice(("snappy", "zstd", "gzip", "none", "lz4", "brotli")),
        use_dictionary=chance.random() < 0.7,
        write_page_checksum=chance.random() < 0.3,
        data_page_version=chance.choice(("1.0", "2.0")),
        data_page_size=chance.choice((200, 1 << 20)),
        row_group_size=chance.choice((7, 1000)),
        use_deprecated_int96_timestamps=chance.random() < 0.1,
        store_schema=chance.random() < 0.5,
    )
    return "bill.parquet", target.getvalue()


@cache
def _tables() -> list[pa.Table]:
    with TemporaryDirectory() as folder:
        bill = Path(folder) / "bill.parquet"
        written = (
            write_parquet(bill, _FOCUS),
            cur_bills.cur2_parquet(bill.with_name("cur2.parquet"), _AWS),
            cur_bills.legacy_parquet(bill.with_name("legacy.parquet"), _AWS),
        )
        return [pq.read_table(path) for path in written]


@cache
def _texts() -> list[str]:
    with TemporaryDirectory() as folder:
        written = (
            cur_bills.cur2_csv(Path(folder) / "cur2.csv", _AWS),
            cur_bills.legacy_csv(Path(folder) / "legacy.csv", _AWS),
        )
        return [as_csv(_FOCUS), *(path.read_text() for path in written)]


def _odd_column(rows: int, chance: Chance) -> pa.Array:
    """Any type that an Arrow table can have in Parquet, with values at its ends."""
    instants = (0, 2**63 - 1, -(2**63) + 1, 253402300800000, -62135596800000, 1790812800000)
    numbers = (0, 1, -1, 2**63 - 1, -(2**63), 10**18)
    kinds: tuple[Callable[[], pa.Array], ...] = (
        lambda: pa.array([chance.choice(instants)] * rows, pa.timestamp(chance.choice(("ms", "us", "ns")))),
        lambda: pa.array(
            [chance.choice(instants)] * rows,
            pa.timestamp("us", chance.choice(("UTC", "+13:45", "Asia/Kolkata"))),
        ),
        lambda: pa.array([chance.choice((0, 2**31 - 1, -(2**31), 2932897, 20727))] * rows, pa.date32()),
        lambda: pa.array([chance.choice(numbers)] * rows, pa.int64()),
        lambda: pa.array([chance.choice((0, 2**64 - 1))] * rows, pa.uint64()),
        lambda: pa.array(
            [chance.choice((1e308, float("nan"), float("-inf"), 9e9, -0.0))] * rows, pa.float64()
        ),
        lambda: pa.array([1.5] * rows, pa.float32()),
        lambda: pa.array([b"\xff\xfe\0"] * rows, pa.binary()),
        lambda: pa.array([b"\xff" * 16] * rows, pa.binary(16)),
        lambda: pa.array([Decimal("0.1")] * rows, pa.decimal128(38, chance.choice((1, 9, 37)))),
        lambda: pa.array([Decimal("0.1")] * rows, pa.decimal256(60, 9)),
        lambda: pa.array([True] * rows),
        lambda: pa.nulls(rows),
        lambda: pa.array([chance.choice(_ODD_TEXT)] * rows, pa.string()),
        lambda: pa.array([chance.choice(_ODD_TEXT)] * rows, pa.string()).dictionary_encode(),
        lambda: pa.array([chance.choice(_ODD_TEXT)] * rows, pa.large_string()),
        lambda: pa.array([["a", None]] * rows, pa.list_(pa.string())),
        lambda: pa.array([{"a": {"b": 1}}] * rows),
        lambda: pa.array([[("a", "b"), ("a", "c")]] * rows, pa.map_(pa.string(), pa.string())),
        lambda: pa.array([[(1, [2])]] * rows, pa.map_(pa.int64(), pa.list_(pa.int64()))),
        lambda: pa.array([0] * rows, pa.time64("us")),
        lambda: pa.array([0] * rows, pa.duration("us")),
    )
    return chance.choice(kinds)()


def _another_type(table: pa.Table, chance: Chance) -> pa.Table:
    at = chance.randrange(table.num_columns)
    return table.set_column(at, table.column_names[at], _odd_column(table.num_rows, chance))


def _swapped(table: pa.Table, chance: Chance) -> pa.Table:
    names = table.column_names
    one, other = chance.sample(range(len(names)), 2)
    names[one], names[other] = names[other], names[one]
    return table.rename_columns(names)


def _renamed(table: pa.Table, chance: Chance) -> pa.Table:
    names = table.column_names
    names[chance.randrange(len(names))] = chance.choice((*_NAMES, *names))
    return table.rename_columns(names)


def _without(table: pa.Table, chance: Chance) -> pa.Table:
    return table.remove_column(chance.randrange(table.num_columns)) if table.num_columns > 2 else table


def _cut_rows(table: pa.Table, chance: Chance) -> pa.Table:
    return table.slice(0, chance.choice((0, 1)))


_OF_TABLES = (_another_type, _another_type, _another_type, _swapped, _renamed, _without, _cut_rows)

# --- CSV ----------------------------------------------------------------------------------------


def _csv(chance: Chance) -> tuple[str, bytes]:
    rows = list(csv.reader(io.StringIO(chance.choice(_texts()))))
    if chance.random() < 0.7:
        for _ in range(chance.randint(1, 4)):
            chance.choice(_OF_ROWS)(rows, chance)
    text = io.StringIO()
    ends, separator = (
        chance.choice(("\n", "\n", "\r\n", "\r")),
        chance.choice((",", ",", ",", ",", ";", "\t")),
    )
    csv.writer(text, lineterminator=ends, delimiter=separator).writerows(rows)
    encoding = chance.choice((*["utf-8"] * 6, "utf-8-sig", "utf-16", "latin-1", "utf-32", "cp500"))
    content = text.getvalue().encode(encoding, "replace")
    packing = chance.choice(("csv", "csv", "csv.gz", "csv.zip", "gz.gz"))
    if packing == "csv.zip":
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(chance.choice((1, 1, 1, 1, 2))):
                archive.writestr(f"{number}.csv", content)
        content = packed.getvalue()
    elif packing != "csv":
        for _ in range(packing.count("gz")):
            content = gzip.compress(content, mtime=0)
    return f"bill.{packing}", content


def _another_value(rows: list[list[str]], chance: Chance) -> None:
    row = chance.choice(rows)
    if row:
        row[chance.randrange(len(row))] = chance.choice(_ODD_TEXT)


def _another_header(rows: list[list[str]], chance: Chance) -> None:
    if rows[0]:
        rows[0][chance.randrange(len(rows[0]))] = chance.choice((*_NAMES, *rows[0]))


def _another_column(rows: list[list[str]], chance: Chance) -> None:
    at, value = chance.randrange(len(rows[0]) or 1), chance.choice(_ODD_TEXT)
    for row in rows[1:]:
        if at < len(row):
            row[at] = value


def _more_columns(rows: list[list[str]], chance: Chance) -> None:
    many = chance.choice((1, 300, 6000))
    rows[0] += [f"x_{number}" for number in range(many)]
    if chance.random() < 0.7:
        for row in rows[1:]:
            row += [""] * many


def _another_width(rows: list[list[str]], chance: Chance) -> None:
    row = chance.choice(rows)
    if chance.random() < 0.5:
        row.append(chance.choice(_ODD_TEXT))
    elif row:
        row.pop(chance.randrange(len(row)))


def _another_order(rows: list[list[str]], chance: Chance) -> None:
    chance.shuffle(rows)


def _fewer_rows(rows: list[list[str]], chance: Chance) -> None:
    del rows[chance.choice((1, 2)) :]


_OF_ROWS = (
    *(_another_value, _another_value, _another_value, _another_column, _another_header),
    *(_more_columns, _another_width, _another_order, _fewer_rows),
)

# --- bytes --------------------------------------------------------------------------------------


def _flipped(content: bytes, chance: Chance) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.choice((1, 1, 3, 30, 300)) if content else 0):
        changed[_place(content, chance)] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _cut(content: bytes, chance: Chance) -> bytes:
    at = _place(content, chance)
    return content[:at] if chance.random() < 0.7 else content[at:]


def _inserted(content: bytes, chance: Chance) -> bytes:
    at = _place(content, chance)
    return content[:at] + _junk(chance) + content[at:]


def _overwritten(content: bytes, chance: Chance) -> bytes:
    at, junk = _place(content, chance), _junk(chance)
    return content[:at] + junk + content[at + len(junk) :]


def _left_out(content: bytes, chance: Chance) -> bytes:
    at = _place(content, chance)
    return content[:at] + content[at + chance.choice((1, 10, 1000)) :]


def _repeated(content: bytes, chance: Chance) -> bytes:
    at = _place(content, chance)
    return (
        content[:at]
        + content[at : at + chance.choice((1, 100, 10_000))] * chance.choice((2, 50))
        + content[at:]
    )


def _junk(chance: Chance) -> bytes:
    """Among them the largest numbers of Thrift, in which Parquet says how much of what there is."""
    size = chance.choice((1, 4, 100, 4096))
    return chance.choice(
        (
            chance.randbytes(size),
            bytes(size),
            b"\xff" * size,
            b"\xff" * 9 + b"\x01",
            b"\xff\xff\xff\xff\x0f",
            b'"',
            b'"\n',
            b"\0",
            b",",
        )
    )


def _place(content: bytes, chance: Chance) -> int:
    """Anywhere, or in a footer or directory at the end, where little does much."""
    last = max(len(content) - 1, 0)
    return chance.randint(max(0, last - 2000) if chance.random() < 0.5 else 0, last)


_OF_BYTES = (_flipped, _flipped, _cut, _inserted, _overwritten, _left_out, _repeated)
