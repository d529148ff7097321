"""The commands that only read: cost, query, status, plugins, db."""

import csv
import sqlite3
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from costwatch.warehouse.store import Warehouse
from tests.made.command_line import CONFIG, EVIL, S3, Costwatch, configure
from tests.made.warehouse_rows import Row, fill

# --- reading -----------------------------------------------------------------------------------


def test_cost_show_json_is_exact_and_keeps_currencies_apart(costwatch: Costwatch, company: Path) -> None:
    assert costwatch("cost", "show", "--json").json == [
        {
            "BillingCurrency": "EUR",
            "BilledCost": 7.0,
            "EffectiveCost": 7.0,
            "BilledCostNano": 7_000_000_000,
            "EffectiveCostNano": 7_000_000_000,
            "x_LineCount": 1,
            "x_State": "settled",
        },
        {
            "BillingCurrency": "USD",
            "BilledCost": 13.100000001,
            "EffectiveCost": 12.2,
            "BilledCostNano": 13_100_000_001,
            "EffectiveCostNano": 12_200_000_000,
            "x_LineCount": 3,
            "x_State": "settled",
        },
    ]


def test_cost_show_groups_filters_and_bounds(costwatch: Costwatch, company: Path) -> None:
    rows = costwatch(
        *("cost", "show", "--by", "team", "--by", "service", "--per-day", "--json"),
        *(
            "--currency",
            "USD",
            "--from",
            "2026-10-01",
            "--to",
            "2026-10-03",
            "--service",
            S3,
            "--service",
            S3,
        ),
    ).json
    assert rows == [
        {
            "x_Team": "payments",
            "ServiceName": S3,
            "BillingCurrency": "USD",
            "day": "2026-10-02",
            "BilledCost": 0.1,
            "EffectiveCost": 0.2,
            "BilledCostNano": 100_000_000,
            "EffectiveCostNano": 200_000_000,
            "x_LineCount": 1,
            "x_State": "settled",
        }
    ]
    assert costwatch("cost", "show", "--to", "2026-10-01", "--json").json == []
    last = costwatch("--now", "2026-10-03T23:00:00Z", "cost", "show", "--last", "1d", "--json").json
    assert [row["EffectiveCost"] for row in last] == [3.2]


@pytest.mark.parametrize(("by", "column"), [("team", "x_Team"), ("parent", "x_Parent")])
def test_cost_show_for_people_marks_residuals_and_adds_up_by_currency(
    costwatch: Costwatch, company: Path, by: str, column: str
) -> None:
    answer = costwatch("cost", "show", "--by", by, "--metric", "BilledCost")
    assert answer.out == (
        "BilledCost, 2026-10-01 to 2026-10-03 (UTC days)\n"
        "3 days settled\n"
        "\n"
        f"{column:<13}  BillingCurrency  BilledCost\n"
        "risk           USD                  $13.00\n"
        "unallocated *  EUR                   €7.00\n"
        "payments       USD                   $0.10\n"
        "Total          EUR                   €7.00\n"
        "Total          USD                  $13.10\n"
        "\n"
        "* carried by no team\n"
    )


STATES = {  # of 30 September, 1, 2 and 3 October
    "all closed": (("closed",) * 4, "closed", "4 days closed"),
    "some closed": (
        ("closed", "closed", "settled", "settled"),
        "settled",
        "4 days settled, 2 of them closed",
    ),
    "some estimated": (
        ("closed", "settled", "estimated", "estimated"),
        "estimated",
        "2 of 4 days estimated (from 2026-10-02)",
    ),
    "an estimated day among settled ones holds back what comes after it": (
        ("settled", "estimated", "settled", "settled"),
        "estimated",
        "3 of 4 days estimated (from 2026-10-01)",
    ),
}


@pytest.mark.parametrize("case", STATES)
def test_cost_show_says_how_settled_its_numbers_are(case: str, costwatch: Costwatch, tmp_path: Path) -> None:
    states, least, told = STATES[case]
    days = [date(2026, 9, 30), *(date(2026, 10, number) for number in (1, 2, 3))]
    rows: list[Row] = [(day, "risk", S3, "USD", 1, 1, state) for day, state in zip(days, states, strict=True)]
    fill(Warehouse(tmp_path / "costwatch.db"), rows)
    show = ("--db", "costwatch.db", "cost", "show")
    (row,) = costwatch(*show, "--json").json
    assert row["x_State"] == least
    assert costwatch(*show).out.splitlines()[1] == told
    settled = states.index("estimated") if "estimated" in states else 4
    by_day = costwatch(*show, "--per-day", "--json").json
    assert [row["x_State"] for row in by_day] == [*states[:settled], *["estimated"] * (4 - settled)]
    assert costwatch(*show, "--per-day").out.splitlines()[4].split() == [
        "USD",
        "2026-09-30",
        states[0],
        "$1.00",
    ]
    (row,) = costwatch(*show, "--to", "2026-10-10", "--json").json
    assert row["x_State"] == "estimated"
    assert (
        costwatch(*show, "--to", "2026-10-10").out.splitlines()[1]
        == f"{told}, nothing known after 2026-10-03"
    )


