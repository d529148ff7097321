"""Deliveries that go wrong or change while they are read: one sentence, and the published bill stays."""

import json
import re
import shutil
from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from costwatch.collect import Collected
from costwatch.model import Window
from costwatch.warehouse.bill.loads import newest_loads
from costwatch.warehouse.facts.freshness import sources
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from tests.doubles.fault_proxy import Change, Fault, Meanwhile, Reset, Truncate
from tests.doubles.s3_bucket import NAME, PREFIX, Bucket, S3Server, flipped, refusal, s3_bucket
from tests.made.bills import Line, of_month, write_parquet
from tests.made.company import NOW, Company

TEAMS = {"teams": [{"name": "risk", "accounts": ["100000000001"]}]}
SEPTEMBER = [of_month("2026-09", BilledCost="2")]
OCTOBER = [of_month("2026-10", BilledCost="1", RegionId=region) for region in ("eu-west-1", "us-east-1")]
PART = "data/BILLING_PERIOD=2026-10/export-00002.snappy.parquet"
GET_PART = "GET .*2026-10/export-00002"
MANIFEST = "metadata/BILLING_PERIOD=2026-10/export-Manifest.json"
LIST = r"list-type=2.*export%2F(&|$)"
TOMORROW = NOW + timedelta(days=1)


def at(amount: str, lines: Sequence[Line]) -> list[Line]:
    return [{**row, "BilledCost": amount} for row in lines]


