"""Silences, acknowledgements and feedback from the command line, and reports to receivers."""

from pathlib import Path

import pytest

from tests.made.command_line import ALERTS, EVIL, Costwatch

NOW = ("--now", "2026-10-31")


@pytest.fixture
def firing(costwatch: Costwatch, company: Path) -> str:
    """The fingerprint of what fires."""
    assert costwatch(*NOW, "alerts", "eval").code == 0
    listed = costwatch(*NOW, "alerts", "list", "--json").json
    (found,) = [alert["fingerprint"] for alert in listed if alert["labels"].get("team") == "risk"]
    assert found in costwatch(*NOW, "alerts", "list").out
    return str(found)


def test_a_silence_is_made_shown_and_ended(costwatch: Costwatch, firing: str) -> None:
    words = (
        "alerts",
        "silence",
        "rule=Spend",
        "--for",
        "2h",
        "--comment",
        EVIL,
        "--who",
        "ann",
    )
    made = costwatch(*NOW, *words)
    id = made.out.strip()
    assert (made.code, made.err, len(id)) == (0, "", 12)
    assert costwatch(*NOW, *words).out.strip() == id
    (row,) = costwatch(*NOW, "alerts", "silences", "--json").json
    assert firing in row.pop("alerts")
    assert row == {
        "id": id,
        "matchers": ["rule=Spend"],
        "fingerprint": "",
        "starts_at": "2026-10-31T00:00:00Z",
        "ends_at": "2026-10-31T02:00:00Z",
        "who": "ann",
        "comment": EVIL,
    }
    table = costwatch(*NOW, "alerts", "silences").out
    assert "rule=Spend" in table
    assert r"A1\x1b[31m" in table
    assert costwatch(*NOW, "alerts", "deliver").out == ""
    assert costwatch(*NOW, "alerts", "unsilence", id).code == 0
    assert costwatch(*NOW, "alerts", "silences").out == "no silences\n"
    assert "Spend" in costwatch("--now", "2026-10-31T00:05:00Z", "alerts", "deliver").out


def test_a_silence_that_matches_nothing_says_so(costwatch: Costwatch, firing: str) -> None:
    made = costwatch(*NOW, "alerts", "silence", "team=nobody", "--for", "1h", "--comment", "x")
    assert made.code == 0
    assert "it matches no alert that fires now" in made.err


def test_an_alert_is_acknowledged_snoozed_and_judged(costwatch: Costwatch, firing: str) -> None:
    assert costwatch("-v", *NOW, "alerts", "ack", firing, "--who", "ann").err.startswith("ann sees to: risk")
    snoozed = costwatch("-v", *NOW, "alerts", "snooze", firing, "--for", "4h", "--who", "ann")
    assert snoozed.err == "quiet until 2026-10-31 04:00 UTC, by ann\n"
    assert f"alert {firing}" in costwatch(*NOW, "alerts", "silences").out
    assert costwatch(*NOW, "alerts", "feedback", firing, "useful", "--comment", "saved a day").code == 0
    who = costwatch("query", "SELECT who FROM feedback", "--json").json[0]["who"]
    assert who, "by default the user of the system"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("alerts silence --for 2h --comment x", "Missing argument"),
        ("alerts silence team=ml --for 2h", "Missing option '--comment'"),
        ("alerts silence team=~.* --for 2h --comment x", "must need a label to be there"),
        ("alerts silence team --for 2h --comment x", "matcher 'team': must read label"),
        ("alerts silence team=ml --for 91d --comment x", "at most for 90d"),
        ("alerts unsilence 0123", "silence '0123': there is none"),
        ("alerts ack 0123", "alert '0123': none that fired; see: costwatch alerts list"),
        ("alerts snooze 0123 --for 1h", "none that fired"),
        ("alerts feedback 0123 good", "'good' is not one of 'useful', 'noise', 'expected'"),
        (
            "report weekly --week 2026-W40 --to default",
            "no receiver 'default' takes reports; --to can be",
        ),
    ],
)
def test_mistakes_end_with_2(words: str, said: str, costwatch: Costwatch, company: Path) -> None:
    answer = costwatch(*words.split())
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err


DESK = """
from costwatch.errors import NotifyError
from costwatch.model import Receipt
from costwatch.plugins import Settings

class Desk(Settings):
    name: str
    folder: str

    def publish(self, report, previous):
        with open(self.folder, "a") as file:
            file.write(f"{report.title}|{previous and previous.reference['page']}\\n")
        if report.markdown.count("risk") == 0:
            raise NotifyError("receiver 'desk': no paper; add some", permanent=False)
        return Receipt({"page": "1"})

    def forward(self, alerts, now):
        raise NotifyError("receiver 'desk': closed; come later", permanent=False)
"""


@pytest.fixture
def desk(company: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a receiver of reports and of all that fires writes, from a package of someone else's."""
    info = company / "site" / "acme-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[costwatch.notifiers]\ndesk = acme_desk:Desk\n")
    (company / "site" / "acme_desk.py").write_text(DESK)
    monkeypatch.syspath_prepend(company / "site")
    written = company / "desk.txt"
    routed = ALERTS.replace("group_by: [rule]", "group_by: [rule], routes: [{receiver: desk}]")
    (company / "alerts.yaml").write_text(routed + f"  - {{name: desk, kind: desk, folder: {written}}}\n")
    return written


def test_a_report_goes_to_a_receiver_once(costwatch: Costwatch, desk: Path) -> None:
    words = ("-v", *NOW, "report", "weekly", "--week", "2026-W40", "--to", "desk")
    assert costwatch(*words).err == "weekly-2026-W40: sent to desk\n"
    assert costwatch(*words).err == "weekly-2026-W40: was sent before to desk\n"
    assert desk.read_text() == "Costs, week 40 of 2026|None\n"


def test_a_forwarder_that_fails_is_told_and_ends_with_1(costwatch: Costwatch, desk: Path) -> None:
    assert costwatch(*NOW, "alerts", "eval").code == 0
    assert costwatch(*NOW, "alerts", "deliver", "--dry-run").out == "would forward to desk: 1 firing\n"
    answer = costwatch(*NOW, "alerts", "deliver")
    assert (answer.code, answer.out) == (1, "")
    assert answer.err == "costwatch: desk (forwarding): receiver 'desk': closed; come later\n"
