"""A stranger's first hour: a bill that carries tags, no teams yet, and what the commands say then."""

import json
from pathlib import Path

import pytest
import yaml

from tests.made.bills import of_month, on_day, tags, write_csv
from tests.made.command_line import Answer, Costwatch, configure
from tests.made.cur_bills import Row, legacy_csv, usage

SOURCES = "sources:\n  - {name: aws, kind: exports, location: bill}\n"
LATE = "2026-12-20T00:00Z"  # both months are closed
SPENT = {
    "ml-platform": 28_455,
    "platform": 16_271,
    "feature-store": 11_017,
    "risk": 9_576,
    "experimentation": 6_632,
}


def two_months() -> None:
    """A legacy CUR of September and October."""
    begin = "bill_billing_period_start_date", "line_item_usage_start_date", "line_item_usage_end_date"

    def moved(row: Row) -> Row:
        dates = {name: str(row[name]).replace("2026-10", "2026-09") for name in begin}
        return {**row, **dates, "bill_billing_period_end_date": "2026-10-01T00:00:00Z"}

    october = [usage(team, cost - 1_000, day) for day, (team, cost) in enumerate(SPENT.items(), start=1)]
    september = [moved(usage(team, 1_000, day)) for day, team in enumerate(SPENT, start=1)]
    legacy_csv(Path("bill/cur.csv"), [*september, *october])


def run(costwatch: Costwatch, *arguments: str) -> Answer:
    answer = costwatch("--now", LATE, *arguments)
    assert answer.code == 0, answer.err
    return answer


