"""The commands that do something: files to begin with, the steps, doctor, and what mistakes end with."""

import json
import shutil
from pathlib import Path

import pytest

from costwatch.warehouse import health
from costwatch.warehouse.store import Warehouse
from tests.made.bills import line, write_csv
from tests.made.command_line import ALERTS, CONFIG, LINES, Costwatch, configure

# --- files to begin with -----------------------------------------------------------------------


def test_init_writes_files_that_check_accepts(costwatch: Costwatch, tmp_path: Path) -> None:
    assert costwatch("init") == costwatch("check")
    assert {file.name for file in tmp_path.iterdir()} == {
        "costwatch.yaml",
        "alerts.yaml",
        "costwatch.schema.json",
    }


def test_init_writes_the_schema_that_its_files_name(costwatch: Costwatch, tmp_path: Path) -> None:
    costwatch("init")
    for name in ("costwatch.yaml", "alerts.yaml"):
        first = (tmp_path / name).read_text().splitlines()[0]
        assert first.startswith("# yaml-language-server: $schema=")
        assert (
            json.loads((tmp_path / first.partition("=")[2]).read_text()) == costwatch("config", "schema").json
        )


def test_init_leaves_a_schema_that_is_there(costwatch: Costwatch, tmp_path: Path) -> None:
    (tmp_path / "costwatch.schema.json").write_text("mine")
    assert costwatch("init").code == 0
    assert (tmp_path / "costwatch.schema.json").read_text() == "mine"


def test_init_never_touches_a_file_that_is_there(costwatch: Costwatch, tmp_path: Path) -> None:
    (tmp_path / "alerts.yaml").write_text("mine")
    answer = costwatch("init")
    assert answer.code == 2
    assert answer.err.startswith("costwatch: alerts.yaml: is there already; ")
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {"alerts.yaml": "mine"}


def test_check_prints_every_mistake_of_both_files(costwatch: Costwatch, tmp_path: Path) -> None:
    configure(tmp_path, CONFIG + "colour: red\n", ALERTS.replace("above: 5", "abov: 5"))
    answer = costwatch("check")
    assert answer.code == 2
    assert answer.err == ""
    assert [text.split(": ")[0] for text in answer.out.splitlines()] == [
        "costwatch.yaml:6",
        *["alerts.yaml:3"] * (len(answer.out.splitlines()) - 1),
    ]
    assert "did you mean 'above'?" in answer.out


@pytest.mark.parametrize("command", ["collect", "allocate", "alerts eval", "status", "ui", "report weekly"])
def test_a_file_with_mistakes_stops_every_step_before_anything_is_touched(
    command: str, costwatch: Costwatch, company: Path
) -> None:
    configure(company, CONFIG + "colour: red\n")
    before = (company / "costwatch.db").read_bytes()
    answer = costwatch(*command.split())
    assert answer.code == 2
    assert answer.err.startswith("costwatch: costwatch.yaml:6: unknown key 'colour'")
    assert (company / "costwatch.db").read_bytes() == before


def test_the_schema_is_one_json_document(costwatch: Costwatch) -> None:
    assert {"sources", "rules", "receivers"} <= costwatch("config", "schema").json["properties"].keys()


# --- steps -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command", ["collect", "allocate", "alerts eval", "alerts deliver", "collect --since 3d", "db migrate"]
)
def test_cron_hears_nothing_of_success(command: str, costwatch: Costwatch, company: Path) -> None:
    answer = costwatch(*command.split())
    assert (answer.code, answer.out, answer.err) == (0, "", "")


def test_v_says_what_was_done(costwatch: Costwatch, tmp_path: Path) -> None:
    configure(tmp_path)
    write_csv(tmp_path / "bill" / "bill.csv", LINES)
    assert costwatch("collect", "--dry-run").out == "aws: would load 4 lines of 2026-10\n"
    assert costwatch("-v", "collect").err == "aws: loaded 4 lines of 2026-10\n"
    assert costwatch("-v", "collect").err == "aws: unchanged\n"
    nobodys = (
        "no team claims:\n  `100000000001` prod €7.00 (account)\n"
        "`costwatch teams suggest` shows this, and what to write into costwatch.yaml\n"
    )
    assert costwatch("-v", "allocate").err == "2026-10: published, 4 lines\n" + nobodys
    assert costwatch("-v", "allocate").err == "nothing changed\n" + nobodys


