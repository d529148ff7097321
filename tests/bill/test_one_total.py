"""However a bill is split, copied, packed, put in order and cumulated: its one total, or a refusal."""

import gzip
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from costwatch.ledger.files import LedgerFiles
from costwatch.ledger.register import register
from costwatch.model import DeliveredFile, Export
from tests.made import bills, cur_bills
from tests.made.soak import in_soak

FIRST = datetime(2026, 11, 1, tzinfo=UTC)
Lines = Sequence[Mapping[str, Any]]


def plain(path: Path, lines: Lines) -> None:
    path.write_text(bills.as_csv(lines), encoding="utf-8")


def of_windows(path: Path, lines: Lines) -> None:
    path.write_bytes(b"\xef\xbb\xbf" + bills.as_csv(lines, lineterminator="\r\n").encode())


def columns_turned(path: Path, lines: Lines) -> None:
    plain(path, [dict(reversed(line.items())) for line in lines])


def gzipped(path: Path, lines: Lines) -> None:
    path.write_bytes(gzip.compress(bills.as_csv(lines).encode(), mtime=0))


def zipped(path: Path, lines: Lines) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bill.csv", bills.as_csv(lines))


FOCUS_WRITERS = (plain, of_windows, columns_turned, gzipped, zipped, bills.write_parquet)
CUR_WRITERS = (cur_bills.cur2_csv, cur_bills.cur2_parquet)


def focus_line(number: int, day: int, cents: int, named: bool) -> Mapping[str, Any]:
    cost = f"{Decimal(cents) / 100}"
    resource = f"i-{number}" if named else ""
    return bills.on_day(
        day,
        BilledCost=cost,
        EffectiveCost=cost,
        ResourceId=resource,
        SkuId=f"sku-{number}",
        Tags=bills.tags(team=f"t{number % 3}"),
    )


def cur_line(number: int, day: int, cents: int, named: bool) -> Mapping[str, Any]:
    resource = f"i-{number}" if named else ""
    line = cur_bills.usage(f"t{number % 3}", Decimal(cents) / 100, day, line_item_resource_id=resource)
    return {**line, "identity_line_item_id": f"id-{number}", "identity_time_interval": f"{day}"}


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[tuple[Callable[..., object], Lines, int]], Decimal]:
    """Files, each with how it is written, its lines and the hour of its writing; and what the bill is."""
    make, writers = draw(st.sampled_from([(focus_line, FOCUS_WRITERS), (cur_line, CUR_WRITERS)]))
    told = draw(
        st.lists(st.tuples(st.integers(1, 4), st.integers(-300, 900), st.booleans()), min_size=1, max_size=7)
    )
    lines = [make(number, *each) for number, each in enumerate(told)]
    of_file = draw(st.lists(st.integers(0, 2), min_size=len(lines), max_size=len(lines)))
    files = [[line for line, at in zip(lines, of_file, strict=True) if at == number] for number in range(3)]
    for _ in range(draw(st.integers(0, 3))):
        source = draw(st.sampled_from([*files, lines]))
        ways = st.sampled_from(["copy", "part", "in another order"])
        match draw(ways):
            case "copy":
                files.append([*source])
            case "part":
                files.append(source[: draw(st.integers(0, len(source)))])
            case _:
                files.append(draw(st.permutations(source)))
    written = [
        (draw(st.sampled_from(writers)), each, draw(st.integers(0, 3)))
        for each in draw(st.permutations([file for file in files if file]))
    ]
    return written, Decimal(sum(cents for _, cents, _ in told)) / 100


@pytest.mark.soak
@pytest.mark.parametrize("declared", [False, True], ids=["loose files", "files that a manifest names"])
@settings(
    max_examples=in_soak(1000, else_=6),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(delivery=deliveries())
def test_a_bill_has_its_one_total_or_is_refused(
    declared: bool, delivery: tuple[list[tuple[Callable[..., object], Lines, int]], Decimal]
) -> None:
    written, total = delivery
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = []
        for number, (write, lines, hour) in enumerate(written):
            path = folder / f"file-{number}"
            write(path, lines)
            files.append(DeliveredFile(path.name, path, FIRST + timedelta(hours=hour)))
        found = register(LedgerFiles(folder / "ledger"), Export(tuple(files)), declared=declared)
    if found.loads:
        counted = sum((load.totals["USD"].control["BilledCost"] for load in found.loads), Decimal())
        told = [finding for load in found.loads for finding in load.findings if finding.kind.is_wrong]
        # A manifest's word is taken that all of its lines are the bill, and what looks odd is told.
        assert counted == total or (declared and told)
    else:
        assert found.reasons
