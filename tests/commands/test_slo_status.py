"""``costwatch slo status``, ``report`` and ``what-if`` on a made history."""

import json
import os
from datetime import timedelta
from pathlib import Path

import pytest

from tests.made.command_line import Costwatch, configure
from tests.made.slo_buckets import NOW, History, objective, steady

GOLDEN = Path(__file__).parents[1] / "golden"
AT = ("--now", f"{NOW:%Y-%m-%dT%H:%M:%SZ}")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def history(tmp_path: Path, costwatch: Costwatch) -> History:
    """One that burns, one of two hosts, one without traffic, one that never brought anything."""
    configure(tmp_path)
    made = History(tmp_path).put(
        objective("shop/checkout", system="shop"),
        objective("edge", "0.99", 28, team="web"),
        objective("feed"),
        objective("new"),
    )
    made.buckets("shop/checkout", [*steady(29), *steady(23 / 24), *steady(1 / 24, 100, 20)])
    made.buckets("edge", steady(40, 100, 0.4), host="a").buckets(
        "edge", steady(40, 100, 0.9), host="\x1b[31mb"
    )
    made.buckets("feed", steady(30, 0))
    return made


def golden(name: str, text: str) -> None:
    file = GOLDEN / name
    if os.environ.get("COSTWATCH_GOLDEN") == "write":
        file.write_text(text, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("slo-status", ("status",)),
        ("slo-status-all", ("status", "--all")),
        ("slo-report", ("report", "checkout")),
        ("slo-report-instances", ("report", "edge")),
        ("slo-report-new", ("report", "new")),
        ("slo-what-if", ("what-if", "checkout", "--objective", "90", "--window", "28d")),
    ],
)
def test_what_is_printed(
    history: History, costwatch: Costwatch, name: str, arguments: tuple[str, ...]
) -> None:
    answer = costwatch(*AT, "slo", *arguments)
    assert (answer.code, answer.err) == (0, "")
    golden(f"{name}.txt", answer.out)


def test_programs_read_every_number(history: History, costwatch: Costwatch) -> None:
    told = json.loads(costwatch(*AT, "slo", "status", "--json").out)
    assert [(one["slo"], one["state"]) for one in told] == [
        ("shop/checkout", "page"),
        ("edge", "ok"),
        ("edge", "ok"),
        ("new", "unknown"),
        ("feed", "no events"),
    ]
    assert told[0]["left"] == pytest.approx(1 - 240 / 864)
    assert (told[3]["left"], told[3]["coverage"], told[3]["labels"]) == (None, 0, {})
    assert told[4]["left"] is None
    report = json.loads(costwatch(*AT, "slo", "report", "edge", "--json").out)
    assert [one["labels"]["host"] for one in report["instances"]] == ["\x1b[31mb", "a"]
    pair = json.loads(costwatch(*AT, "slo", "what-if", "edge", "--objective", "99.9", "--json").out)
    assert [one["objective"] for one in pair] == ["0.99", "0.999"]
    assert [(one["pages"], one["tickets"]) for one in pair] == [(0, 0), (1, 1)]


def test_only_the_team_asked_for(history: History, costwatch: Costwatch) -> None:
    told = json.loads(costwatch(*AT, "slo", "status", "--team", "web", "--json").out)
    assert {one["slo"] for one in told} == {"edge"}


def test_an_earlier_instant_is_told_as_it_was(history: History, costwatch: Costwatch) -> None:
    then = f"{NOW - 2 * HOUR:%Y-%m-%dT%H:%M:%SZ}"
    (told,) = json.loads(costwatch(*AT, "slo", "report", "checkout", "--as-of", then, "--json").out)[
        "instances"
    ]
    assert (told["left"], told["state"]) == (1, "ok")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("report", "chekout"), "slo: no SLO is called 'chekout'; did you mean 'checkout'?"),
        (("status", "--team", "webb"), "slo: no team is called 'webb'; did you mean 'web'?"),
        (("what-if", "edge"), "slo what-if: nothing is asked; give --objective, --window or both"),
        (("what-if", "edge", "--objective", "100"), "'100' is no objective"),
        (("what-if", "edge", "--objective", "nan"), "'nan' is no objective"),
        (("what-if", "edge", "--objective", "0.999"), "'0.999' is no objective"),
        (("what-if", "edge", "--window", "1h"), "--window must be a day or longer"),
    ],
)
def test_mistakes_are_told(
    history: History, costwatch: Costwatch, arguments: tuple[str, ...], expected: str
) -> None:
    answer = costwatch(*AT, "slo", *arguments)
    assert answer.code == 2
    assert expected in answer.err


def test_without_objectives_it_is_said_what_to_do(tmp_path: Path, costwatch: Costwatch) -> None:
    configure(tmp_path)
    History(tmp_path)
    answer = costwatch("slo", "status")
    assert (answer.code, answer.out) == (0, "")
    assert "name files of them under 'slos' of costwatch.yaml" in answer.err
    assert costwatch("slo", "report", "x").code == 2