def test_a_source_that_fails_is_named_and_the_others_are_loaded(costwatch: Costwatch, tmp_path: Path) -> None:
    configure(
        tmp_path, CONFIG.replace("teams:", "  - {name: gone, kind: exports, location: nowhere}\nteams:")
    )
    write_csv(tmp_path / "bill" / "bill.csv", LINES)
    answer = costwatch("collect")
    assert answer.code == 1
    assert answer.err.count("\n") == 1
    assert "nowhere" in answer.err
    assert "Traceback" not in answer.err
    assert costwatch("query", "SELECT COUNT(*) AS n FROM load", "--json").json == [{"n": 1}]


def test_a_bill_that_breaks_its_format_is_refused_with_every_reason(
    costwatch: Costwatch, tmp_path: Path
) -> None:
    configure(tmp_path)
    write_csv(tmp_path / "bill" / "bill.csv", [line(BilledCost="x"), line(EffectiveCost="y")])
    answer = costwatch("collect")
    assert answer.code == 1
    assert all(text.startswith("costwatch: ") for text in answer.err.splitlines())
    assert "bill.csv" in answer.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("collect asw", "no source is named 'asw'; there are: aws"),
        ("collect --since 3d --to 2026-10-01", "exclude each other; choose one"),
        ("collect --from 2026-10-02 --to 2026-10-02", "holds no day; --to is not included"),
        ("collect --since soon", "must be a duration such as 15m, 2h or 1d"),
        ("allocate --from 1.10.2026", "is not a day; write it like 2026-11-01"),
        ("cost show --last 3d --from 2026-10-01", "exclude each other; choose one"),
        ("cost show --from 2026-10-02 --to 2026-10-01", "holds no day; --to is not included"),
        ("cost show --by colour", "'colour' is not one of 'team', 'service'"),
        ("report weekly --week 2026-W60", "2026-W60: no ISO week"),
        ("report weekly --week 2026-W40 --team nobody", "nobody"),
        ("alerts deliver --receiver nobody", "no receiver is named 'nobody'; there are: default"),
        ("demo -c costwatch.yaml", "leave -c and --db out"),
        ("ui --db other.db", "leave --db out"),
    ],
)
def test_mistakes_on_the_command_line_end_with_2(
    words: str, said: str, costwatch: Costwatch, company: Path
) -> None:
    answer = costwatch(*words.split())
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err
    assert "Traceback" not in answer.err


def test_a_second_run_of_a_busy_source_ends_with_75(costwatch: Costwatch, company: Path) -> None:
    with Warehouse(company / "costwatch.db").job_lock("collect-aws"):
        answer = costwatch("collect")
    assert answer.code == 75
    assert "try again" in answer.err


def test_alerts_go_from_eval_to_deliver_to_list(costwatch: Costwatch, company: Path) -> None:
    now = ("--now", "2026-10-31")
    assert costwatch(*now, "alerts", "list").out == "no alerts\n"
    dry = costwatch(*now, "alerts", "eval", "--dry-run")
    assert "Spend" in dry.out
    assert costwatch(*now, "alerts", "list").out == "no alerts\n"
    assert costwatch(*now, "alerts", "eval").code == 0
    listed = costwatch(*now, "alerts", "list", "--json").json
    assert {alert["rule"] for alert in listed} == {"Spend"}
    assert costwatch(*now, "alerts", "deliver", "--dry-run").out.startswith("would send to default (first): ")
    told = costwatch(*now, "alerts", "deliver")
    assert (told.code, told.err) == (0, "")
    assert "Spend" in told.out
    assert costwatch(*now, "alerts", "deliver").out == ""


def test_while_the_rules_file_has_mistakes_the_last_good_rules_go_on(
    costwatch: Costwatch, company: Path
) -> None:
    assert costwatch("--now", "2026-10-03", "alerts", "eval").code == 0
    (company / "alerts.yaml").write_text(ALERTS.replace("above: 5", "above: 5, abov: 6"))
    later = ("--now", "2026-10-31")
    evaluated = costwatch(*later, "alerts", "eval")
    assert evaluated.code == 2
    assert "alerts.yaml:3: unknown key 'abov'; did you mean 'above'?" in evaluated.err
    assert "the rules of when the file last had no mistake go on" in evaluated.err
    told = costwatch(*later, "alerts", "deliver")
    assert told.code == 2
    assert "Spend" in told.out


def test_a_rules_file_that_never_was_right_stops_the_step(costwatch: Costwatch, company: Path) -> None:
    (company / "alerts.yaml").write_text(ALERTS + "colour: red\n")
    answer = costwatch("alerts", "eval")
    assert (answer.code, "go on" in answer.err) == (2, False)


