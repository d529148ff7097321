"""While a configuration file has mistakes, what was right goes on, and an alert tells file and line."""

from pathlib import Path

import pytest

from tests.made.command_line import ALERTS, CONFIG, Answer, Costwatch, configure

WRONG_ALERTS = ALERTS.replace("above: 5", "abov: 5")
WRONG_CONFIG = CONFIG.replace("contact:", "contct:")
UNREADABLE = CONFIG.replace("teams:", "teams: [")


def at(costwatch: Costwatch, hour: int, *step: str) -> Answer:
    return costwatch("--now", f"2026-10-03T{hour:02}:00Z", "alerts", *step)


def firing(costwatch: Costwatch) -> dict[str, str]:
    return {
        alert["rule"]: alert["summary"]
        for alert in costwatch("--db", "costwatch.db", "alerts", "list", "--json").json
    }


@pytest.mark.parametrize(
    ("config", "alerts", "file", "told"),
    [
        pytest.param(CONFIG, WRONG_ALERTS, "alerts.yaml", "alerts.yaml:3: unknown key 'abov'", id="rules"),
        pytest.param(
            WRONG_CONFIG, ALERTS, "costwatch.yaml", "costwatch.yaml:5: unknown key 'contct'", id="settings"
        ),
        pytest.param(UNREADABLE, ALERTS, "costwatch.yaml", "costwatch.yaml:", id="no YAML at all"),
        pytest.param("", ALERTS, "", "", id="empty settings are settings"),
        pytest.param(CONFIG, "rules: []\n", "alerts.yaml", "alerts.yaml", id="rules without a route"),
    ],
)
def test_a_mistake_becomes_an_alert_and_is_over_when_it_is_mended(
    config: str, alerts: str, file: str, told: str, costwatch: Costwatch, company: Path
) -> None:
    assert at(costwatch, 1, "eval").code == 0
    at(costwatch, 1, "deliver")
    configure(company, config, alerts)
    evaluated, delivered = at(costwatch, 2, "eval"), at(costwatch, 2, "deliver")
    if not file:
        assert (evaluated.code, firing(costwatch).keys() & {"ConfigurationInvalid"}) == (0, set())
        return
    assert (evaluated.code, delivered.code) == (2, 2)
    assert "go on; mend it, then run: costwatch check" in evaluated.err
    assert told in evaluated.err
    summary = firing(costwatch)["ConfigurationInvalid"]
    assert summary.startswith(f"{file} has ")
    assert told in summary
    assert "ConfigurationInvalid · ticket" in delivered.out
    configure(company)
    assert at(costwatch, 3, "eval").code == 0
    assert "(mended)" in at(costwatch, 3, "deliver").out
    assert "ConfigurationInvalid" not in firing(costwatch)


def test_both_files_may_be_wrong_and_each_is_told(costwatch: Costwatch, company: Path) -> None:
    at(costwatch, 1, "eval")
    configure(company, WRONG_CONFIG, WRONG_ALERTS)
    assert at(costwatch, 2, "eval").code == 2
    listed = costwatch("--db", "costwatch.db", "alerts", "list", "--json")
    told = [one["labels"]["file"] for one in listed.json if one["rule"] == "ConfigurationInvalid"]
    assert sorted(told) == ["alerts.yaml", "costwatch.yaml"]


def test_a_warehouse_elsewhere_is_found_in_a_file_with_mistakes(costwatch: Costwatch, company: Path) -> None:
    (company / "costwatch.db").rename(company / "else where.db")
    right = f"{CONFIG}warehouse: 'else where.db'  # moved\n"
    configure(company, right)
    assert at(costwatch, 1, "eval").code == 0
    configure(company, right + "colour: red\n")
    assert "the settings of when the file last had no mistake go on" in at(costwatch, 2, "eval").err


def test_what_a_dry_run_finds_is_of_the_files_as_they_are(costwatch: Costwatch, company: Path) -> None:
    at(costwatch, 1, "eval")
    configure(company, WRONG_CONFIG)
    answer = at(costwatch, 2, "eval", "--dry-run")
    assert (answer.code, "go on" in answer.err) == (2, False)


def test_a_secret_that_was_pasted_is_in_no_alert(costwatch: Costwatch, company: Path) -> None:
    at(costwatch, 1, "eval")
    pasted = "xoxb-" + "1234567890-abcdefghij"
    slack = f"  - {{name: s, kind: slack, channel: C0123456789, token: {pasted}}}\n"
    configure(company, CONFIG, ALERTS + slack)
    assert at(costwatch, 2, "eval").code == 2
    assert pasted not in str(firing(costwatch))
    assert pasted.encode() not in (company / "costwatch.db").read_bytes()
