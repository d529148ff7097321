"""Rules that nothing there is can fit: `alerts eval` and `doctor` name them."""

from pathlib import Path

import pytest

from tests.made.bills import write_csv
from tests.made.command_line import CONFIG, LINES, Costwatch, commands, configure

RULES = "rules:\n{}route: {{receiver: default}}\nreceivers: [{{name: default, kind: stdout}}]\n"
RULE = "  - {{name: Odd, kind: threshold, by: [team], above: 5, {}}}\n"


@pytest.fixture
def costwatch(capsys: pytest.CaptureFixture[str]) -> Costwatch:
    return commands(capsys)


@pytest.fixture
def company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, costwatch: Costwatch) -> Path:
    monkeypatch.chdir(tmp_path)
    configure(tmp_path)
    write_csv(tmp_path / "bill" / "bill.csv", LINES)
    assert costwatch("collect").code == costwatch("allocate").code == 0
    return tmp_path


UNMATCHED = {
    "a service": (
        "match: {service: Amazon Simple Storage Servce}",
        "no service is called 'Amazon Simple Storage Servce' (nearest: 'Amazon Simple Storage Service');",
    ),
    "a region": ("match: {region: mars}", "no region is called 'mars';"),
    "a team without cost": ("match: {team: payments, provider: GCP}", "each of team, provider, currency is,"),
    "a currency": ("currency: CHF", "no currency is called 'CHF';"),
}


@pytest.mark.parametrize("case", UNMATCHED)
def test_a_rule_that_nothing_fits_is_named(costwatch: Costwatch, company: Path, case: str) -> None:
    keys, expected = UNMATCHED[case]
    configure(company, alerts=RULES.format(RULE.format(keys)))
    assert costwatch("check").code == 0
    answer = costwatch("alerts", "eval")
    assert answer.code == 0
    assert f"costwatch: rule Odd: matches nothing that is known: {expected}" in answer.err
    assert costwatch("-q", "alerts", "eval").err == ""
    doctor = costwatch("doctor")
    assert doctor.code == 3
    assert f"mend  rule Odd: matches nothing that is known: {expected}" in doctor.out


@pytest.mark.parametrize(
    "keys",
    [
        "match: {team: unallocated, service: X}",
        "match: {system: no system}",
        "match: {provider: GCP}, currency: EUR",
    ],
)
def test_a_rule_that_waits_for_what_may_come_is_fine(costwatch: Costwatch, company: Path, keys: str) -> None:
    configure(company, alerts=RULES.format(RULE.format(keys)))
    assert costwatch("alerts", "eval").err == ""
    assert "ok    rule Odd\n" in costwatch("doctor").out


def test_before_there_is_a_bill_no_rule_is_doubted(costwatch: Costwatch, company: Path) -> None:
    configure(company, alerts=RULES.format(RULE.format("match: {service: X}")))
    (company / "costwatch.db").unlink()
    assert costwatch("db", "migrate").code == 0
    assert costwatch("alerts", "eval").err == ""


def test_a_source_that_was_renamed_under_a_rule_that_goes_on_is_told(
    costwatch: Costwatch, company: Path
) -> None:
    watch = "  - {name: Watch, kind: freshness, source: [aws, azure], max_age: 30h, max_data_age: 60d}\n"
    azure = "sources:\n  - {name: azure, kind: exports, location: azure}\n"
    configure(company, CONFIG.replace("sources:\n", azure), RULES.format(watch))
    assert costwatch("alerts", "eval").code == 0
    configure(company, alerts=RULES.format(watch))
    answer = costwatch("alerts", "eval")
    assert answer.code == 2
    assert "alerts.yaml:2: no source is called 'azure'; known here: aws" in answer.err
    assert "the rules of when the file last had no mistake go on" in answer.err
    told = [alert["summary"] for alert in costwatch("alerts", "list", "--json").json]
    mistake = "alerts.yaml:2: no source is called 'azure'; known here: aws"
    assert told == [
        "no data: azure: never read yet",
        f"alerts.yaml has 1 mistake, its last good version goes on: {mistake}",
    ]


def test_a_pool_that_took_nothing_is_noted(costwatch: Costwatch, company: Path) -> None:
    pools = (
        "pools:\n"
        "  - {name: storage, split: even, match: {ServiceName: Amazon Simple Storage Service}}\n"
        "  - {name: help, split: even, match: {ServiceName: AWS Suport}}\n"
        "  - {name: rest, split: even, carried_by: risk, match: {ServiceName: AWS Suport}}\n"
        "  - {name: all, split: owner, tags: [team]}\n"
    )
    configure(company, CONFIG + pools)
    assert costwatch("allocate").code == 0
    doctor = costwatch("doctor")
    noted = [line for line in doctor.out.splitlines() if "note  pool " in line]
    assert noted == [
        f"note  pool {name}: matches nothing that is known; correct its match, or wait until it is there"
        for name in ("help", "rest")
    ]
    assert "mend" not in doctor.out
