"""Bills whose way here goes wrong: a real S3 server behind a proxy that breaks, slows and refuses."""

import json
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from botocore.retries.standard import ExponentialBackoff

from costwatch.collect import Collected
from costwatch.model import Export, Window
from costwatch.warehouse import queries
from costwatch.warehouse.snapshot import WarehouseSnapshot
from tests.bills import Line, of_month, write_delivery, write_parquet
from tests.fault_proxy import Answer, Change, Drip, Fault, Meanwhile, Reset, Stall, Truncate
from tests.s3_bucket import NAME, PREFIX, Bucket, refusal, s3_bucket, s3_server
from tests.steps import NOW, Company

TEAMS = {"teams": [{"name": "risk", "accounts": ["100000000001"]}]}
SEPTEMBER, OCTOBER = ([of_month(month, BilledCost="1")] * 2 for month in ("2026-09", "2026-10"))
PART = "data/BILLING_PERIOD=2026-10/export-00002.snappy.parquet"
GET_PART = "GET .*2026-10/export-00002"
LIST = r"list-type=2.*export%2F(&|$)"
MANIFEST = "metadata/BILLING_PERIOD=2026-10/export-Manifest.json"
TOMORROW = NOW + timedelta(days=1)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with s3_server() as url:
        yield url


@pytest.fixture
def bucket(server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    monkeypatch.setattr("collectors.places._PAUSES_SECONDS", (0, 0, 0))
    with s3_bucket(server, monkeypatch) as made:
        yield made


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long botocore would have waited before each further attempt."""
    told: list[float] = []
    amount = ExponentialBackoff.delay_amount

    def note(backoff: ExponentialBackoff, context: object) -> float:
        told.append(amount(backoff, context))
        return 0

    monkeypatch.setattr(ExponentialBackoff, "delay_amount", note)
    return told


def deliver(bucket: Bucket, root: Path, september: Sequence[Line], october: Sequence[Line]) -> None:
    for month, lines in (("2026-09", september), ("2026-10", october)):
        write_delivery(root, month, lines, parts=2)
    bucket.upload(root)


def at(amount: str, lines: Sequence[Line]) -> list[Line]:
    return [{**row, "BilledCost": amount} for row in lines]


def flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 4]) + content[middle + 1 :]


# --- one file's way -----------------------------------------------------------------------------


def october_part(bucket: Bucket, root: Path) -> tuple[bytes, bytes]:
    """The second part of October as it was delivered, and as it came."""
    deliver(bucket, root, SEPTEMBER, OCTOBER)
    bucket.proxy.requests.clear()
    batches = bucket.source().collect(Window.of_days(date(2026, 10, 1), date(2026, 10, 2)))
    export = next(batches).read()
    assert isinstance(export, Export)
    return (root / PART).read_bytes(), export.files[1].path.read_bytes()


PASSES: dict[str, Fault] = {
    "a connection reset before the server is asked": Reset(),
    "a connection reset after the server was asked": Reset(after_forwarding=True),
    "a body that ends early": Truncate(700),
    "a body that never begins": Truncate(0),
    "a body that is shorter and says so": Change(lambda body: body[:-1]),
    "a body with a flipped bit": Change(flipped),
    "a server in trouble": Answer(500),
    "a gateway in trouble": Answer(503),
    "throttling": refusal(503, "SlowDown"),
    "throttling by status": Answer(429),
}


@pytest.mark.parametrize("fault", PASSES.values(), ids=PASSES)
def test_a_part_comes_whole_in_spite_of(
    fault: Fault, bucket: Bucket, tmp_path: Path, waits: list[float]
) -> None:
    bucket.proxy.plan(GET_PART, fault, times=3)
    delivered, came = october_part(bucket, tmp_path)
    assert came == delivered
    assert bucket.proxy.count(GET_PART) == 4


@pytest.mark.parametrize("fault", [Truncate(100), Reset(), Answer(500)], ids=["cut", "reset", "refused"])
def test_a_listing_comes_whole_although_it_is(
    fault: Fault, bucket: Bucket, tmp_path: Path, waits: list[float]
) -> None:
    bucket.proxy.plan(LIST, fault, times=3)
    delivered, came = october_part(bucket, tmp_path)
    assert came == delivered
    assert bucket.proxy.count(LIST) == 4


def test_a_body_that_comes_slowly_is_given_up_and_brought_again(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collectors.places._PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr("collectors.places._SLOWEST_BYTES_PER_SECOND", 1 << 20)
    monkeypatch.setattr("collectors.places._CHUNK_BYTES", 50)
    bucket.proxy.plan(GET_PART, Drip(50, 0.02), times=2)
    delivered, came = october_part(bucket, tmp_path)
    assert came == delivered
    assert bucket.proxy.count(GET_PART) == 3


@pytest.mark.parametrize("fault", [Drip(500, 1), Stall(1)], ids=["in the middle", "before it begins"])
def test_a_body_that_stops_coming_is_given_up_and_brought_again(
    fault: Fault, bucket: Bucket, tmp_path: Path, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collectors.aws._READ_TIMEOUT_SECONDS", 0.2)
    bucket.proxy.plan(GET_PART, fault, times=1)
    delivered, came = october_part(bucket, tmp_path)
    assert came == delivered
    assert bucket.proxy.count(GET_PART) == 2


def test_throttling_is_answered_by_waiting_longer_each_time_and_never_the_same(
    bucket: Bucket, tmp_path: Path, waits: list[float]
) -> None:
    bucket.proxy.plan(LIST, refusal(503, "SlowDown"), times=4)
    october_part(bucket, tmp_path)
    bucket.proxy.plan(LIST, refusal(503, "SlowDown"), times=4)
    october_part(bucket, tmp_path)
    assert all(0 < wait < 2 ** (attempt % 4) for attempt, wait in enumerate(waits))
    assert len(set(waits)) == 8


def test_pauses_before_a_broken_body_is_brought_again_are_not_even(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr("collectors.places._PAUSES_SECONDS", (1, 4, 10))
    monkeypatch.setattr("collectors.places.time.sleep", slept.append)
    bucket.proxy.plan(GET_PART, Truncate(700), times=3)
    october_part(bucket, tmp_path)
    assert [round(wait / most, 1) for wait, most in zip(slept, (1, 4, 10), strict=True)] != [1, 1, 1]
    assert all(most / 2 <= wait <= most for wait, most in zip(slept, (1, 4, 10), strict=True))


# --- the whole flow: what is refused leaves the published bill ------------------------------------


@pytest.fixture(scope="module")
def published(server: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A company's warehouse and ledger after both months were published, $2 each."""
    root = tmp_path_factory.mktemp("published")
    with pytest.MonkeyPatch.context() as monkeypatch, s3_bucket(server, monkeypatch) as bucket:
        made = Company(root, TEAMS)
        made.sources = [bucket.source()]
        deliver(bucket, root / "export", SEPTEMBER, OCTOBER)
        made.run()
        assert made.billed() == {"risk": Decimal(4)}
    return root


@pytest.fixture
def company(published: Path, bucket: Bucket, tmp_path: Path) -> Company:
    """That company, when both months have been delivered anew: $20 and $40."""
    shutil.copytree(published, tmp_path, dirs_exist_ok=True)
    made = Company(tmp_path, TEAMS)
    made.sources = [bucket.source()]
    deliver(bucket, tmp_path / "export", at("10", SEPTEMBER), at("20", OCTOBER))
    return made


def collect(company: Company) -> Collected:
    """One run, of which the pages must say the same."""
    (collected,) = company.collect(TOMORROW)
    with company.warehouse.read() as db:
        (source,) = queries.rows(db, "sources")
    assert (source["outcome"], source["error"] or "") == (collected.outcome, collected.error)
    return collected


def billed(company: Company) -> Decimal:
    company.allocate(TOMORROW)
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
        upload_without("ServiceName"),
        r"00002.*:1: .*mandatory column ServiceName is missing",
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
    assert billed(company) == 20 + 2


def test_the_age_of_the_data_tells_of_a_source_that_fails(company: Company, bucket: Bucket) -> None:
    bucket.proxy.plan(LIST, refusal(403, "ExpiredToken"))
    collect(company)
    with company.warehouse.read() as db:
        facts = WarehouseSnapshot(db, TOMORROW + timedelta(hours=6))
        ((_, (age,)),) = facts.series("freshness", ("source",), Window(NOW, TOMORROW)).items()
    assert age.value == 30


@pytest.mark.parametrize("code", ["ExpiredToken", "InvalidAccessKeyId"])
@pytest.mark.parametrize(
    "asked",
    [LIST, "GET .*2026-09/export-Manifest", "GET .*2026-09/export-00001", "list-type=2.*2026-09"],
    ids=["at the first request", "at a manifest", "at a part", "at the last look"],
)
def test_credentials_that_expire_are_one_sentence_and_no_further_request(
    asked: str, code: str, company: Company, bucket: Bucket
) -> None:
    bucket.proxy.plan(asked, refusal(403, code))
    collected = collect(company)
    assert collected.outcome == "failed"
    assert collected.error.endswith(f"AWS says {code}; renew the credentials")
    assert collected.error.count("\n") == 0
    assert bucket.proxy.count(asked) == 1
    assert bucket.proxy.count() <= 5
    assert billed(company) == 2 + 2


def test_a_network_that_fails_for_good_is_one_sentence_and_few_requests(
    company: Company, bucket: Bucket, waits: list[float]
) -> None:
    bucket.proxy.plan("GET .*2026-09/export-00001", Reset())
    collected = collect(company)
    assert "check the network, the region and the credentials" in collected.error
    assert collected.error.count("\n") == 0
    assert bucket.proxy.count("GET .*2026-09/export-00001") == 5
    assert bucket.proxy.count("2026-10") == 0
    assert billed(company) == 2 + 2


# --- deliveries that change while they are read ---------------------------------------------------


def restate(company: Company, bucket: Bucket, amount: str) -> None:
    """October anew: both parts, then the manifest."""
    write_delivery(company.root / "export", "2026-10", at(amount, OCTOBER), parts=2)
    bucket.upload(company.root / "export")


@pytest.mark.parametrize("number", [1, 2])
def test_a_delivery_replaced_while_it_is_read_is_read_as_one_version(
    number: int, company: Company, bucket: Bucket
) -> None:
    replaced = Meanwhile(lambda: restate(company, bucket, "70"))
    bucket.proxy.plan(f"GET .*2026-10/export-0000{number}", replaced, times=1)
    assert collect(company).outcome == "loaded"
    assert billed(company) == 20 + 140
    before = company.hashes("collection", "source_version")
    assert collect(company).outcome == "unchanged"
    assert billed(company) == 20 + 140
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
    assert billed(company) == 20 + 20 + 100


def test_a_delivery_that_is_replaced_again_and_again_is_left_for_the_next_run(
    company: Company, bucket: Bucket
) -> None:
    amounts = iter(range(70, 90))
    bucket.proxy.plan(GET_PART, Meanwhile(lambda: restate(company, bucket, str(next(amounts)))), times=3)
    collected = collect(company)
    assert "2026-10 is being replaced again and again; run it again" in collected.error
    assert billed(company) == 20 + 2
    assert collect(company).outcome == "loaded"
    assert billed(company) == 20 + 2 * 72


def test_a_manifest_that_goes_while_its_files_are_read_refuses_its_period(
    company: Company, bucket: Bucket
) -> None:
    gone = Meanwhile(lambda: bucket.client.delete_object(Bucket=NAME, Key=f"{PREFIX}/{MANIFEST}"))
    bucket.proxy.plan(GET_PART, gone, times=1)
    assert "the manifest of 2026-10 is no longer there; wait for the next" in collect(company).error
    assert billed(company) == 20 + 2


def test_an_unknown_column_is_kept(company: Company, bucket: Bucket) -> None:
    path = company.root / "export" / PART
    write_parquet(path, [{**OCTOBER[0], "BilledCost": "20", "x_New": "kept"}])
    bucket.upload(company.root / "export")
    assert collect(company).outcome == "loaded"
    assert billed(company) == 20 + 40
    kept = [pq.read_schema(file).names for file in (company.root / "ledger").glob("*.parquet")]
    assert any("x_New" in names for names in kept)
