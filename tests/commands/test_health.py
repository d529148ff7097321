"""`status` and `doctor` know when alerts were last evaluated and delivered, and what keeps them from it."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from costwatch.warehouse.store import Warehouse
from tests.made.command_line import ALERTS, NOW, Answer, Costwatch, configure
from tests.made.warehouse_rows import collected

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# Old costs alone are no reason here, nor is what no cron reads.
CALM = ALERTS.replace("max_age: 30h, max_data_age: 60d", "max_age: 90d, max_data_age: 90d")


class Runs:
    """The steps of a company, run at instants."""

    def __init__(self, costwatch: Costwatch, folder: Path) -> None:
        self.costwatch, self.folder = costwatch, folder
        configure(folder, alerts=CALM)

    def at(self, when: datetime, *command: str) -> Answer:
        return self.costwatch("--now", when.isoformat(), *command)

    def alerts(self, when: datetime) -> None:
        for step in ("eval", "deliver"):
            assert self.at(when, "alerts", step).code == 0

    def status(self, when: datetime) -> tuple[int, list[str]]:
        answer = self.at(when, "status", "--json")
        return answer.code, answer.json["problems"]


@pytest.fixture
def runs(costwatch: Costwatch, company: Path) -> Runs:
    return Runs(costwatch, company)


def test_what_never_ran_is_not_missed(runs: Runs) -> None:
    assert runs.status(NOW + 30 * DAY) == (0, [])


def test_alerts_that_nobody_evaluates_for_three_days_are_no_health(runs: Runs) -> None:
    runs.alerts(NOW)
    assert runs.status(NOW + DAY) == (0, [])
    code, problems = runs.status(NOW + 3 * DAY)
    assert code == 3
    assert problems == [
        f"step {step}: last worked 2026-11-03 00:00 UTC, 3 d ago, 26 h allowed; see whether cron runs it and "
        f"what it says: costwatch alerts {command}"
        for step, command in (("evaluate", "eval"), ("deliver", "deliver"))
    ]
    doctor = runs.at(NOW + 3 * DAY, "doctor")
    assert doctor.code == 3
    assert "mend  step evaluate: last worked 2026-11-03 00:00 UTC, 3 d ago" in doctor.out
    assert "mend  step deliver: last worked" in doctor.out


@pytest.mark.parametrize(
    ("gap", "count", "still_fine", "too_late"),
    [
        pytest.param(HOUR / 4, 10, 2 * HOUR, 2.1 * HOUR, id="every quarter of an hour: two hours"),
        pytest.param(6 * HOUR, 4, 12 * HOUR, 13 * HOUR, id="every six hours: twelve"),
        pytest.param(HOUR / 4, 5, 26 * HOUR, 27 * HOUR, id="tried out in an hour: a day and a little"),
        pytest.param(7 * DAY, 3, 14 * DAY, 15 * DAY, id="once a week: two weeks"),
    ],
)
def test_what_is_late_depends_on_how_often_it_is_usually_run(
    runs: Runs, gap: timedelta, count: int, still_fine: timedelta, too_late: timedelta
) -> None:
    for number in range(count):
        runs.alerts(NOW + number * gap)
    last = NOW + (count - 1) * gap
    assert runs.status(last + still_fine) == (0, [])
    assert runs.status(last + too_late)[0] == 3


def test_evaluations_alone_do_not_deliver(runs: Runs) -> None:
    runs.alerts(NOW)
    configure(runs.folder, alerts=CALM.replace("above: 5", "above: 0"))
    assert runs.at(NOW + 2 * DAY, "alerts", "eval").code == 0
    code, problems = runs.status(NOW + 2 * DAY)
    assert (code, [each.split(":")[0] for each in problems]) == (3, ["step deliver"])


def test_a_message_that_waits_and_a_receiver_that_takes_nothing_are_told(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "xoxb-none")
    slack = 'kind: slack, channel: C0123456789, token: "${env:TOKEN}"'
    configure(runs.folder, alerts=CALM.replace("kind: stdout", slack).replace("above: 5", "above: 0"))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # nobody is there
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    for number in range(4):
        when = NOW + number * HOUR
        assert runs.at(when, "alerts", "eval").code == 0
        assert runs.at(when, "alerts", "deliver").code == 1
    answer = runs.at(NOW + 3 * HOUR, "status", "--json")
    assert answer.code == 3
    assert answer.json["failing_receivers"].keys() == {"default"}
    assert answer.json["oldest_unsent"]["receiver"] == "default"
    assert any(each.startswith("receiver default: takes nothing since ") for each in answer.json["problems"])
    assert "mend  receiver default: takes nothing since" in runs.at(NOW + 3 * HOUR, "doctor").out
    fires = runs.costwatch("alerts", "list", "--json").json
    assert "ReceiverFailing" in [alert["rule"] for alert in fires]


def test_a_source_that_nothing_collects_is_not_ok_to_doctor_without_a_rule_either(runs: Runs) -> None:
    configure(
        runs.folder,
        alerts=ALERTS.replace(
            "  - {name: StaleData, kind: freshness, max_age: 30h, max_data_age: 60d}\n", ""
        ),
    )
    late = NOW + 96 * HOUR
    doctor = runs.at(late, "doctor")
    assert "mend  source aws: nothing new for 4 d, over 2 d; see whether cron runs collect" in doctor.out
    assert runs.at(late, "status", "--json").json["sources"][0]["state"] == "stale"


def test_times_of_a_clock_that_was_ahead_are_told_and_count_for_nothing(runs: Runs) -> None:
    year = NOW + 365 * DAY
    with Warehouse(runs.folder / "costwatch.db").write() as db:
        collected(db, "aws", year, "unchanged")
    runs.alerts(year)
    answer = runs.at(NOW + HOUR, "status", "--json").json
    assert answer["sources"][0]["last_answer_at"] == "2026-11-03T00:00:00Z"
    assert "runs of sources" in answer["ahead"]
    assert [step["worked_at"] for step in answer["steps"]] == [None, None]
    assert any("dated up to 2027-11-03 00:00 UTC, after now" in each for each in answer["remarks"])
    runs.alerts(NOW + HOUR)
    told = runs.at(NOW + HOUR, "status").out
    assert "the clock went back by 364 d 23 h: it had shown 2027-11-03 00:00 UTC before" in told
    assert "note  the clock went back by 364 d 23 h" in runs.at(NOW + HOUR, "doctor").out


def test_while_a_file_has_mistakes_status_goes_on_with_the_last_good_one_and_says_since_when(
    runs: Runs,
) -> None:
    runs.alerts(NOW)
    (runs.folder / "alerts.yaml").write_text(CALM + "colour: red\n")
    assert runs.at(NOW + HOUR, "alerts", "eval").code == 2
    answer = runs.at(NOW + 2 * HOUR, "status")
    assert answer.code == 2
    assert "alerts.yaml:7: unknown key 'colour'" in answer.err
    assert "the last good configuration goes on since 2026-11-03 01:00 UTC" in answer.out