def test_cost_show_as_of_an_instant_is_what_was_known_then(costwatch: Costwatch, tmp_path: Path) -> None:
    day, then = date(2026, 10, 1), datetime(2026, 10, 5, 6, tzinfo=UTC)
    for hours, (amount, state) in enumerate(((3, "estimated"), (5, "settled"))):
        row: Row = (day, "risk", S3, "USD", amount, amount, state)
        fill(Warehouse(tmp_path / "costwatch.db"), [row], then + timedelta(hours=hours))
    show = ("--db", "costwatch.db", "cost", "show", "--by", "team")
    (now,) = costwatch(*show, "--json").json
    assert (now["BilledCost"], now["x_State"]) == (5, "settled")
    assert costwatch(*show, "--as-of", "2026-10-05T08:30:00+02:00", "--json").json == [
        {
            "x_Team": "risk",
            "BillingCurrency": "USD",
            "BilledCost": 3.0,
            "EffectiveCost": 3.0,
            "BilledCostNano": 3_000_000_000,
            "EffectiveCostNano": 3_000_000_000,
            "x_LineCount": 1,
            "x_State": "estimated",
            "x_AsOf": "2026-10-05T06:30:00Z",
        }
    ]
    table = costwatch(*show, "--as-of", "2026-10-05T06:30", "--per-day").out.splitlines()
    assert table[:3] == [
        "EffectiveCost, 2026-10-01 to 2026-10-01 (UTC days)",
        "as known on 2026-10-05 06:30 UTC",
        "1 of 1 day estimated (from 2026-10-01)",
    ]
    assert table[4].split() == ["x_Team", "BillingCurrency", "day", "x_State", "EffectiveCost"]
    before = costwatch(*show, "--as-of", "2026-10-05")
    assert (before.code, before.out) == (0, "")
    assert "nothing fits from 2026-10-01 up to 2026-10-02 as known on 2026-10-05 00:00 UTC" in before.err
    assert costwatch(*show, "--as-of", "yesterday").code == 2


def test_text_from_a_bill_cannot_steer_the_terminal(costwatch: Costwatch, company: Path) -> None:
    for words in (("cost", "show", "--by", "region"), ("query", "SELECT RegionId FROM cost")):
        answer = costwatch(*words)
        assert "\x1b" not in answer.out
        assert "\\x1b[31m" in answer.out


def test_query_answers_in_three_ways(costwatch: Costwatch, company: Path) -> None:
    sql = "SELECT RegionId, SUM(BilledCostNano) AS nano, NULL AS void FROM cost GROUP BY 1 ORDER BY 2"
    assert costwatch("query", sql, "--json").json == [
        {"RegionId": EVIL, "nano": 3_000_000_000, "void": None},
        {"RegionId": "eu-west-1", "nano": 17_100_000_001, "void": None},
    ]
    assert next(csv.reader(costwatch("query", sql, "--csv").out.split("\r\n")[1:])) == [
        f"'{EVIL}",
        "3000000000",
        "",
    ]
    assert costwatch("query", sql).out.splitlines()[0].split() == ["RegionId", "nano", "void"]


def test_query_says_when_rows_are_left_out(costwatch: Costwatch, company: Path) -> None:
    answer = costwatch("query", "SELECT day FROM cost", "--limit", 2, "--json")
    assert len(answer.json) == 2
    assert answer.err.startswith("costwatch: query: there are more than the 2 rows shown; ")
    assert costwatch("query", "SELECT day FROM cost", "--limit", 4, "--json").err == ""


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("DELETE FROM load", "can only be read here"),
        ("DROP TABLE load", "can only be read here"),
        ("INSERT INTO team VALUES (9, 'x')", "can only be read here"),
        ("PRAGMA journal_mode = DELETE", "can only be read here"),
        ("ATTACH 'x.db' AS x", "can only be read here"),
        ("BEGIN", "can only be read here"),
        ("SELECT 1; DELETE FROM load", "only one statement at a time"),
        ("SELEC 1", 'near "SELEC": syntax error'),
        ("SELECT x FROM cost", "no such column: x"),
        ("", "this is no question; write a SELECT"),
        (
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n",
            "took longer than 0.2 s",
        ),
        ("SELECT 1 AS a, 2 AS a", "two columns are named 'a'"),
    ],
)
def test_query_only_reads_and_for_a_while(sql: str, said: str, costwatch: Costwatch, company: Path) -> None:
    before = (company / "costwatch.db").read_bytes()
    answer = costwatch("query", sql, "--timeout", 0.2, "--json")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("costwatch: query: ")
    assert said in answer.err
    assert (company / "costwatch.db").read_bytes() == before
    assert not (company / "x.db").exists()


