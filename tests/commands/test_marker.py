"""``costwatch marker``: what people tell by hand."""

from pathlib import Path

from tests.made.command_line import Costwatch

ADD = ("marker", "add", "--title", "model-server 2.14", "--service", "Model Server", "--who", "ana")


def test_a_marker_is_told_once_and_listed(company: Path, costwatch: Costwatch) -> None:
    first = costwatch(*ADD, "--at", "2026-11-02T10:00:00Z", "--url", "https://ci.example/9")
    again = costwatch(*ADD, "--at", "2026-11-02T10:00:00Z")
    assert (first.code, first.out) == (again.code, again.out) == (0, "1\n")
    costwatch("marker", "add", "--kind", "flag", "--title", "evil\x1b[31m", "--team", "risk")
    listed = costwatch("marker", "list", "--json").json
    assert [(one["id"], one["at"], one["kind"], one["author"]) for one in listed][:1] == [
        (1, "2026-11-02T10:00:00Z", "deploy", "ana")
    ]
    assert [one["title"] for one in listed] == ["model-server 2.14", "evil\x1b[31m"]
    shown = costwatch("marker", "list")
    assert r"evil\x1b[31m" in shown.out
    assert "\x1b[31m" not in shown.out
    of_service = costwatch("marker", "list", "--service", "model-server", "--json").json
    assert [one["id"] for one in of_service] == [1]
    assert costwatch("marker", "list", "--kind", "flag", "--team", "risk", "--json").json[0]["id"] == 2


def test_what_no_page_could_link_to_is_refused(company: Path, costwatch: Costwatch) -> None:
    refused = costwatch(*ADD, "--url", "javascript:alert(1)")
    assert (refused.code, refused.out) == (2, "")
    assert "marker add: --url must be an address" in refused.err
    assert costwatch("marker", "add", "--title", " ").code == 2


def test_only_what_was_told_by_hand_is_removed(company: Path, costwatch: Costwatch) -> None:
    costwatch(*ADD)
    assert costwatch("marker", "remove", 1).code == 0
    assert costwatch("marker", "remove", 1).code == 2
    assert costwatch("marker", "list").out == "no markers\n"
