"""costwatch.yaml and alerts.yaml as the steps receive them."""

import json
import os
import re
import subprocess
import sys
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from costwatch.config import UI, check, default_text, find_config, load_alerts, load_config, schema
from costwatch.errors import ConfigError, UsageError
from tests.made.slo_files import SLOTH


def write(folder: Path, text: str, name: str = "costwatch.yaml") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


# What examples in the shipped files name.
BESIDE = {
    "slos/shop.yaml": SLOTH.replace("{owner: sre_guild, ", "{team: payments, "),
    "budgets.d/platform.yaml": "budgets: [{team: platform, amount: 10}]\n",
    "rules.d/platform.yaml": "rules: [{name: Platform, kind: threshold, above: 5}]\n",
}


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    """What `costwatch init` writes, in a folder of its own."""
    write(tmp_path, default_text("alerts.yaml"), "alerts.yaml")
    return write(tmp_path, default_text("costwatch.yaml"))


def test_the_shipped_files_are_right(shipped: Path) -> None:
    assert check(shipped) == []


def test_the_shipped_files_name_what_costwatch_does_by_itself(shipped: Path) -> None:
    alerts = load_alerts(shipped.with_name("alerts.yaml"))
    assert [rule.name for rule in alerts.rules] == ["StaleData", "Unallocated", "Budget"]
    assert [receiver.name for receiver in alerts.receivers] == [alerts.route.receiver] == ["default"]
    config = load_config(shipped)
    assert config.allocation == load_config(write(shipped.parent, "", "empty.yaml")).allocation
    assert config.ui == UI()


def test_the_examples_in_the_shipped_files_are_right_too(shipped: Path) -> None:
    for name, text in BESIDE.items():
        (shipped.parent / name).parent.mkdir(exist_ok=True)
        write(shipped.parent, text, name)
    for file in (shipped, shipped.with_name("alerts.yaml")):
        file.write_text(re.sub("^#(?=  )", "", file.read_text("utf-8"), flags=re.MULTILINE), "utf-8")
    assert check(shipped) == []
    assert [team.name for team in load_config(shipped).allocation.teams] == ["payments", "platform"]
    kinds = {type(receiver).__name__ for receiver in load_alerts(shipped.with_name("alerts.yaml")).receivers}
    assert kinds == {"Stdout", "Slack", "PagerDuty", "Alertmanager", "Webhook", "Email"}


def test_paths_start_from_the_folder_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "conf").mkdir()
    write(tmp_path / "conf", "{warehouse: data/c.db, ledger: /var/ledger, reports: ~/out, alerts: a.yaml}")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/jo")
    config = load_config(Path("conf/costwatch.yaml"))
    folder = tmp_path / "conf"
    assert config.file == folder / "costwatch.yaml"
    assert config.warehouse == folder / "data/c.db"
    assert config.ledger == Path("/var/ledger")
    assert config.reports == Path("/home/jo/out")
    assert config.alerts == folder / "a.yaml"


def test_a_source_finds_the_folder_of_the_file(tmp_path: Path) -> None:
    file = write(tmp_path, "sources: [{name: aws, kind: exports, location: bills}]")
    (source,) = load_config(file).sources
    assert source.name == "aws"
    assert str(tmp_path / "bills") in repr(source)


def test_text_stays_as_it_was_written(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        """
        teams:
          - name: no
            aliases: [on, 1.10, 0x1F, 1_000, 12:30:00]
            accounts: [012345678901, 123456789012, {id: 000000000001, valid_from: 2026-10-01}]
        """,
    )
    (team,) = load_config(file).allocation.teams
    assert team.name == "no"
    assert team.aliases == ("on", "1.10", "0x1F", "1_000", "12:30:00")
    assert team.accounts[:2] == ("012345678901", "123456789012")
    claim = team.accounts[2]
    assert not isinstance(claim, str)
    assert (claim.id, claim.valid_from) == ("000000000001", date(2026, 10, 1))


def test_numbers_are_exact(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        """
        teams: [{name: a}, {name: b}, {name: c}]
        pools: [{name: p, split: fixed, percent: {a: 33.3333, b: 33.3333, c: 33.3334}}]
        budgets: [{amount: 123456789012345.678}]
        """,
    )
    assert load_config(file).allocation.budgets[0].amount == Decimal("123456789012345.678")


