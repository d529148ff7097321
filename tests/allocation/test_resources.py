"""Resources are answered from a derived file: as from the lines, whatever becomes of the file."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import pytest

from costwatch.allocation import resource_lines
from costwatch.allocation.charges import bills
from costwatch.allocation.resources import Resources, resources
from costwatch.errors import CostwatchError
from costwatch.ledger.files import LedgerFiles
from costwatch.ledger.resource_file import ResourceSum
from costwatch.warehouse.encoding import to_int
from tests.made.bills import Line, on_day, tags
from tests.made.company import EVER, Company

pytestmark = pytest.mark.slow

TEAMS = [{"name": "risk", "accounts": ["100000000001"]}, {"name": "payments"}, {"name": "platform"}]
POOLS = [
    {"name": "tax", "split": "proportional", "match": {"ChargeCategory": "Tax"}},
    {"name": "base", "split": "even", "carried_by": "platform", "match": {"RegionId": "eu-west-1"}},
]


def lines(cost: str = "1.000000001") -> list[Line]:
    """A bill of two teams with tax, in two currencies, of which one is of no resource."""
    found = []
    for day in (1, 2, 3):
        for number in range(3):
            of = tags(team=("risk", "payments", "platform")[number])
            found.append(on_day(day, ResourceId=f"i-{number}", BilledCost=cost, EffectiveCost=cost, Tags=of))
        found.append(on_day(day, ResourceId="i-é'%_*", Tags=tags(team="risk")))
        found.append(on_day(day, ResourceId="", BillingCurrency="EUR", Tags=tags(team="risk")))
        found.append(
            on_day(day, ResourceId="", ChargeCategory="Tax", BilledCost="0.07", EffectiveCost="0.07")
        )
    return found


@pytest.fixture
def made(tmp_path: Path) -> Company:
    company = Company(tmp_path, {"teams": TEAMS, "pools": POOLS})
    company.bill(lines())
    company.run()
    return company


def ledger(made: Company) -> LedgerFiles:
    return LedgerFiles(made.root / "ledger")


def asked(made: Company, team: str = "risk", days: tuple[date, date] = EVER) -> Resources:
    service = made.cost("service")[0].labels["service"]
    return resources(made.warehouse, ledger(made), team, service, *days)


def derived(made: Company) -> list[Path]:
    return sorted((made.root / "ledger" / "derived").glob("*.parquet"))


def rows(file: Path) -> list[tuple[object, ...]]:
    return duckdb.sql(f"FROM '{file}' ORDER BY ALL").fetchall()


def by_lines(made: Company, team: str, days: tuple[date, date]) -> list[ResourceSum]:
    service = made.cost("service")[0].labels["service"]
    (bill,) = bills(made.warehouse, ledger(made), *EVER)
    return sorted(resource_lines.read_lines(bill, team, service, to_int(days[0]), to_int(days[1])))


@pytest.mark.parametrize("team", ["risk", "payments", "platform", "unallocated"])
@pytest.mark.parametrize(
    "days", [EVER, (date(2026, 10, 2), date(2026, 10, 3))], ids=["all days", "one of the days"]
)
def test_the_file_answers_what_the_lines_do(team: str, days: tuple[date, date], made: Company) -> None:
    first, second = asked(made, team, days), asked(made, team, days)
    assert first == second
    of_lines = [
        (
            each.ResourceId,
            each.SubAccountId,
            each.RegionId,
            each.BillingCurrency,
            each.BilledCostNano,
            each.EffectiveCostNano,
            each.line_count,
        )
        for each in first.rows
        if not each.x_Pool
    ]
    assert sorted(of_lines) == by_lines(made, team, days)


def test_a_second_question_reads_no_line(made: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    first = asked(made)
    monkeypatch.delattr(resource_lines, "keep_file")
    monkeypatch.delattr(resource_lines, "read_lines")
    for file in (made.root / "ledger").glob("*.parquet"):
        file.unlink()
    assert asked(made) == first
    assert asked(made, "payments").rows


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100])


def filled_with_something(file: Path) -> None:
    file.write_bytes(b"PAR1 and nothing")


def emptied(file: Path) -> None:
    file.write_bytes(b"")


def without_a_line(file: Path) -> None:
    whole = file.with_name("whole.parquet")
    file.rename(whole)
    duckdb.sql(f"COPY (FROM '{whole}' WHERE day > 20261001) TO '{file}' (FORMAT parquet)")
    whole.unlink()


def of_other_columns(file: Path) -> None:
    duckdb.sql(f"COPY (SELECT 1 AS day) TO '{file}' (FORMAT parquet)")


def with_a_moved_nano_unit(file: Path) -> None:
    whole = file.with_name("whole.parquet")
    file.rename(whole)
    sql = f"SELECT * REPLACE (BilledCostNano + (day - 20261002) AS BilledCostNano) FROM '{whole}'"
    duckdb.sql(f"COPY ({sql} WHERE day < 20261003) TO '{file}' (FORMAT parquet)")
    whole.unlink()


def deleted(file: Path) -> None:
    file.unlink()


@pytest.mark.parametrize(
    "damage",
    [
        cut,
        filled_with_something,
        emptied,
        without_a_line,
        of_other_columns,
        with_a_moved_nano_unit,
        deleted,
    ],
    ids=lambda damage: damage.__name__,
)
def test_a_file_that_is_not_as_it_was_is_made_again(damage: Callable[[Path], None], made: Company) -> None:
    first = asked(made)
    (file,) = derived(made)
    whole = rows(file)
    damage(file)
    assert asked(made) == first
    (again,) = derived(made)
    assert again == file
    assert rows(again) == whole


def test_what_is_published_anew_has_a_file_of_its_own(made: Company) -> None:
    before = asked(made)
    (old,) = derived(made)
    made.bill(lines("2"))
    made.run()
    after = asked(made)
    (new,) = derived(made)
    assert new != old
    assert sum(each.BilledCostNano for each in after.rows) > sum(each.BilledCostNano for each in before.rows)


def test_other_teams_have_a_file_of_their_own(made: Company) -> None:
    asked(made)
    (old,) = derived(made)
    made.allocation = {"teams": [{"name": "all", "aliases": ["risk", "payments"]}], "pools": POOLS[:1]}
    made.run()
    assert {each.ResourceId for each in asked(made, "all").rows} > {"i-0", "i-1"}
    (new,) = derived(made)
    assert new != old


def test_a_ledger_that_takes_no_file_still_answers_and_says_so(made: Company) -> None:
    first = asked(made)
    for file in derived(made):
        file.unlink()
    (made.root / "ledger" / "derived").rmdir()
    (made.root / "ledger" / "derived").write_text("no folder")  # rights do not stop the root user
    again = asked(made)
    assert again.rows == first.rows
    assert "check the disk and the rights; until then each question" in again.remark


def test_a_full_disk_still_answers_and_leaves_nothing(made: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(resource_lines, "write", full)
        answer = asked(made)
    assert "No space left on device" in answer.remark
    assert derived(made) == []
    assert answer.rows == asked(made).rows
    assert not [*(made.root / "ledger").glob("costwatch-run-*")]


def test_lines_that_are_not_those_published_are_refused(made: Company) -> None:
    with made.warehouse.write() as db:
        db.execute("UPDATE place_day SET EffectiveCostNano = EffectiveCostNano + 1")
    with pytest.raises(CostwatchError, match="costwatch cost verify"):
        asked(made)


def test_only_what_a_pool_passed_on_needs_no_line(made: Company) -> None:
    asked_of = resources(made.warehouse, ledger(made), "risk", "no such service", *EVER)
    assert asked_of == Resources()
    assert derived(made) == []


def test_several_readers_at_once_make_one_file(made: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    made_by: list[str] = []
    keep_file = resource_lines.keep_file

    def noted(*given: object) -> None:
        made_by.append(threading.current_thread().name)
        keep_file(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(resource_lines, "keep_file", noted)
    answers: list[Resources] = []
    readers = [threading.Thread(target=lambda: answers.append(asked(made))) for _ in range(4)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert len(made_by) == 1
    assert len(answers) == 4
    assert len(set(answers)) == 1


def test_a_killed_question_leaves_no_file_or_a_whole_one(made: Company) -> None:
    expected = asked(made)
    whole = rows(*derived(made))
    program = (
        "import sys; from datetime import date; from pathlib import Path\n"
        "from costwatch.allocation.resources import resources\n"
        "from costwatch.ledger.files import LedgerFiles; from costwatch.warehouse.store import Warehouse\n"
        f"root = Path({str(made.root)!r}); print('begun', flush=True)\n"
        "resources(Warehouse(root / 'costwatch.db'), LedgerFiles(root / 'ledger'), 'risk', sys.argv[1], "
        "date(2000, 1, 1), date(2100, 1, 1))\n"
    )
    service = made.cost("service")[0].labels["service"]
    seconds = 0.0
    for share in (None, 0.3, 0.6, 0.8, 0.95):
        for file in derived(made):
            file.unlink()
        begun = time.monotonic()
        process = subprocess.Popen([sys.executable, "-c", program, service], stdout=subprocess.PIPE)
        with process:
            assert process.stdout
            process.stdout.readline()
            if share is None:
                assert process.wait() == 0
                seconds = time.monotonic() - begun
            else:
                time.sleep(seconds * share)
                os.kill(process.pid, signal.SIGKILL)
        for file in derived(made):
            assert rows(file) == whole
        assert asked(made) == expected
    assert not [*(made.root / "ledger").glob("costwatch-run-*")]
