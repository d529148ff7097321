"""Which bills are accepted, what they hold, and how the others are refused."""

import gzip
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from costwatch.errors import RefusedError
from costwatch.model import Load
from tests.made.bills import as_csv, line, on_day, tags, write_csv, write_parquet
from tests.made.company import Company
from tests.made.registered import loads_of


def load(tmp_path: Path, *files: Path) -> list[Load]:
    return loads_of(tmp_path / "ledger", *files)


def text_file(tmp_path: Path, text: str | bytes, name: str = "bill.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


READABLE = {
    "timestamps with a space and no zone": line(ChargePeriodStart="2026-10-01 00:00:00"),
    "timestamps with an offset": line(BillingPeriodStart="2026-10-01T02:00:00+02:00"),
    "a date without a time": line(ChargePeriodStart="2026-10-01"),
    "the text NULL for null": line(ChargeClass="NULL", SubAccountId="NULL", Tags="NULL"),
    "numbers in exponent form": line(BilledCost="15e-1"),
    "negative costs": line(BilledCost="-1.5", ChargeCategory="Credit"),
    "a tag value with a line break and a comma": line(Tags='{"note": "a,\\nb"}'),
    "tags whose values are numbers": line(Tags='{"size": 5}'),
    "an extra column": {**line(), "x_Discounts": "{}"},
    "an extra column named as one of another format": {**line(), "product": "text"},
    "a currency in lower case": line(BillingCurrency="usd "),
}


@pytest.mark.parametrize("row", READABLE.values(), ids=READABLE)
def test_a_file_is_read_with(row: dict[str, str], tmp_path: Path) -> None:
    (found,) = load(tmp_path, write_csv(tmp_path / "bill.csv", [row]))
    assert str(found.period) == "2026-10-01"
    assert abs(found.totals["USD"].amounts.BilledCostNano) == 1_500_000_000
    assert found.totals["USD"].amounts.EffectiveCostNano == 1_250_000_000


def test_optional_columns_may_be_missing(tmp_path: Path) -> None:
    row = {
        name: value for name, value in line().items() if name not in ("Tags", "RegionId", "SubAccountName")
    }
    assert load(tmp_path, write_csv(tmp_path / "bill.csv", [row]))[0].line_count == 1


@pytest.mark.parametrize("renamed", ["ServiceProviderName", "HostProviderName"])
def test_a_provider_named_as_in_focus_1_3_is_read(renamed: str, tmp_path: Path) -> None:
    row = {name: value for name, value in line().items() if name not in ("ProviderName", "PublisherName")}
    assert load(tmp_path, write_csv(tmp_path / "bill.csv", [{**row, renamed: "AWS"}]))


def test_csv_and_gzip_and_parquet_of_one_bill_hold_the_same(tmp_path: Path) -> None:
    lines = [on_day(1, Tags=tags(team="risk")), on_day(2, BilledCost="0.1234567891")]
    found = [
        load(tmp_path, write(tmp_path / name, lines))[0].totals
        for write, name in ((write_csv, "a.csv"), (write_csv, "b.csv.gz"), (write_parquet, "c.parquet"))
    ]
    assert found[0]["USD"].amounts.BilledCostNano == 1_623_456_789
    assert [total["USD"].amounts.BilledCostNano for total in found] == [1_623_456_789] * 3
    assert found[0]["USD"].control["BilledCost"] == Decimal("1.6234567891")


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    text = b"\xef\xbb\xbf" + as_csv([line()], lineterminator="\r\n").encode()
    assert load(tmp_path, text_file(tmp_path, text))[0].line_count == 1


def test_the_digest_is_of_the_content_and_not_of_the_name(tmp_path: Path) -> None:
    first, second = (load(tmp_path, write_csv(tmp_path / name, [line()])) for name in ("a.csv", "b.csv"))
    assert first == second


def test_each_billing_period_and_currency_is_counted_apart(tmp_path: Path) -> None:
    september = line(BillingPeriodStart="2026-09-01T00:00:00Z", BillingPeriodEnd="2026-10-01T00:00:00Z")
    lines = [line(), line(BillingCurrency="EUR", BilledCost="7"), september]
    found = load(tmp_path, write_csv(tmp_path / "bill.csv", lines))
    assert [(str(part.period), part.line_count) for part in found] == [("2026-09-01", 1), ("2026-10-01", 2)]
    assert {currency: total.amounts.BilledCostNano for currency, total in found[1].totals.items()} == {
        "EUR": 7_000_000_000,
        "USD": 1_500_000_000,
    }


REFUSED = {
    "a cost with a currency sign": (
        line(BilledCost="$10,000.00 "),
        "bill.csv:3: column BilledCost cannot be read",
    ),
    "a cost that is not a number": (line(EffectiveCost="nan"), "bill.csv:3: column EffectiveCost"),
    "a cost that is infinite": (line(BilledCost="inf"), "bill.csv:3: column BilledCost"),
    "a cost beyond what is exact": (
        line(BilledCost="9500000000", BillingCurrency="KRW"),
        "bill.csv:3: column BilledCost is 9500000000 KRW, beyond 9e+09 KRW",
    ),
    "an empty cost": (line(BilledCost=""), "bill.csv:3: column BilledCost is empty"),
    "a date in another order": (
        line(ChargePeriodStart="4/1/25"),
        "bill.csv:3: column ChargePeriodStart cannot",
    ),
    "no currency": (line(BillingCurrency="NULL"), "bill.csv:3: column BillingCurrency is empty"),
    "no billing account": (line(BillingAccountId=""), "bill.csv:3: column BillingAccountId is empty"),
    "tags that are no JSON object": (line(Tags="team=risk"), "bill.csv:3: column Tags: not a JSON object"),
    "tags that are a list": (line(Tags='["risk"]'), "bill.csv:3: column Tags: not a JSON object"),
    "tags that are null in JSON": (line(Tags="null"), "bill.csv:3: column Tags: not a JSON object"),
    "tags that say a key twice": (line(Tags='{"a": "1", "a": "2"}'), "bill.csv:3: column Tags: not a JSON"),
    "a currency of blanks": (line(BillingCurrency=" \t "), "bill.csv:3: column BillingCurrency cannot be"),
    "a category of blanks": (line(ChargeCategory="\t"), "bill.csv:3: column ChargeCategory cannot be read"),
}


@pytest.mark.parametrize(("row", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_file_is_refused_whole_for(row: dict[str, str], reason: str, tmp_path: Path) -> None:
    with pytest.raises(RefusedError) as refused:
        load(tmp_path, write_csv(tmp_path / "bill.csv", [line(), row]))
    assert reason in str(refused.value)


def test_columns_of_json_are_refused_together(tmp_path: Path) -> None:
    lines = [line(x_CostCategories=""), line(Tags="no", x_CostCategories="{}"), line(x_CostCategories="[]")]
    with pytest.raises(RefusedError) as refused:
        load(tmp_path, write_csv(tmp_path / "bill.csv", lines))
    assert [*refused.value.reasons] == [
        "bill.csv:3: column Tags: not a JSON object; export the file again",
        "bill.csv:4: column x_CostCategories: not a JSON object; export the file again",
    ]


def test_a_value_that_begins_with_a_blank_is_not_blank(tmp_path: Path) -> None:
    (found,) = load(tmp_path, write_csv(tmp_path / "bill.csv", [line(BillingCurrency=" usd ")]))
    assert found.totals.keys() == {"USD"}


def test_a_line_is_named_as_an_editor_counts_it(tmp_path: Path) -> None:
    lines = [line(ChargeDescription="two\nlines"), line(BilledCost="x")]
    with pytest.raises(RefusedError, match=r"bill\.csv:4: column BilledCost"):
        load(tmp_path, write_csv(tmp_path / "bill.csv", lines))


def test_parquet_is_refused_by_row(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match=r"bill\.parquet:2: column BilledCost is empty"):
        load(tmp_path, write_parquet(tmp_path / "bill.parquet", [line(), line(BilledCost="")]))


PARQUET_TAGS = {
    "a map": pa.array([[("team", "risk")]], pa.map_(pa.string(), pa.string())),
    "a map with dictionary values": pa.array(
        [[("team", "risk")]], pa.map_(pa.string(), pa.dictionary(pa.int32(), pa.string()))
    ),
    "a struct": pa.array([{"team": "risk", "env": None}]),
    "JSON text": pa.array(['{"team": "risk"}'], pa.large_string()),
}


@pytest.mark.parametrize("tags_column", PARQUET_TAGS.values(), ids=PARQUET_TAGS)
def test_tags_in_parquet_may_be(tags_column: pa.Array, tmp_path: Path) -> None:
    table = pq.read_table(write_parquet(tmp_path / "plain.parquet", [line()]))
    path = tmp_path / "bill" / "bill.parquet"
    path.parent.mkdir()
    pq.write_table(table.set_column(table.column_names.index("Tags"), "Tags", tags_column), path)
    made = Company(tmp_path, {"teams": [{"name": "risk"}]})
    made.run()
    assert made.billed() == {"risk": Decimal("1.5")}


PARQUET_COSTS = {
    "decimals": pa.array([Decimal("1.5")], pa.decimal128(20, 10)),
    "floats": pa.array([1.5], pa.float32()),
    "text": pa.array(["1.5"]),
}


@pytest.mark.parametrize("costs", PARQUET_COSTS.values(), ids=PARQUET_COSTS)
def test_costs_in_parquet_may_be(costs: pa.Array, tmp_path: Path) -> None:
    table = pq.read_table(write_parquet(tmp_path / "plain.parquet", [line()]))
    path = tmp_path / "bill.parquet"
    pq.write_table(table.set_column(table.column_names.index("BilledCost"), "BilledCost", costs), path)
    assert load(tmp_path, path)[0].totals["USD"].amounts.BilledCostNano == 1_500_000_000


INSTANTS = {
    "in milliseconds": pa.array([datetime(2026, 10, 1, tzinfo=UTC)], pa.timestamp("ms")),
    "in nanoseconds with a zone": pa.array([datetime(2026, 10, 1, tzinfo=UTC)], pa.timestamp("ns", "UTC")),
    "in another zone": pa.array([datetime(2026, 10, 1, tzinfo=UTC)], pa.timestamp("us", "Europe/Berlin")),
    "dates": pa.array([date(2026, 10, 1)], pa.date32()),
    "text": pa.array(["2026-10-01T00:00:00Z"]),
}


@pytest.mark.parametrize("instants", INSTANTS.values(), ids=INSTANTS)
def test_instants_in_parquet_may_be(instants: pa.Array, tmp_path: Path) -> None:
    table = pq.read_table(write_parquet(tmp_path / "plain.parquet", [line()]))
    path = tmp_path / "bill.parquet"
    place = table.column_names.index("BillingPeriodStart")
    pq.write_table(table.set_column(place, "BillingPeriodStart", instants), path)
    assert str(load(tmp_path, path)[0].period) == "2026-10-01"


NO_INSTANTS = {
    "a number, whatever its unit": pa.array([1790812800000], pa.int64()),
    "a year that no bill is of": pa.array([datetime(1, 1, 1, tzinfo=UTC)], pa.timestamp("us")),
}


@pytest.mark.parametrize("instants", NO_INSTANTS.values(), ids=NO_INSTANTS)
def test_an_instant_is_not(instants: pa.Array, tmp_path: Path) -> None:
    table = pq.read_table(write_parquet(tmp_path / "plain.parquet", [line()]))
    path = tmp_path / "bill.parquet"
    place = table.column_names.index("ChargePeriodStart")
    pq.write_table(table.set_column(place, "ChargePeriodStart", instants), path)
    with pytest.raises(RefusedError, match=r"bill\.parquet:1: column ChargePeriodStart cannot be read"):
        load(tmp_path, path)


def test_tags_in_parquet_that_are_no_json_are_refused(tmp_path: Path) -> None:
    table = pq.read_table(write_parquet(tmp_path / "plain.parquet", [line()]))
    path = tmp_path / "bill.parquet"
    pq.write_table(table.set_column(table.column_names.index("Tags"), "Tags", pa.array(["team=risk"])), path)
    with pytest.raises(RefusedError, match=r"bill\.parquet:1: column Tags cannot be read: 'team=risk'"):
        load(tmp_path, path)


def test_every_missing_column_that_places_or_prices_a_line_is_named(tmp_path: Path) -> None:
    without = ("BillingAccountId", "ChargeCategory", "ListCost")
    row = {name: value for name, value in line().items() if name not in without}
    with pytest.raises(RefusedError) as refused:
        load(tmp_path, write_csv(tmp_path / "bill.csv", [row]))
    assert [reason.split(";")[0] for reason in refused.value.reasons] == [
        "bill.csv:1: not a complete focus file: mandatory column BillingAccountId is missing",
        "bill.csv:1: not a complete focus file: mandatory column ChargeCategory is missing",
    ]


BROKEN = {
    "an empty file": (b"", r"bill\.csv:1: the file is empty"),
    "a column twice": (b"BilledCost,billedcost\n1,2\n", r"bill\.csv:1: column billedcost is there twice"),
    "a column without a name": (b"BilledCost,,Tags\n1,2,3\n", r"bill\.csv:1: column 2 has no name"),
    "bytes that are not UTF-8": (b"\xff\xfe\x00B", r"bill\.csv: not a UTF-8 CSV file"),
    "columns separated by semicolons": (
        b"BilledCost;Tags\n1;2\n",
        r"bill\.csv:1: the columns are separated by ';'",
    ),
    "a row with too few values": (
        (as_csv([line()]) + "1,2,3\n").encode(),
        r"bill\.csv:3: 3 columns instead of 25",
    ),
    "a row that is cut": ((as_csv([line(), line()])[:-40]).encode(), r"bill\.csv:3: "),
    "gzip data that is cut": (
        gzip.compress(as_csv([line()] * 500).encode())[:-200],
        r"bill\.csv: the gzip data is",
    ),
    "Parquet that is cut": (b"PAR1 and no more", r"bill\.csv: cannot be read"),
}


@pytest.mark.parametrize(("content", "reason"), BROKEN.values(), ids=BROKEN)
def test_a_delivery_is_refused_for(content: bytes, reason: str, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match=reason):
        load(tmp_path, text_file(tmp_path, content))
    assert not list((tmp_path / "ledger").glob("*.part"))


def test_a_load_whose_absolute_sum_is_beyond_exact_is_refused(tmp_path: Path) -> None:
    lines = [line(BilledCost="8e9"), line(BilledCost="-8e9")]
    with pytest.raises(RefusedError, match=r"sums to 1\.6e"):
        load(tmp_path, write_csv(tmp_path / "bill.csv", lines))
