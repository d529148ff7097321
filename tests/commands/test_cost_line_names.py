"""Tags, categories, invoices and commitments as cost is asked by them: folded, and told if there is none."""

import json
from pathlib import Path

import pytest

from tests.made.bills import on_day, tags
from tests.made.command_line import CONFIG, Costwatch, publish


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    lines = [
        on_day(1, BilledCost="1", EffectiveCost="1", Tags=tags(app="Feature_Store"), InvoiceId="INV-100"),
        on_day(1, BilledCost="2", EffectiveCost="2", Tags=tags(App="feature-store")),
        on_day(
            1,
            BilledCost="4",
            EffectiveCost="4",
            CommitmentDiscountId="arn:plan/7",
            x_CostCategories=json.dumps({"Team": "Data Platform"}),
        ),
        on_day(4, BilledCost="8", EffectiveCost="8", Tags=tags(app="web", stage="prod")),
    ]
    nothing = {"CommitmentDiscountId": "", "x_CostCategories": "", "InvoiceId": ""}
    lines = [{**nothing, **line} for line in lines]
    return publish(tmp_path_factory.mktemp("company"), CONFIG, lines) / "costwatch.yaml"


FOUND = {
    "a tag as it is written": (("--tag", "app=Feature_Store"), 3),
    "a tag however it is written": (("--tag", "app=feature store"), 3),
    "a key however it is written": (("--tag", "user:APP=FEATURE-STORE"), 3),
    "two values": (("--tag", "app=feature-store", "--tag", "app=WEB"), 11),
    "lines without a tag": (("--tag", "app="), 4),
    "a cost category however it is written": (("--cost-category", "team=data-platform"), 4),
    "an invoice": (("--invoice", "INV-100"), 1),
    "lines without an invoice": (("--invoice", ""), 14),
    "a commitment": (("--commitment", "arn:plan/7"), 4),
    "with a team beside it": (("--tag", "app=web", "--team", "unallocated"), 8),
    "a key that other days of the month have": (("--by", "tag:stage", "--to", "2026-10-03"), 7),
}


@pytest.mark.parametrize(("words", "cost"), FOUND.values(), ids=FOUND)
def test_what_lines_have_is_found(
    words: tuple[str, ...], cost: int, company: Path, costwatch: Costwatch
) -> None:
    answer = costwatch("-c", company, "cost", "show", *words, "--json")
    assert (answer.code, answer.err) == (0, "")
    assert sum(row["EffectiveCostNano"] for row in answer.json) == cost * 10**9


TOLD = {
    "a tag's value": (
        ("--tag", "app=wbe"),
        "cost show: --tag 'app=wbe': no line of these days has it; did you mean 'web'?",
    ),
    "a value like none": (
        ("--tag", "app=zzz"),
        "--tag 'app=zzz': no line of these days has it; `costwatch cost show --by tag:app` lists all",
    ),
    "a value of other days": (
        ("--tag", "app=web", "--to", "2026-10-03"),
        "--tag 'app=web': no line of these days has it; ",
    ),
    "a tag's key": (("--tag", "ap=web"), "--tag 'ap': no line has that key; did you mean 'app'?"),
    "a cost category": (
        ("--cost-category", "Team=Data Platfrom"),
        "--cost-category 'Team=Data Platfrom': no line of these days has it; did you mean 'Data Platform'?",
    ),
    "the name of a cost category": (
        ("--cost-category", "Taem=x"),
        "--cost-category 'Taem': no line has that key; write it as the bill does",
    ),
    "an invoice": (("--invoice", "INV-101"), "--invoice 'INV-101': no line of these days has it; did you"),
    "an invoice of another case": (("--invoice", "inv-100"), "did you mean 'INV-100'?"),
    "a commitment": (("--commitment", "arn:plan/8"), "did you mean 'arn:plan/7'?"),
    "a key to group by": (
        ("--by", "tag:ap"),
        "cost show: --by 'tag:ap': no line has that key; did you mean 'app'?",
    ),
    "a key like none": (
        ("--by", "tag:zzz"),
        "--by 'tag:zzz': no line has that key; known here: app, stage",
    ),
}


@pytest.mark.parametrize(("words", "said"), TOLD.values(), ids=TOLD)
def test_what_no_line_has_is_told(
    words: tuple[str, ...], said: str, company: Path, costwatch: Costwatch
) -> None:
    answer = costwatch("-c", company, "cost", "show", *words)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err


def test_days_without_any_line_fit_nothing(company: Path, costwatch: Costwatch) -> None:
    words = ("--tag", "app=wbe", "--from", "2026-10-20")
    answer = costwatch("-c", company, "cost", "show", *words)
    assert answer.code == 0
    assert "nothing fits" in answer.err
