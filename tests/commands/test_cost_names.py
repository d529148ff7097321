"""A name that nobody has is told with the nearest one, and ends with 2; one without cost yet does not."""

from pathlib import Path

import pytest

from tests.made.bills import on_day
from tests.made.command_line import CONFIG, EVIL, Costwatch, publish

TOLD = {
    "a team": (("--team", "rsk"), "--team 'rsk': no cost is known of it; did you mean 'risk'?"),
    "one of two": (("--team", "risk", "--team", "paymnets"), "did you mean 'payments'?"),
    "a service": (("--service", "Amazon Simple Storage"), "did you mean 'Amazon Simple Storage Service'?"),
    "an account": (("--account", "100000000002"), "did you mean '100000000001'?"),
    "a source": (("--source", "asw"), "did you mean 'aws'?"),
    "a parent": (("--parent", "rsik"), "did you mean 'risk'?"),
    "nothing like any": (
        ("--region", "mars"),
        "--region 'mars': no cost is known of it; `costwatch cost show --by region` lists all",
    ),
    "a hostile one": (("--region", EVIL[:-4]), "did you mean '=cmd|' /C calc'!A1\\x1b[31m'?"),
}


@pytest.mark.parametrize(("words", "said"), TOLD.values(), ids=TOLD)
def test_what_nobody_has_is_refused(
    words: tuple[str, ...], said: str, tmp_path: Path, costwatch: Costwatch
) -> None:
    answer = costwatch("-c", publish(tmp_path) / "costwatch.yaml", "cost", "show", *words)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err


@pytest.mark.parametrize(
    "words", [("--team", "idle"), ("--team", "payments", "--from", "2026-10-05"), ("--cost-center", "CC-7")]
)
def test_what_has_no_cost_there_is_not(words: tuple[str, ...], tmp_path: Path, costwatch: Costwatch) -> None:
    file = publish(tmp_path) / "costwatch.yaml"
    file.write_text(file.read_text().replace("{name: risk}", "{name: risk, cost_center: CC-7}"))
    answer = costwatch("-c", file, "cost", "show", *words)
    assert answer.code == 0


def test_a_name_is_known_however_it_is_spelt(tmp_path: Path, costwatch: Costwatch) -> None:
    file = publish(tmp_path) / "costwatch.yaml"
    asked = [
        costwatch("-c", file, "cost", "show", "--team", name, "--json") for name in ("payments", " PAYMENTS ")
    ]
    assert [answer.code for answer in asked] == [0, 0]
    assert asked[0].json == asked[1].json != []


ACCOUNTS = {"012345670123": "1", "12345670123": "2", "0123-4567-0123": "4", "000000000012": "8"}


@pytest.mark.parametrize(
    ("account", "cost"),
    [
        ("012345670123", 7),
        ("12345670123", 7),
        ("0123-4567-0123", 7),
        ("0123 4567 0123", 7),
        ("12", 8),
        ("000000000012", 8),
    ],
)
def test_an_account_is_one_however_it_is_spelt(
    account: str, cost: int, tmp_path: Path, costwatch: Costwatch
) -> None:
    lines = [
        on_day(1, SubAccountId=one, BilledCost=amount, EffectiveCost=amount)
        for one, amount in ACCOUNTS.items()
    ]
    file = publish(tmp_path, CONFIG, lines) / "costwatch.yaml"
    (row,) = costwatch("-c", file, "cost", "show", "--account", account, "--json").json
    assert row["EffectiveCostNano"] == cost * 10**9
