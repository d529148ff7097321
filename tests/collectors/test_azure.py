"""Azure's Cost Management exports: told from their manifests, and every day counted once."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from collectors.exports import Exports
from collectors.layouts import manifests
from costwatch.errors import SourceError
from costwatch.model import Window
from tests.bill.test_real_bills import DATA, needs_data
from tests.made.azure_exports import run
from tests.made.bills import of_month, on_day, write_csv, write_delivery
from tests.made.company import Company
from tests.made.exports_read import read_exports

AUTUMN = Window(datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))
OCTOBER = "20261001-20261031"


def read(location: Path) -> dict[str, list[str]]:
    """billing period -> its files, as they are named below ``location``."""
    return read_exports(
        Exports(name="azure", location=str(location)),
        AUTUMN,
        lambda file: str(file.path.relative_to(location)),
    )


def aged(path: Path, second: int) -> Path:
    os.utime(path, (second, second))
    return path


def newer_by_its_time(root: Path) -> None:
    aged(run(root / "daily" / OCTOBER / "a", submitted="2026-10-20T03:00:00.1234567Z"), 9)
    aged(run(root / "daily" / OCTOBER / "b", submitted="2026-10-21T03:00:00.1234567Z"), 1)


def newer_by_its_file(root: Path) -> None:
    aged(run(root / "daily" / OCTOBER / "a"), 1)
    aged(run(root / "daily" / OCTOBER / "b"), 9)


def newer_by_its_folder(root: Path) -> None:
    aged(run(root / "daily" / OCTOBER / "202610200300" / "a"), 9)
    aged(run(root / "daily" / OCTOBER / "202610210300" / "b"), 1)


def shorter_but_newer(root: Path) -> None:
    run(root / "daily" / OCTOBER / "b", submitted="2026-10-20T03:00:00Z")
    run(root / "once" / "20261001-20261010" / "a", submitted="2026-10-25T03:00:00Z")


def shorter_but_newer_by_their_files(root: Path) -> None:
    aged(run(root / "daily" / OCTOBER / "b", runInfo={}, exportConfig={}), 1)
    aged(run(root / "once" / "20261001-20261010" / "a", runInfo={}, exportConfig={}), 9)


def as_long_and_newer(root: Path) -> None:
    run(root / "daily" / OCTOBER / "a", submitted="2026-11-04T03:00:00Z")
    run(root / "once" / OCTOBER / "b", submitted="2026-11-05T03:00:00Z")


def longer_than_one_that_stopped(root: Path) -> None:
    run(root / "daily" / OCTOBER / "a", submitted="2026-10-05T03:00:00Z")
    run(root / "once" / "20261001-20261020" / "b", submitted="2026-10-25T03:00:00Z")


def of_other_datasets(root: Path) -> None:
    run(root / "actual" / OCTOBER / "a", dataset="ActualCost", submitted="2026-11-05T03:00:00Z")
    run(root / "prices" / OCTOBER / "a", dataset="PriceSheet", submitted="2026-11-05T03:00:00Z")
    run(root / "daily" / OCTOBER / "b", submitted="2026-11-04T03:00:00Z")


def damaged_before(root: Path) -> None:
    damaged = run(root / "daily" / OCTOBER / "a")
    damaged.write_text('{"blobs": ')
    aged(damaged, 1)
    aged(run(root / "daily" / OCTOBER / "b"), 9)


COUNTED: dict[str, Callable[[Path], None]] = {
    "the newest run by the time that it says": newer_by_its_time,
    "the newest run by its file where it says none": newer_by_its_file,
    "the newest run by its folder where every run is kept": newer_by_its_folder,
    "the month to date beside a newer one-off that has less": shorter_but_newer,
    "the same where manifests say no times": shorter_but_newer_by_their_files,
    "the newer of two that have the whole month": as_long_and_newer,
    "a one-off that has more than an export that stopped": longer_than_one_that_stopped,
    "the FOCUS one beside actual costs and prices": of_other_datasets,
    "the whole one after one that was damaged": damaged_before,
}


@pytest.mark.parametrize("made", COUNTED.values(), ids=COUNTED)
def test_of_the_runs_of_a_month_one_counts(made: Callable[[Path], None], tmp_path: Path) -> None:
    made(tmp_path)
    ((file,),) = read(tmp_path).values()
    assert file.endswith("/b/part_0_0001.csv")


def test_one_offs_that_share_no_day_are_read_together(tmp_path: Path) -> None:
    for days in ("20261001-20261010", "20261011-20261020"):
        run(tmp_path / "once" / days / "a")
    assert read(tmp_path) == {
        "2026-10": [f"once/{days}/a/part_0_0001.csv" for days in ("20261001-20261010", "20261011-20261020")]
    }


def test_a_range_of_several_months_is_one_delivery(tmp_path: Path) -> None:
    lines = [of_month(month, BilledCost=cost) for month, cost in (("2026-09", "1"), ("2026-10", "2"))]
    run(tmp_path / "bill" / "once" / "20260901-20261031" / "a", lines=lines)
    company = Company(tmp_path)
    company.run()
    assert sum(company.billed().values()) == 3


COPIES = {
    "the container's own tree": ("costs/", "costs/daily/20261001-20261031/a"),
    "the export's folder": ("costs/", "20261001-20261031/a"),
    "the folder of the run": ("costs/", "a"),
    "another place": ("costs/", "backup/daily/20261001-20261031/a"),
    "another name of the export": ("costs/", "other/20261001-20261031/b"),
}


@pytest.mark.parametrize(("prefix", "folder"), COPIES.values(), ids=COPIES)
def test_files_are_found_where_the_export_was_copied_to(prefix: str, folder: str, tmp_path: Path) -> None:
    original = tmp_path / "costs" / "daily" / OCTOBER / "a"
    run(original, prefix=prefix, days=("2026-10-01", "2026-10-31"), parts=2)
    copy = tmp_path / "copy" / folder
    copy.parent.mkdir(parents=True)
    original.rename(copy)
    found = read(tmp_path / "copy")
    assert [Path(file).name for file in found["2026-10"]] == ["part_0_0001.csv", "part_0_0002.csv"]


def test_a_manifest_without_any_days_leaves_them_to_the_lines(tmp_path: Path) -> None:
    run(tmp_path / "x" / "y" / "z")
    (tmp_path / "stray.csv").write_text("not,read\n")
    assert read(tmp_path) == {"": ["x/y/z/part_0_0001.csv"]}


def test_what_no_manifest_names_is_not_read(tmp_path: Path) -> None:
    run(tmp_path / "daily" / OCTOBER / "a")
    write_csv(tmp_path / "daily" / OCTOBER / "a" / "part_1_0001.csv", [of_month("2026-10")])
    write_csv(tmp_path / "once.csv", [of_month("2026-10")])
    assert read(tmp_path) == {"2026-10": [f"daily/{OCTOBER}/a/part_0_0001.csv"]}


def test_a_manifest_of_something_else_is_none(tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv", [of_month("2026-10")])
    (tmp_path / "manifest.json").write_text('{"name": "a web page", "icons": []}')
    assert read(tmp_path) == {"": ["a.csv"]}


def changed(**changes: Any) -> Callable[[Path], object]:
    return lambda root: run(root / "daily" / OCTOBER / "a", **changes)


def without_its_part(root: Path) -> None:
    run(root / "daily" / OCTOBER / "a").with_name("part_0_0001.csv").unlink()
    run(root / "daily" / "20260901-20260930" / "a", lines=[of_month("2026-09")])


def with_a_short_part(root: Path) -> None:
    part = run(root / "daily" / OCTOBER / "a").with_name("part_0_0001.csv")
    part.write_text(part.read_text()[:-9])


def of_two_scopes(root: Path) -> None:
    run(root / "one" / OCTOBER / "a", scope="/subscriptions/one/providers/Microsoft.CostManagement/exports/")
    run(root / "two" / OCTOBER / "a", scope="/subscriptions/two/providers/Microsoft.CostManagement/exports/")


def in_common(root: Path) -> None:
    run(root / "daily" / OCTOBER / "a", submitted="2026-10-20T03:00:00Z")
    run(root / "once" / "20261011-20261025" / "a", submitted="2026-10-26T03:00:00Z")


def of_several_months_beside_one_of_them(root: Path) -> None:
    run(root / "daily" / OCTOBER / "a")
    run(root / "once" / "20260901-20261031" / "a")


def beside_aws(root: Path) -> None:
    run(root / "azure" / OCTOBER / "a")
    write_delivery(root / "aws", "2026-10", [of_month("2026-10")])


def of_no_days(root: Path) -> None:
    run(root / "daily" / "20261301-20261331" / "a")


REFUSED = {
    "a part that is not there": (without_its_part, r"names a/part_0_0001\.csv, which is not there; wait"),
    "a part that is not whole": (
        with_a_short_part,
        r"says that part_0_0001\.csv has \d+ bytes, and it has \d+",
    ),
    "a manifest that names fewer files than it counts": (
        changed(blobCount=2),
        r"manifest\.json: says that there are 2 files, and names 1; wait for the next delivery",
    ),
    "a manifest whose blobs are no names": (changed(blobs=[{"name": 1}]), "its blobs are no list of names"),
    "a manifest of nothing known": (changed(blobs=None, x=1), "its blobs are no list of names"),
    "two scopes": (of_two_scopes, r"2 exports lie below one location \(one/, two/\) and hold 2026-10"),
    "days that a longer one has in part": (
        in_common,
        r"once/20261011-20261025 and daily/20261001-20261031 have days in common; remove one",
    ),
    "months of which another has one": (
        of_several_months_beside_one_of_them,
        r"once/20260901-20261031 and daily/20261001-20261031 have days in common",
    ),
    "an export of AWS beside it": (beside_aws, r"2 exports lie below one location \(aws/, azure/\)"),
    "a folder of days that are none": (of_no_days, "there is no month 13; remove that folder"),
}


@pytest.mark.parametrize(("made", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_period_is_refused_for(made: Callable[[Path], object], reason: str, tmp_path: Path) -> None:
    made(tmp_path)
    with pytest.raises(SourceError, match=reason):
        read(tmp_path)


def test_a_manifest_of_unlikely_size_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(tmp_path / "daily" / OCTOBER / "a")
    monkeypatch.setattr(manifests, "_MAX_BYTES", 99)
    with pytest.raises(SourceError, match=r"manifest\.json: \d+ bytes are too many for a manifest"):
        read(tmp_path)


def test_what_is_wrong_with_one_period_leaves_the_others(tmp_path: Path) -> None:
    company = Company(tmp_path)
    without_its_part(company.root / "bill")
    (collected,) = company.collect()
    assert collected.outcome == "failed"
    assert len(collected.error.splitlines()) == 1
    assert [f"{period:%Y-%m}" for period in collected.periods] == ["2026-09"]


def test_an_export_that_was_moved_to_another_folder_refuses_only_the_month_that_both_hold(
    tmp_path: Path,
) -> None:
    company = Company(tmp_path)
    for folder, months in (("focus-1-0", ("2026-08", "2026-09")), ("focus-1-2", ("2026-09", "2026-10"))):
        for month in months:
            write_delivery(company.root / "bill" / folder, month, [of_month(month)])
    (collected,) = company.collect()
    assert "2 exports lie below one location (focus-1-0/, focus-1-2/) and hold 2026-09" in collected.error
    assert len(collected.error.splitlines()) == 1
    assert [f"{period:%Y-%m}" for period in collected.periods] == ["2026-08", "2026-10"]


@needs_data
@pytest.mark.parametrize(
    "folders",
    [
        (f"mtd/{OCTOBER}/run-a", "oneoff/20261001-20261010/run-b"),
        (f"export/{OCTOBER}/run-a", "export/20261001-20261010/run-b"),
        (f"export/{OCTOBER}/run-a", "."),
    ],
    ids=["in another export", "in the same export", "without a manifest"],
)
def test_the_month_to_date_counts_once_beside_a_one_off(folders: tuple[str, str], tmp_path: Path) -> None:
    cases = DATA / "cases"
    for folder, name in zip(folders, ("az_mtd.csv", "az_oneoff.csv"), strict=True):
        place = tmp_path / "bill" / folder
        place.mkdir(parents=True, exist_ok=True)
        (place / "part_0_0001.csv").write_bytes((cases / name).read_bytes())
        if folder != ".":
            (place / "manifest.json").write_bytes((cases / "az_manifest.json").read_bytes())
    company = Company(tmp_path)
    company.run()
    assert sum(company.billed().values()) == Decimal(200)


def test_days_are_told_by_the_lines_and_not_by_the_range(tmp_path: Path) -> None:
    lines = [on_day(day, BilledCost="1") for day in range(1, 21)]
    run(tmp_path / "bill" / "daily" / OCTOBER / "a", lines=lines, submitted="2026-10-21T03:00:00Z")
    company = Company(tmp_path)
    company.run()
    assert sum(company.billed().values()) == 20