def test_durations_and_lists_of_a_rule(tmp_path: Path) -> None:
    alerts = load_alerts(
        write(
            tmp_path,
            """
            rules:
              - {name: A, kind: threshold, by: [team, service], above: 5000.10, for: 1d12h, severity: page}
            route: {receiver: out, group_by: [rule], repeat_interval: 24h}
            receivers: [{name: out, kind: stdout}]
            """,
            "alerts.yaml",
        )
    )
    (rule,) = alerts.rules
    assert rule.for_ == timedelta(hours=36)
    assert "Decimal('5000.10')" in repr(rule)
    assert alerts.route.repeat_interval == timedelta(days=1)


def test_a_section_whose_entries_are_commented_out_is_empty(tmp_path: Path) -> None:
    config = load_config(
        write(tmp_path, "sources:\n#  - {name: aws}\nteams:\npools:\nbudgets:\nsettle:\nui:\n")
    )
    assert config.sources == ()
    assert config.allocation.teams == ()


def test_links_follow_host_and_port_unless_told_otherwise(tmp_path: Path) -> None:
    assert load_config(write(tmp_path, "ui: {port: 8600}")).ui.public_url == "http://127.0.0.1:8600"
    given = load_config(write(tmp_path, "ui: {host: 0.0.0.0, public_url: https://costs.example.com/}"))
    assert given.ui.public_url == "https://costs.example.com"


def test_what_a_bill_is_allocated_by_does_not_change_with_paths_and_pages(tmp_path: Path) -> None:
    one = load_config(write(tmp_path, "teams: [{name: a}]"))
    other = load_config(write(tmp_path, "{teams: [{name: a}], ui: {port: 1}, warehouse: b.db}", "other.yaml"))
    assert one.allocation.model_dump_json() == other.allocation.model_dump_json()


def test_the_file_is_the_one_named_then_the_variable_then_the_one_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COSTWATCH_CONFIG", raising=False)
    with pytest.raises(
        UsageError, match=r"^costwatch\.yaml: no such file; `costwatch init` .*`costwatch demo`"
    ):
        find_config(None)
    here = write(tmp_path, "")
    assert find_config(None) == Path("costwatch.yaml")
    monkeypatch.setenv("COSTWATCH_CONFIG", "gone.yaml")
    with pytest.raises(UsageError, match=r"^gone\.yaml \(from COSTWATCH_CONFIG\): no such file"):
        find_config(None)
    assert find_config(here) == here


def test_the_schema_knows_both_files_and_every_kind(shipped: Path) -> None:
    known = schema()
    json.dumps(known)
    keys = set(known["properties"])
    assert keys >= {"warehouse", "sources", "teams", "pools", "budgets", "rules", "route", "receivers"}
    kinds = {
        section: {
            entry["properties"]["kind"]["const"] for entry in known["properties"][section]["items"]["oneOf"]
        }
        for section in ("sources", "rules", "receivers")
    }
    assert kinds["sources"] >= {"exports"}
    assert kinds["rules"] >= {"threshold", "budget", "freshness"}
    assert kinds["receivers"] >= {"stdout", "slack"}
    splits = {
        entry["properties"]["split"]["const"]: {*entry["properties"]}
        for entry in known["properties"]["pools"]["items"]["oneOf"]
    }
    assert splits.keys() >= {"even", "fixed", "owner", "proportional"}
    assert splits["fixed"] == {"split", "name", "match", "carried_by", "over", "percent"}
    assert shipped.read_text(encoding="utf-8").startswith(
        "# yaml-language-server: $schema=costwatch.schema.json\n"
    )


def test_every_reference_of_the_schema_leads_somewhere() -> None:
    known = schema()

    def references(node: object) -> list[str]:
        if isinstance(node, dict):
            return [
                found
                for key, value in node.items()
                for found in ([value] if key == "$ref" else references(value))
            ]
        return [found for item in node for found in references(item)] if isinstance(node, list) else []

    assert {name.removeprefix("#/$defs/") for name in references(known)} <= set(known["$defs"])


def test_reading_the_configuration_imports_nothing_heavy(shipped: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from costwatch.config import load_config, load_alerts\n"
        f"file = Path({str(shipped)!r}); load_config(file); load_alerts(file.with_name('alerts.yaml'))\n"
        "print(*{name.split('.')[0] for name in sys.modules})"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    heavy = {
        "boto3",
        "botocore",
        "pandas",
        "numpy",
        "pyarrow",
        "duckdb",
        "ibis",
        "streamlit",
        "slack_sdk",
        "jinja2",
    }
    assert heavy.isdisjoint(answer.stdout.split())


def test_a_wrong_file_raises_one_error_with_every_mistake(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(write(tmp_path, "ledgr: x\nsettle: {age_hours: soon}\n"))
    assert caught.value.exit_code == 2
    assert len(caught.value.mistakes) == 2
