"""``costwatch slo check`` and ``costwatch slo export``."""

from pathlib import Path

import yaml

from tests.made.command_line import Costwatch
from tests.made.slo_files import OPENSLO, PYRRA, SLOTH


def written(folder: Path, **files: str) -> None:
    (folder / "slos").mkdir()
    for name, text in files.items():
        (folder / "slos" / f"{name}.yaml").write_text(text)
    (folder / "costwatch.yaml").write_text("teams: [{name: platform}, {name: risk}]\nslos: [slos]\n")


def test_check_lists_every_objective_with_its_notes(costwatch: Costwatch, tmp_path: Path) -> None:
    written(tmp_path, a=SLOTH, b=PYRRA, c=OPENSLO.replace("28d", "1M"))
    answer = costwatch("slo", "check")
    assert answer.code == 0
    assert [" ".join(each.split()) for each in answer.out.splitlines()] == [
        "id form objective window budget of team system",
        "pilot/edge counter 99.9 % 84 d Occurrences platform",
        "search counter 99 % 30 d Occurrences risk",
        "web shop-availability counter 99.9 % 30 d Occurrences",
        "pilot/edge: Pyrra's burn rate windows (of 14, 7, 2 and 1) and their 'for' are not taken over; "
        "those of Google's workbook are used",
        "search: a rolling 1M is 30 days",
        "web shop-availability: its owner 'sre_guild' is no team of costwatch.yaml",
    ]
    assert answer.err == (
        "costwatch: no source of kind 'slo' measures them; add one to the sources of costwatch.yaml\n"
    )
    listed = costwatch("slo", "check", "--json").json
    assert [(one["id"], one["team"], one["objective"], one["line"]) for one in listed["slos"]] == [
        ("pilot/edge", "platform", "0.999", 3),
        ("search", "risk", "0.99", 24),
        ("web shop-availability", "", "0.999", 5),
    ]


def test_check_tells_of_windows_that_make_no_sense(costwatch: Costwatch, tmp_path: Path) -> None:
    written(tmp_path, b=PYRRA.replace("12w", "28d").replace("99.9", "90"))
    out = costwatch("slo", "check").out
    assert "pilot/edge: the ticket window of 72 h is left out: over 28 days its factor is 0.933" in out
    assert (
        "pilot/edge: at 90 % a budget burns at most 10 times too fast, so that windows of factor 13.4 " in out
    )


def test_check_tells_mistakes_and_exits_2(costwatch: Costwatch, tmp_path: Path) -> None:
    written(tmp_path, a=SLOTH, b=PYRRA.replace("12w", "x"))
    answer = costwatch("slo", "check")
    assert answer.code == 2
    assert "slos/b.yaml:6: 'window' must be a duration such as 15m, 2h or 1d, not 'x'\n" in answer.err
    assert "web shop-availability" in answer.out
    assert len(costwatch("slo", "check", "--json").json["mistakes"]) == 1
    answer = costwatch("slo", "export", "--to", "prometheus")
    assert (answer.code, answer.out) == (2, "")
    assert "slos/b.yaml:6: 'window'" in answer.err


def test_without_slos_both_say_what_to_do(costwatch: Costwatch, tmp_path: Path) -> None:
    (tmp_path / "costwatch.yaml").write_text("teams: []\n")
    checked, exported = costwatch("slo", "check"), costwatch("slo", "export", "--to", "prometheus")
    assert (checked.code, exported.code) == (0, 2)
    for answer in (checked, exported):
        assert "no SLO is named; add 'slos' with their files to costwatch.yaml" in answer.err


def test_export_writes_rules_of_those_that_are_named(costwatch: Costwatch, tmp_path: Path) -> None:
    written(tmp_path, a=SLOTH, b=PYRRA, c=OPENSLO)
    answer = costwatch("slo", "export", "--to", "prometheus", "Search", "pilot/edge")
    groups = [group["name"] for group in yaml.safe_load(answer.out)["groups"]]
    assert groups == [
        "sloth-slo-sli-recordings-pilot-pilot-edge",
        "sloth-slo-meta-recordings-pilot-pilot-edge",
        "sloth-slo-alerts-pilot-pilot-edge",
        "sloth-slo-sli-recordings-web-shop-search",
        "sloth-slo-meta-recordings-web-shop-search",
    ]
    unknown = costwatch("slo", "export", "--to", "prometheus", "serch")
    assert (unknown.code, unknown.err) == (
        2,
        "costwatch: slo export: no SLO is called 'serch'; did you mean 'search'?\n",
    )


def test_a_label_of_a_file_cannot_steer_the_terminal(costwatch: Costwatch, tmp_path: Path) -> None:
    written(tmp_path, a=SLOTH.replace("name: availability", 'name: "a\\x1b[31m"'))
    answer = costwatch("slo", "check")
    assert "\x1b" not in answer.out + answer.err
    assert "a.yaml:5: holds a control character; remove it" in answer.err