@pytest.fixture(scope="module")
def published(server: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A company's warehouse and ledger after both months were published, $2 each."""
    root = tmp_path_factory.mktemp("published")
    with pytest.MonkeyPatch.context() as monkeypatch, s3_bucket(server, monkeypatch) as bucket:
        made = Company(root, TEAMS)
        made.sources = [bucket.source()]
        bucket.deliver(root / "export", SEPTEMBER, OCTOBER)
        made.run()
        assert made.billed() == {"risk": Decimal(4)}
    return root


@pytest.fixture
def company(published: Path, bucket: Bucket, tmp_path: Path) -> Company:
    """That company, when both months have been delivered anew: $20 and $40."""
    shutil.copytree(published, tmp_path, dirs_exist_ok=True)
    made = Company(tmp_path, TEAMS)
    made.sources = [bucket.source()]
    bucket.deliver(tmp_path / "export", at("20", SEPTEMBER), at("20", OCTOBER))
    return made


def collect(company: Company) -> Collected:
    """One run, of which the pages must say the same."""
    (collected,) = company.collect(TOMORROW)
    with company.warehouse.read() as db:
        (source,) = sources(db)
    assert (source["outcome"], source["error"] or "") == (collected.outcome, collected.error)
    return collected


def held(company: Company) -> list[int]:
    """What the newest loads of September and of October hold, in dollars: what allocate would publish."""
    with company.warehouse.read() as db:
        ids = [load.id for load in newest_loads(db, ["aws"])]
        totals = {
            row["id"]: json.loads(row["totals"])["USD"] for row in db.execute("SELECT id, totals FROM load")
        }
    return [totals[number]["BilledCostNano"] // 10**9 for number in ids]


def published_dollars(company: Company) -> Decimal:
    """After allocate."""
    assert {period.error for period in company.allocate(TOMORROW)} <= {""}
    return company.billed()["risk"]


def lose(company: Company, bucket: Bucket) -> None:
    bucket.client.delete_object(Bucket=NAME, Key=f"{PREFIX}/{PART}")


def upload_cut(company: Company, bucket: Bucket) -> None:
    replace(company, bucket, lambda content: content[:-9])


def upload_damaged(company: Company, bucket: Bucket) -> None:
    """In the footer: the pages of these files carry no checksums."""
    replace(company, bucket, lambda content: content[:-300] + b"\xff" * 290 + content[-10:])


def replace(company: Company, bucket: Bucket, change: Callable[[bytes], bytes]) -> None:
    bucket.put(PART, change((company.root / "export" / PART).read_bytes()))
    bucket.put(MANIFEST, (company.root / "export" / MANIFEST).read_bytes())


def upload_without(column: str) -> Callable[[Company, Bucket], None]:
    def upload(company: Company, bucket: Bucket) -> None:
        path = company.root / "export" / PART
        write_parquet(path, [{name: value for name, value in OCTOBER[0].items() if name != column}])
        bucket.upload(company.root / "export")

    return upload


def upload_as_text(company: Company, bucket: Bucket) -> None:
    path = company.root / "export" / PART
    table = pq.read_table(path)
    place = table.column_names.index("BilledCost")
    pq.write_table(table.set_column(place, "BilledCost", [["$20.00"] * table.num_rows]), path)
    bucket.upload(company.root / "export")


def plan(pattern: str, fault: Fault) -> Callable[[Company, Bucket], None]:
    return lambda company, bucket: bucket.proxy.plan(pattern, fault)


OF_ONE_PERIOD: dict[str, tuple[Callable[[Company, Bucket], None], str]] = {
    "a part that is not there": (lose, r"names data/.*00002.*, which is not there; wait for the next"),
    "a part that was uploaded cut": (upload_cut, r"00002.*: cannot be read \(.*\); deliver the file again"),
    "a part that was uploaded damaged": (upload_damaged, r"00002.*: cannot be read \(.*\); deliver the file"),
    "a part that lost a mandatory column": (
        upload_without("ChargeCategory"),
        r"00002.*:1: .*mandatory column ChargeCategory is missing",
    ),
    "a part whose costs became text": (upload_as_text, r"00002.*:1: column BilledCost cannot be read: '\$20"),
    "a manifest that was uploaded cut": (
        lambda company, bucket: bucket.put(MANIFEST, b'{"dataFiles": '),
        "not a manifest of AWS .*; wait for the next delivery",
    ),
    "a body that always ends early": (
        plan(GET_PART, Truncate(700)),
        r"00002.*: the connection broke off after 700 of \d+ bytes, 4 times; run it again",
    ),
    "a body that is always damaged": (
        plan(GET_PART, Change(flipped)),
        r"00002.*: what came does not match its ETag, 4 times; run it again",
    ),
    "a part that may not be read": (
        plan(GET_PART, refusal(403, "AccessDenied")),
        r"00002.*: AWS says AccessDenied; allow s3:GetObject on it",
    ),
    "a part in an archive": (
        plan(GET_PART, refusal(403, "InvalidObjectState")),
        r"00002.*: AWS says InvalidObjectState; it is archived; restore it",
    ),
}


@pytest.mark.parametrize(("happens", "reason"), OF_ONE_PERIOD.values(), ids=OF_ONE_PERIOD)
def test_only_its_period_is_refused_for(
    happens: Callable[[Company, Bucket], None], reason: str, company: Company, bucket: Bucket
) -> None:
    happens(company, bucket)
    collected = collect(company)
    assert collected.outcome == "failed"
    (told,) = collected.error.splitlines()
    assert re.search(reason, told)
    assert held(company) == [20, 2]


def test_what_was_published_of_a_refused_period_stays(company: Company, bucket: Bucket) -> None:
    lose(company, bucket)
    collect(company)
    assert published_dollars(company) == 20 + 2
    bucket.upload(company.root / "export")
    assert collect(company).outcome == "loaded"
    assert published_dollars(company) == 20 + 40


def test_the_age_of_the_data_tells_of_a_source_that_fails(company: Company, bucket: Bucket) -> None:
    bucket.proxy.plan(LIST, refusal(403, "ExpiredToken"))
    collect(company)
    with company.warehouse.read() as db:
        facts = WarehouseSnapshot(db, TOMORROW + timedelta(hours=6))
        ((_, (age,)),) = facts.series(
            "freshness", ("source",), Window(NOW, TOMORROW + timedelta(days=1))
        ).items()
    assert age.value == 30


@pytest.mark.parametrize(
    "asked",
    [LIST, "GET .*2026-09/export-Manifest", "GET .*2026-09/export-00001", "list-type=2.*2026-09"],
    ids=["at the first request", "at a manifest", "at a part", "at the last look"],
)
def test_credentials_that_expire_are_one_sentence_and_no_further_request(
    asked: str, company: Company, bucket: Bucket
) -> None:
    bucket.proxy.plan(asked, refusal(403, "ExpiredToken"))
    collected = collect(company)
    assert collected.outcome == "failed"
    assert collected.error.endswith("AWS says ExpiredToken; renew the credentials")
    assert collected.error.count("\n") == 0
    assert bucket.proxy.count(asked) == 1
    assert re.search(asked, bucket.proxy.requests[-1])
    assert held(company) == [2, 2]


def test_a_network_that_fails_for_good_is_one_sentence_and_few_requests(
    company: Company, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)
    bucket.proxy.plan("GET .*2026-09/export-00001", Reset())
    collected = collect(company)
    assert "check the network, the region and the credentials" in collected.error
    assert collected.error.count("\n") == 0
    assert bucket.proxy.count("GET .*2026-09/export-00001") == 5
    assert bucket.proxy.count("2026-10") == 0
    assert held(company) == [2, 2]


# --- deliveries that change while they are read ---------------------------------------------------


def restate(company: Company, bucket: Bucket, amount: str) -> None:
    """October anew: both parts, then the manifest."""
    october = at(amount, OCTOBER)
    bucket.deliver(company.root / "export", october)


@pytest.mark.parametrize("number", [1, 2])
def test_a_delivery_replaced_while_it_is_read_is_read_as_one_version(
    number: int, company: Company, bucket: Bucket
) -> None:
    replaced = Meanwhile(lambda: restate(company, bucket, "70"))
    bucket.proxy.plan(f"GET .*2026-10/export-0000{number}", replaced, times=1)
    assert collect(company).outcome == "loaded"
    assert held(company) == [20, 140]
    before = company.hashes("collection", "source_version")
    assert collect(company).outcome == "unchanged"
    assert held(company) == [20, 140]
    assert company.hashes("collection", "source_version") == before


def test_a_manifest_replaced_while_its_files_are_read_has_the_new_ones_read(
    company: Company, bucket: Bucket
) -> None:
    root = company.root / "export"
    named = [PART, PART.replace("00002", "00003")]
    write_parquet(root / named[1], [{**OCTOBER[0], "BilledCost": "100"}])
    manifest = json.dumps({"dataFiles": [f"s3://b/export/{key}" for key in named]})

    def replace_manifest() -> None:
        bucket.put(named[1], (root / named[1]).read_bytes())
        bucket.put(MANIFEST, manifest.encode())

    bucket.proxy.plan(GET_PART, Meanwhile(replace_manifest), times=1)
    assert collect(company).outcome == "loaded"
    assert held(company) == [20, 120]


def test_a_delivery_that_is_replaced_again_and_again_is_left_for_the_next_run(
    company: Company, bucket: Bucket
) -> None:
    amounts = iter(range(70, 90))
    bucket.proxy.plan(GET_PART, Meanwhile(lambda: restate(company, bucket, str(next(amounts)))), times=3)
    collected = collect(company)
    assert "2026-10 is being replaced again and again; run it again" in collected.error
    assert held(company) == [20, 2]
    assert collect(company).outcome == "loaded"
    assert held(company) == [20, 144]


def test_a_manifest_that_goes_while_its_files_are_read_refuses_its_period(
    company: Company, bucket: Bucket
) -> None:
    gone = Meanwhile(lambda: bucket.client.delete_object(Bucket=NAME, Key=f"{PREFIX}/{MANIFEST}"))
    bucket.proxy.plan(GET_PART, gone, times=1)
    assert "the manifest of 2026-10 is no longer there; wait for the next" in collect(company).error
    assert held(company) == [20, 2]


def test_an_unknown_column_is_kept(company: Company, bucket: Bucket) -> None:
    path = company.root / "export" / PART
    write_parquet(path, [{**OCTOBER[1], "BilledCost": "20", "x_New": "kept"}])
    bucket.upload(company.root / "export")
    assert collect(company).outcome == "loaded"
    assert held(company) == [20, 40]
    kept = [pq.read_schema(file).names for file in (company.root / "ledger").glob("*.parquet")]
    assert any("x_New" in names for names in kept)