def test_the_report_goes_to_stdout_or_into_files(costwatch: Costwatch, company: Path) -> None:
    words = ("--now", "2026-10-31", "report", "weekly", "--week", "2026-W40")
    printed = costwatch(*words)
    assert printed.code == 0
    assert "week 40 of 2026" in printed.out
    written = costwatch(*words, "--to", "html", "--to", "md")
    assert (written.code, written.out, written.err) == (0, "", "")
    assert (company / "reports" / "weekly-2026-W40.md").read_text() == printed.out
    assert (company / "reports" / "weekly-2026-W40.html").exists()


# --- doctor ------------------------------------------------------------------------------------


def test_doctor_finds_nothing_where_all_is_well(costwatch: Costwatch, company: Path) -> None:
    answer = costwatch("doctor")
    assert answer.code == 0
    assert [text.split(maxsplit=1) for text in answer.out.splitlines() if not text.startswith("note")] == [
        ["ok", what]
        for what in (
            *("configuration", "packages", "SQLite", "file system", "disk space", "rights", "warehouse"),
            "source aws: FOCUS, 1 file, 2026-10, last new data 2026-11-03 00:00 UTC",
            *("rule StaleData", "rule Spend"),
            "restatements: none is doubted",
            "bill: all that is loaded is allocated",
            *(f"step {step}: last worked 2026-11-03 00:00 UTC, just now" for step in ("collect", "allocate")),
            *(f"step {step}: never worked yet" for step in ("evaluate", "deliver", "report")),
        )
    ]
    for words in (("alerts", "eval"), ("alerts", "deliver"), ("report", "weekly", "--to", "md")):
        costwatch("--now", "2026-11-05T18:30:00Z", *words)
    later = costwatch("--now", "2026-11-05T20:00:00Z", "doctor").out
    assert "ok    step collect: last worked 2026-11-03 00:00 UTC, 2 d 20 h ago" in later
    for step in ("evaluate", "deliver"):
        assert f"ok    step {step}: last worked 2026-11-05 18:30 UTC, 1 h 30 min ago" in later


def test_doctor_names_each_fault_with_its_remedy(costwatch: Costwatch, company: Path) -> None:
    shutil.rmtree(company / "bill")
    (company / "collectors").mkdir()
    answer = costwatch("doctor")
    assert answer.code == 3
    assert [text for text in answer.out.splitlines() if text.startswith("mend")] != []
    assert "source aws: " in answer.out
    configure(company, CONFIG + "colour: red\n")
    assert "mend  configuration: costwatch.yaml:6: unknown key 'colour'" in costwatch("doctor").out


def test_doctor_without_a_configuration_says_where_to_begin(costwatch: Costwatch) -> None:
    answer = costwatch("doctor")
    assert answer.code == 3
    assert "costwatch init" in answer.out


def test_json_is_ascii_whatever_a_bill_says(costwatch: Costwatch, company: Path) -> None:
    answer = costwatch("query", "SELECT RegionId, 'é' AS e FROM cost", "--json")
    assert answer.out.isascii()
    assert {row["e"] for row in json.loads(answer.out)} == {"é"}


# --- the place of the warehouse -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mounts", "kind"),
    [
        ("/dev/a / ext4 rw 0 0\n", ""),
        ("/dev/a / ext4 rw 0 0\nhost:/x {place} nfs4 rw 0 0\n", "nfs4"),
        ("host:/x / nfs rw 0 0\n/dev/a {place} xfs rw 0 0\n", ""),
        ("/dev/a / ext4 rw 0 0\nme@host: {place} fuse.sshfs rw 0 0\n", "fuse.sshfs"),
        ("", ""),
    ],
    ids=["a disk", "a share", "a disk below a share", "a share through fuse", "nothing known"],
)
def test_a_file_system_without_local_locks_is_found(mounts: str, kind: str, tmp_path: Path) -> None:
    place = tmp_path / "a b"
    place.mkdir()
    listed = tmp_path / "mounts"
    listed.write_text(mounts.format(place=str(place).replace(" ", r"\040")))
    problem = health._file_system(place, listed)
    assert bool(problem) == bool(kind)
    assert kind in problem


def test_an_sqlite_too_old_for_the_schema_is_found() -> None:
    assert health._sqlite((3, 36, 0)).startswith("SQLite 3.36.0 is older than 3.37; ")
    assert health._sqlite((3, 37, 0)) == ""
