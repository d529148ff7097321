"""Files that are cut, damaged, packed oddly or change while they are read: refused whole, nothing is kept."""

import gzip
import io
import random
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from costwatch.errors import RefusedError, SourceError
from costwatch.ledger import parquet_check, unpack
from costwatch.ledger.files import LedgerFiles
from costwatch.model import Load
from tests.made.bills import as_csv, line, on_day, tags, write_parquet
from tests.made.registered import loads_of

LINES = [
    on_day(day, BilledCost=f"{day}.{hour:02d}", Tags=tags(hour=f"{hour}"))
    for day in range(1, 31)
    for hour in range(24)
]
CSV = as_csv(LINES).encode()


def load(path: Path) -> list[Load]:
    return loads_of(path.parent / "ledger", path)


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return packed.getvalue()


def encrypted(content: bytes) -> bytes:
    """As the flags of both its headers say; nobody looks further."""
    local, central = content.index(b"PK\x03\x04") + 6, content.index(b"PK\x01\x02") + 8
    changed = bytearray(content)
    changed[local] |= 1
    changed[central] |= 1
    return bytes(changed)


def flipped(content: bytes, seed: int, first: int = 0, last: int | None = None) -> bytes:
    chance = random.Random(seed)
    changed = bytearray(content)
    changed[chance.randrange(first, last or len(content))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def kept(folder: Path) -> list[str]:
    return [path.name for path in (folder / "ledger").iterdir()]


# --- packed CSV ---------------------------------------------------------------------------------

ONE = zipped(("cur-1.csv", CSV))
ACCEPTED = {
    "gzip": gzip.compress(CSV),
    "gzip in two parts": gzip.compress(CSV[:5000]) + gzip.compress(CSV[5000:]),
    "zip": ONE,
    "zip that only stores": zipped(("cur-1.csv", CSV), method=zipfile.ZIP_STORED),
    "zip with a folder": zipped(("report/", b""), ("report/cur-1.csv", CSV)),
}


@pytest.mark.parametrize("content", ACCEPTED.values(), ids=ACCEPTED)
def test_a_bill_is_read_from(content: bytes, tmp_path: Path) -> None:
    assert (
        load(written(tmp_path / "packed", content))[0].totals
        == load(written(tmp_path / "plain", CSV))[0].totals
    )
    assert all(name.endswith(".parquet") for name in kept(tmp_path))


REFUSED = {
    "gzip that is cut": (gzip.compress(CSV)[:-100], "the gzip data is cut or damaged; deliver"),
    "gzip without its checksum": (gzip.compress(CSV)[:-8], "the gzip data is cut or damaged"),
    "gzip with something behind it": (gzip.compress(CSV) + b"more", "the gzip data is cut or damaged"),
    "gzip that unpacks to far too much": (
        gzip.compress(CSV + b"\n" * (1 << 24)),
        "unpacks to over 2 times its size",
    ),
    "zip that is cut": (ONE[:-30], "the zip data is cut or damaged; deliver"),
    "zip without its middle": (ONE[:200] + ONE[300:], "the zip data is cut or damaged"),
    "zip with two files": (zipped(("1.csv", CSV), ("2.csv", CSV)), "the zip holds 2 files; deliver each"),
    "zip without a file": (zipped(), "the zip holds 0 files"),
    "zip with a password": (encrypted(ONE), "the zip is encrypted; deliver it without a password"),
    "zip that is packed unusually": (
        zipped(("1.csv", CSV), method=zipfile.ZIP_BZIP2),
        "the zip is packed in an unusual way; pack it as deflate",
    ),
    "zip that unpacks to far too much": (
        zipped(("1.csv", CSV + b"\n" * (1 << 24))),
        "unpacks to over 2 times",
    ),
    "zip of something else": (zipped(("1.parquet", b"PAR1\xff\xfe")), "not a UTF-8 CSV file"),
}


@pytest.mark.parametrize(("content", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_bill_is_refused_from(
    content: bytes, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "far too much" in reason or "2 times" in reason:
        monkeypatch.setattr("costwatch.ledger.unpack._MOST_TIMES_LARGER", 2)
    with pytest.raises(RefusedError, match=f"^bill: {reason}"):
        load(written(tmp_path / "bill", content))
    assert kept(tmp_path) == []


@pytest.mark.parametrize("content", [gzip.compress(CSV), ONE], ids=["gzip", "zip"])
def test_a_flipped_bit_of_packed_data_is_refused_or_does_no_harm(content: bytes, tmp_path: Path) -> None:
    refused = 0
    for seed in range(200):
        path = written(tmp_path / "bill", flipped(content, seed))
        try:
            with unpack.plain("bill", path, tmp_path / "unpacked") as unpacked:
                assert unpacked.read_bytes() == CSV
        except RefusedError:
            refused += 1
    assert refused >= 180


# --- Parquet ------------------------------------------------------------------------------------


def parquet(path: Path, *, checksums: bool) -> bytes:
    table = pq.read_table(write_parquet(path, LINES))
    pq.write_table(table, path, write_page_checksum=checksums, data_page_size=2000, row_group_size=400)
    return path.read_bytes()


def before_footer(content: bytes) -> int:
    return len(content) - int.from_bytes(content[-8:-4], "little") - 8


@pytest.mark.parametrize("checksums", [True, False], ids=["with checksums", "without"])
def test_parquet_is_kept_as_it_is(checksums: bool, tmp_path: Path) -> None:
    content = parquet(tmp_path / "bill", checksums=checksums)
    (digest,) = load(tmp_path / "bill")[0].files
    assert (tmp_path / "ledger" / f"{digest}.parquet").read_bytes() == content
    assert parquet_check.damage(tmp_path / "bill") == ""


def test_parquet_that_is_cut_anywhere_is_refused(tmp_path: Path) -> None:
    content = parquet(tmp_path / "bill", checksums=False)
    for length in (4, 8, 12, 1000, len(content) // 2, len(content) - 8, len(content) - 1):
        with pytest.raises(RefusedError, match=r"^bill: cannot be read .*; deliver the file again"):
            load(written(tmp_path / "bill", content[:length]))
    assert kept(tmp_path) == []


def test_a_flipped_bit_never_makes_another_bill_where_pages_have_checksums(tmp_path: Path) -> None:
    content = parquet(tmp_path / "bill", checksums=True)
    whole = load(tmp_path / "bill")[0].totals
    accepted = 0  # most of these in statistics that nobody reads: the headers of pages have no checksum
    for seed in range(20):
        try:
            changed = flipped(content, seed, 4, before_footer(content))
            assert load(written(tmp_path / "bill", changed))[0].totals == whole
            accepted += 1
        except RefusedError:
            pass
    assert len(kept(tmp_path)) <= 1 + accepted <= 8


def test_what_page_checksums_say_is_what_arrow_says(tmp_path: Path) -> None:
    content = parquet(tmp_path / "bill", checksums=True)
    for seed in range(40):
        path = written(tmp_path / "bill", flipped(content, seed, 4, before_footer(content)))
        assert parquet_check.damage(path) or "CRC" not in trouble_of_arrow(path)


def trouble_of_arrow(path: Path) -> str:
    try:
        pq.read_table(path, page_checksum_verification=True)
    except (OSError, pa.ArrowInvalid) as error:
        return str(error)
    return ""


# --- files that change --------------------------------------------------------------------------


def test_a_file_that_is_replaced_while_it_is_read_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_parquet(tmp_path / "bill", [line()])
    copyfile = shutil.copyfile

    def late(source: Path, target: Path) -> None:
        write_parquet(path, [line(BilledCost="2")])
        copyfile(source, target)

    monkeypatch.setattr(shutil, "copyfile", late)
    with pytest.raises(SourceError, match="bill: it was replaced while it was read; run it again"):
        load(path)
    assert kept(tmp_path) == []


def test_a_file_of_the_ledger_that_was_damaged_is_replaced_when_it_comes_again(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "bill", LINES)
    (whole,) = load(path)
    stored = tmp_path / "ledger" / f"{whole.files[0]}.parquet"
    stored.write_bytes(stored.read_bytes()[:-9])
    assert load(path) == [whole]
    assert stored.read_bytes() == path.read_bytes()


def test_what_a_killed_run_had_unpacked_is_swept_away(tmp_path: Path) -> None:
    program = f"""
import os
from pathlib import Path
from costwatch.ledger import files
from costwatch.ledger import csv_to_parquet
from costwatch.model import DeliveredFile
csv_to_parquet._create_view = lambda *_: os._exit(9)
path = Path({str(tmp_path)!r})
files.LedgerFiles(path / "ledger").add(DeliveredFile("bill", path / "bill"))
"""
    written(tmp_path / "bill", gzip.compress(CSV))
    assert subprocess.run([sys.executable, "-c", program]).returncode == 9
    (left,) = kept(tmp_path)
    assert left.startswith("costwatch-run-")
    LedgerFiles(tmp_path / "ledger").sweep()
    assert kept(tmp_path) == []
