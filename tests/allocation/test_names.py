"""One name in all its spellings: tag keys, tag values, accounts and what pools and systems match."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costwatch.model.names import folded, folded_account, folded_key
from tests.made.bills import line, on_day, tags
from tests.made.command_line import Costwatch, configure
from tests.made.company import Company
from tests.made.cur_bills import FORMS, usage

NAMES = st.text(max_size=12)


@given(NAMES)
def test_what_is_folded_stays_folded(name: str) -> None:
    assert folded(folded(name)) == folded(name)


@given(NAMES)
def test_case_and_blanks_around_say_nothing(name: str) -> None:
    assert folded(f"\u00a0{name.upper()}\t") == folded(name.upper())
    assert folded(name.casefold()) == folded(name)


@given(NAMES)
def test_a_name_is_nothing_only_where_nothing_shows(name: str) -> None:
    for fold in (folded, folded_key, folded_account):
        assert bool(fold(f"x{name}"))
        assert fold(name) or not folded(name)


KEYS = {
    "as configured": "team",
    "with a capital": "Team",
    "with the prefix of FOCUS": "user:Team",
    "with the prefix of CUR 2.0": "user_team",
    "of a resource, as AWS has it since FOCUS 1.2": "resourceTags/user:TEAM",
}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_the_key_of_a_tag_is_one(key: str, tmp_path: Path) -> None:
    made = Company(tmp_path, {"teams": [{"name": "risk"}]})
    made.bill([on_day(1, BilledCost="7", Tags=tags(**{key: "risk"}))])
    made.run()
    assert made.billed() == {"risk": 7}


@pytest.mark.parametrize(("name", "write"), FORMS.values(), ids=FORMS)
def test_names_are_one_in_every_form_of_aws(name: str, write: Any, tmp_path: Path) -> None:
    made = Company(tmp_path, {"teams": [{"name": "feature_store", "aliases": ["ΟΔΟΣ"]}]})
    write(
        tmp_path / "bill" / name,
        [usage("Feature-Store", 2), usage("οδος\u00a0", 3, day=2), usage("", 4, day=3)],
    )
    made.run()
    assert made.billed() == {"feature_store": 5, "unallocated": 4}


def test_of_several_keys_that_are_one_the_first_that_says_something_counts(tmp_path: Path) -> None:
    made = Company(tmp_path, {"teams": [{"name": "risk"}, {"name": "web"}, {"name": "ops"}]})
    made.bill(
        [
            on_day(1, BilledCost="1", Tags=tags(**{"Team": "web", "team": "risk", "user:team": "ops"})),
            on_day(2, BilledCost="2", Tags=tags(**{"Team": "web", "team": "", "user:team": "ops"})),
            on_day(3, BilledCost="4", Tags=tags(**{"Team": "", "user:team": "ops"})),
        ]
    )
    made.run()
    assert made.billed() == {"risk": 1, "web": 2, "ops": 4}


def test_a_key_of_aws_is_none_of_users(tmp_path: Path) -> None:
    pool = {"name": "own", "split": "owner", "tags": ["createdBy"]}
    made = Company(tmp_path, {"teams": [{"name": "risk"}], "pools": [pool]})
    made.bill([on_day(1, BilledCost="7", Tags=tags(**{"aws:createdBy": "risk"}))])
    made.run()
    assert made.billed() == {"unallocated": 7}


def test_pools_and_systems_match_names_however_they_are_written(tmp_path: Path) -> None:
    made = Company(
        tmp_path,
        {
            "teams": [{"name": "risk", "accounts": ["1111-2222-3333"]}, {"name": "web"}],
            "pools": [
                {"name": "net", "split": "even", "teams": ["web"], "match": {"ServiceName": "amazon vpc"}}
            ],
            "systems": [{"name": "scoring", "match": {"tags": {"System": "Straße"}}}],
        },
    )
    made.bill(
        [
            line(BilledCost="1", ServiceName="Amazon\u00a0VPC", SubAccountId="9"),
            line(BilledCost="2", SubAccountId="111122223333", Tags=tags(system="STRASSE")),
        ]
    )
    made.run()
    assert made.billed() == {"risk": 2, "web": 1}
    assert made.billed("system") == {"scoring": 2, "no system": 1}


ACCOUNTS: dict[str, tuple[dict[str, Any], str, str]] = {
    "by its whole name, without case": ({"account_names": ["Payments Prod"]}, "payments-prod", "risk"),
    "by how it begins": ({"account_names": [{"prefix": "pay-"}]}, "pay-eu", "risk"),
    "not by how another begins": ({"account_names": [{"prefix": "pay-"}]}, "payments", "unallocated"),
    "by a pattern of the whole name": ({"account_names": [{"pattern": "pay-[0-9]+"}]}, "pay-12", "risk"),
    "not by a pattern of a part": ({"account_names": [{"pattern": "pay-[0-9]+"}]}, "pay-12x", "unallocated"),
    "not before its day": (
        {"account_names": [{"name": "pay", "valid_from": "2026-10-02"}]},
        "pay",
        "unallocated",
    ),
    "by its id, whatever its name": ({"account_names": ["pay"]}, "pay", "web"),
}


@pytest.mark.parametrize(("team", "name", "owner"), ACCOUNTS.values(), ids=ACCOUNTS)
def test_an_account_is_owned(team: dict[str, Any], name: str, owner: str, tmp_path: Path) -> None:
    web = {"name": "web", "accounts": ["111111111111"] if owner == "web" else []}
    made = Company(tmp_path, {"teams": [{"name": "risk", **team}, web]})
    made.bill([on_day(1, BilledCost="7", SubAccountId="111111111111", SubAccountName=name)])
    made.run()
    assert made.billed() == {owner: 7}


def test_an_account_that_patterns_of_two_teams_mean_is_refused_by_name(tmp_path: Path) -> None:
    teams = [{"name": "risk", "account_names": [{"prefix": "pay"}]}]
    teams += [{"name": "web", "account_names": [{"pattern": ".*prod"}]}]
    made = Company(tmp_path, {"teams": teams})
    made.bill([on_day(1, SubAccountName="pay-prod")])
    made.collect()
    (period,) = made.allocate()
    assert "account pay-prod: account_names of teams 'risk' and 'web' both mean it" in period.error


MISTAKES = {
    "a pattern that is none": ("{pattern: 'a('}", "is no regular expression of RE2"),
    "a pattern of another dialect": ("{pattern: '(?=a)'}", "is no regular expression of RE2"),
    "two of them": ("{name: a, prefix: b}", "must give one of name, prefix and pattern"),
}


@pytest.mark.parametrize(("entry", "sentence"), MISTAKES.values(), ids=MISTAKES)
def test_check_refuses(entry: str, sentence: str, costwatch: Costwatch, tmp_path: Path) -> None:
    configure(tmp_path, f"teams:\n  - name: risk\n    account_names: [{entry}]\n")
    answer = costwatch("check")
    assert (answer.code, answer.out.count(sentence)) == (2, 1)
    assert "costwatch.yaml:3" in answer.out


def test_check_refuses_names_that_are_one(costwatch: Costwatch, tmp_path: Path) -> None:
    configure(
        tmp_path,
        "teams:\n  - {name: feature-store}\n  - {name: Feature_Store}\n"
        "  - {name: x, aliases: ['feature store']}\n",
    )
    answer = costwatch("check")
    assert answer.code == 2
    assert "costwatch.yaml:3: team 'Feature_Store' is also on line 2" in answer.out
    assert "costwatch.yaml:4: name 'feature store' is claimed by team" in answer.out