def by_team(costwatch: Costwatch) -> dict[str, int]:
    rows = run(costwatch, "cost", "show", "--by", "team", "--from", "2026-09-01", "--json").json
    return {row["x_Team"]: row["EffectiveCostNano"] // 10**9 for row in rows}


def test_the_teams_that_are_suggested_are_pasted_and_have_their_cost(costwatch: Costwatch) -> None:
    configure(Path(), SOURCES)
    two_months()
    run(costwatch, "collect")
    told = run(costwatch, "allocate").err
    assert [told.index(f"`{team}`") for team in SPENT] == sorted(told.index(f"`{team}`") for team in SPENT)
    assert "`ml-platform` $28.5k (tag team)" in told
    assert "`feature-store` $11.0k" in told
    assert by_team(costwatch) == {"unallocated": sum(SPENT.values())}

    written = run(costwatch, "teams", "suggest").out
    assert [team["name"] for team in yaml.safe_load(written)["teams"]] == list(SPENT)
    configure(Path(), SOURCES + written)
    run(costwatch, "check")
    run(costwatch, "allocate")
    assert by_team(costwatch) == SPENT
    assert "nothing is unallocated" in run(costwatch, "teams", "suggest").err


def test_closed_periods_that_keep_their_teams_are_named_with_the_command(costwatch: Costwatch) -> None:
    configure(Path(), SOURCES + "teams:\n  - {name: risk}\n")
    two_months()
    run(costwatch, "collect")
    run(costwatch, "allocate")
    configure(Path(), SOURCES + "teams:\n  - {name: risk}\n  - {name: nobody}\n")
    assert "closed period" not in run(costwatch, "-v", "allocate").err
    configure(Path(), SOURCES + "teams:\n  - {name: risk}\n  - {name: platform}\n")
    sentence = (
        "2 closed periods (2026-09, 2026-10) keep the teams they were published with; to use today's: "
        "costwatch allocate --from 2026-09-01 --to 2026-11-01"
    )
    assert sentence in run(costwatch, "-v", "allocate").err
    assert f"note  {sentence}" in costwatch("--now", LATE, "doctor").out
    assert by_team(costwatch) == {"risk": SPENT["risk"], "unallocated": sum(SPENT.values()) - SPENT["risk"]}
    told = run(costwatch, *sentence.partition("today's: costwatch ")[2].split()).err
    assert "closed period" not in told
    assert by_team(costwatch)["platform"] == SPENT["platform"]


def test_a_slip_goes_to_the_team_that_is_near(costwatch: Costwatch) -> None:
    teams = "teams:\n  - {name: platform, contact: '#platform'}\n"
    configure(Path(), SOURCES + teams)
    write_csv(Path("bill/bill.csv"), [on_day(1, EffectiveCost="7", Tags=tags(team="platfrom"))])
    run(costwatch, "collect")
    assert "`platfrom` $7.00 (tag team): did you mean `platform`?" in run(costwatch, "allocate").err
    written = run(costwatch, "teams", "suggest").out
    (entry,) = yaml.safe_load(written)
    assert entry == {"name": "platform", "contact": "#platform", "aliases": ["platfrom"]}
    configure(Path(), SOURCES + "teams:\n" + written)
    run(costwatch, "allocate", "--from", "2026-10-01", "--to", "2026-11-01")
    assert by_team(costwatch) == {"platform": 7}


NOT_ASKED = {
    "an owner's key": "owner",
    "a key like the one that is asked for": "teams",
    "a key that holds it": "owning-team",
    "an app's key in capitals": "APP",
}


@pytest.mark.parametrize("key", NOT_ASKED.values(), ids=NOT_ASKED)
def test_a_key_that_no_pool_asks_for_is_named_and_its_pool_written(key: str, costwatch: Costwatch) -> None:
    configure(Path(), SOURCES)
    lines = [on_day(1, EffectiveCost="7", Tags=tags(**{key: "web", "Name": "x"}))]
    lines.append(on_day(2, EffectiveCost="3", SubAccountName="Data Science", SubAccountId="100000000009"))
    write_csv(Path("bill/bill.csv"), lines)
    run(costwatch, "collect")
    told = run(costwatch, "allocate").err
    assert f"`web` $7.00 (tag {key}): no pool looks for owners under the key `{key}`" in told
    assert "`100000000009` Data Science $3.00 (account)" in told
    configure(Path(), SOURCES + run(costwatch, "teams", "suggest").out)
    run(costwatch, "allocate")
    assert by_team(costwatch) == {"web": 7, "Data Science": 3}


BLANK = {"no text": "", "a blank": " ", "other white space": "\t \n"}


@pytest.mark.parametrize("blank", BLANK.values(), ids=BLANK)
def test_lines_with_a_blank_tag_are_named_by_a_key_that_no_pool_asks_for(
    blank: str, costwatch: Costwatch
) -> None:
    configure(Path(), SOURCES)
    lines = [
        on_day(1, EffectiveCost="7", Tags=tags(team=blank, owner="web")),
        on_day(1, EffectiveCost="2", Tags=tags(team="nobody's", owner="web")),
    ]
    write_csv(Path("bill/bill.csv"), lines)
    run(costwatch, "collect")
    told = run(costwatch, "allocate").err
    assert "`web` $7.00 (tag owner)" in told
    assert "`nobody's` $2.00 (tag team)" in told


HOSTILE = [
    "yes",
    "null",
    "a: b, {c}",
    "x\x1b[31m\u202e",
    "-",
    "unallocated",
    "Ünïcode",
    "#1",
    "web",
    "WEB/",
    "'\"\\",
]


def test_whatever_tags_say_what_is_suggested_can_be_pasted(costwatch: Costwatch) -> None:
    configure(Path(), SOURCES)
    lines = [
        on_day(day, EffectiveCost="1", Tags=tags(team=text)) for day, text in enumerate(HOSTILE, start=1)
    ]
    write_csv(Path("bill/bill.csv"), lines)
    run(costwatch, "collect")
    assert "\x1b" not in run(costwatch, "allocate").err
    written = run(costwatch, "teams", "suggest").out
    assert written.isprintable() or set(filter(lambda c: not c.isprintable(), written)) == {"\n"}
    configure(Path(), SOURCES + written)
    run(costwatch, "check")
    run(costwatch, "allocate")
    assert "unallocated" not in by_team(costwatch)


def test_suggestions_as_json_have_every_digit(costwatch: Costwatch) -> None:
    configure(Path(), SOURCES)
    write_csv(Path("bill/bill.csv"), [of_month("2026-10", EffectiveCost="0.000000001", Tags=tags(team="a"))])
    run(costwatch, "collect")
    run(costwatch, "allocate")
    (row,) = json.loads(run(costwatch, "teams", "suggest", "--json").out)
    assert (row["kind"], row["key"], row["value"], row["EffectiveCostNano"]) == (
        "tag",
        "team",
        "a",
        {"USD": 1},
    )


def test_before_the_first_allocate_there_is_nothing_to_suggest(costwatch: Costwatch) -> None:
    configure(Path(), SOURCES)
    Path("bill").mkdir()
    costwatch("collect")
    answer = costwatch("teams", "suggest")
    assert (answer.code, "run `costwatch allocate` first" in answer.err) == (2, True)