def test_status_is_ok_while_every_source_delivers(costwatch: Costwatch, company: Path) -> None:
    answer = costwatch("status", "--json")
    assert answer.code == 0
    assert [(source["source"], source["state"]) for source in answer.json["sources"]] == [("aws", "ok")]
    assert answer.json["runs"][0]["outcome"] == "loaded"
    assert "no alerts" in costwatch("status").out


def test_status_ends_with_3_when_a_source_is_late_failed_or_forgotten(
    costwatch: Costwatch, company: Path
) -> None:
    later = ("--now", "2026-11-04T07:00:00Z", "status")
    assert costwatch(*later).code == 3
    assert "aws: nothing new for 31 h, over 30 h" in costwatch(*later).out
    other = "  - {name: gone, kind: exports, location: nowhere}\nteams:"
    configure(company, CONFIG.replace("teams:", other))
    forgotten = costwatch("status")
    assert (forgotten.code, "gone: never collected" in forgotten.out) == (3, True)
    assert costwatch("collect").code == 1
    failed = costwatch("status", "--json")
    assert (failed.code, failed.json["sources"][1]["state"]) == (3, "failed")


def test_status_before_anything_was_collected_says_what_to_do(costwatch: Costwatch, tmp_path: Path) -> None:
    configure(tmp_path)
    answer = costwatch("status")
    assert (answer.code, answer.out) == (1, "")
    assert "run: costwatch collect" in answer.err


def test_plugins_come_from_packages(costwatch: Costwatch) -> None:
    kinds = {(kind["group"], kind["kind"]): kind for kind in costwatch("plugins", "--json").json}
    assert kinds["collectors", "exports"]["package"] == "costwatch"
    assert all(
        kind["help"] and not kind["error"] for kind in kinds.values() if kind["package"] == "costwatch"
    )


def test_a_broken_plugin_is_shown_with_its_reason(
    costwatch: Costwatch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    described = tmp_path / "acme-1.0.dist-info"
    described.mkdir()
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
    (described / "entry_points.txt").write_text("[costwatch.rules]\nodd = no_such_module:Odd\n")
    monkeypatch.syspath_prepend(tmp_path)
    answer = costwatch("plugins")
    assert answer.code == 0
    broken = next(text for text in answer.out.splitlines() if text.startswith("rules       odd"))
    assert "acme" in broken
    assert "No module named 'no_such_module'" in broken


# --- the warehouse file ------------------------------------------------------------------------


def test_db_status_tells_content_apart_and_only_content(costwatch: Costwatch, company: Path) -> None:
    before = costwatch("db", "status", "--json").json
    assert (before["schema_version"], before["integrity"]) == (
        Warehouse(company / "costwatch.db").version(),
        "ok",
    )
    assert before["tables"]["published"]["row_count"] == 1
    assert costwatch("collect", "--now", "2026-11-05").code == costwatch("allocate").code == 0
    after = costwatch("db", "status", "--json").json
    changed = {name for name, held in after["tables"].items() if held != before["tables"][name]}
    assert changed == {"collection", "watermark", "step"}
    assert "collection" in costwatch("db", "status").out


def test_a_backup_is_a_whole_warehouse_and_replaces_nothing(costwatch: Costwatch, company: Path) -> None:
    assert costwatch("db", "backup", "copy.db").code == 0
    assert (
        costwatch("--db", "copy.db", "db", "status", "--json").json["tables"]
        == (costwatch("db", "status", "--json").json["tables"])
    )
    again = costwatch("db", "backup", "copy.db")
    assert (again.code, "is there already" in again.err) == (2, True)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ("newer", "written by a newer costwatch"),
        ("older", "run: costwatch db migrate"),
        ("torn", "restore the last"),
    ],
)
def test_a_warehouse_that_cannot_be_read_is_explained(
    found: str, said: str, costwatch: Costwatch, company: Path
) -> None:
    db = company / "costwatch.db"
    if found == "torn":
        db.write_bytes(b"no database" * 1000)
    else:
        with sqlite3.connect(db) as connection:
            connection.execute(f"PRAGMA user_version = {99 if found == 'newer' else 0}")
        connection.close()
    for command in ("status", "cost show", "db status"):
        answer = costwatch(*command.split())
        assert answer.code == 1
        assert said in answer.err
    doctor = costwatch("doctor")
    assert doctor.code == 3
    assert said.split(";")[0][:12] in doctor.out or "upgrade costwatch" in doctor.out
