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


def test_a_silence_is_made_shown_changed_and_ended(costwatch: Costwatch, firing: str) -> None:
    words = ("alerts", "silence", "rule=Spend", "--for", "2h", "--comment", EVIL, "--who", "ann")
    made = costwatch(*NOW, *words)
    id = made.out.strip()
    assert (made.code, made.err, len(id)) == (0, "", 12)
    assert costwatch(*NOW, *words).out.strip() == id
    (row,) = costwatch(*NOW, "alerts", "silence", "--list", "--json").json
    assert firing in row.pop("alerts")
    assert row == {
        "id": id,
        "matchers": ["rule=Spend"],
        "fingerprint": "",
        "starts_at": "2026-10-31T00:00:00Z",
        "ends_at": "2026-10-31T02:00:00Z",
        "who": "ann",
        "comment": EVIL,
        "expired_by": "",
        "expected": None,
    }
    table = costwatch(*NOW, "alerts", "silence", "--list").out
    assert "rule=Spend" in table
    assert r"A1\x1b[31m" in table
    assert costwatch(*NOW, "alerts", "deliver").out == ""
    until = ("--until", "2026-10-31T05:00:00Z")
    assert costwatch(*NOW, "alerts", "silence", "--id", id, *until, "--who", "bob").out.strip() == id
    assert "2026-10-31 05:00 UTC  bob" in costwatch(*NOW, "alerts", "silence", "--list").out
    assert costwatch(*NOW, "alerts", "expire", id).code == 0
    assert costwatch(*NOW, "alerts", "silence", "--list").out == "no silences\n"
    assert f"{id}  over" in costwatch(*NOW, "alerts", "silence", "--list", "--expired").out
    assert "Spend" in costwatch("--now", "2026-10-31T00:10:00Z", "alerts", "deliver").out


@pytest.mark.parametrize(
    ("matcher", "said"),
    [
        ("team=payments", ""),
        ("team=paymnts", "no team is called 'paymnts'; did you mean 'payments'?"),
        ("rule=Spent", "no rule is called 'Spent'; did you mean 'Spend'?"),
        ("severity=warning", "no severity is called 'warning'"),
        ("tem=risk", "no alert has a label 'tem'; did you mean 'team'?"),
        ("team=~pay.*x", "'team=~pay.*x' fits no team"),
        ("team!=risk", ""),
        ("service=Amazon S3", ""),
    ],
)
def test_a_silence_that_matches_nothing_says_so_and_what_nothing_can_have(
    costwatch: Costwatch, firing: str, matcher: str, said: str
) -> None:
    matchers = (matcher, "rule=StaleData") if matcher in ("team=payments", "team!=risk") else (matcher,)
    if matcher == "service=Amazon S3":
        matchers, said = ('service="Amazon S3"',), "no alert so far has the service 'Amazon S3'"
    made = costwatch(*NOW, "alerts", "silence", *matchers, "--for", "1h", "--comment", "x")
    assert made.code == 0
    assert "but it matches nothing now" in made.err
    assert said in made.err
    assert made.err.count("\n") == (2 if said else 1)


def test_silencing_goes_on_while_the_files_have_mistakes(
    costwatch: Costwatch, firing: str, company: Path
) -> None:
    words = (*NOW, "alerts", "silence", "team=risk", "--for", "1h", "--comment", "x")
    (company / "alerts.yaml").write_text("rules: [")
    assert costwatch(*words).code == 0
    database = company / "warehouse" / "costwatch.db"
    found = next(company.rglob("costwatch.db"), database)
    (company / "costwatch.yaml").write_text("teams: [")
    assert costwatch("--db", found, *words).code == 0


def test_the_limits_of_silences_stand_in_the_rules_file(
    costwatch: Costwatch, firing: str, company: Path
) -> None:
    limits = "silences: {max_silence: 1d, max_silences: 1}\n"
    (company / "alerts.yaml").write_text(ALERTS + limits)
    words = (*NOW, "alerts", "silence", "--comment", "x")
    assert "at most for 1d" in costwatch(*words, "team=risk", "--for", "2d").err
    assert costwatch(*words, "team=risk", "--for", "1d").code == 0
    assert "there are 1 that are not over, and may be 1" in costwatch(*words, "a=b", "--for", "1h").err


def test_one_alert_is_acknowledged_expected_silenced_and_judged(costwatch: Costwatch, firing: str) -> None:
    ann = ("--who", "ann")
    assert costwatch("-v", *NOW, "alerts", "ack", firing, *ann).err.startswith("Ack by ann: risk")
    expected = costwatch("-v", *NOW, "alerts", "expect", firing[:8], "--for", "3d", "--reason", "ok", *ann)
    assert expected.err.startswith("expected at $")
    assert expected.err.endswith(" until 2026-11-03 00:00 UTC by ann: ok\n")
    silenced = costwatch(*NOW, "alerts", "silence", firing, "--until", "2026-11-01", "--comment", "moves")
    assert silenced.code == 0
    table = costwatch(*NOW, "alerts", "silence", "--list").out
    assert f"alert {firing} expected at $" in table
    assert costwatch(*NOW, "alerts", "feedback", firing, "useful", "--comment", "saved a day").code == 0
    who = costwatch("query", "SELECT who FROM feedback", "--json").json[0]["who"]
    assert who, "by default the user of the system"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("alerts silence", "of what? Give matchers such as team=ml"),
        ("alerts silence --for 2h --comment x", "of what? Give matchers such as team=ml"),
        ("alerts silence team=ml --comment x", "how long? Give --for 4h"),
        ("alerts silence team=ml --for 2h", "it has no comment; say why"),
        ("alerts silence team=~.* --for 2h --comment x", "must need a label to be there"),
        ("alerts silence team --for 2h --comment x", "matcher 'team': must read"),
        ("alerts silence team=ml --for 91d --comment x", "at most for 90d"),
        ("alerts silence team=ml --for -2h --comment x", "'-2h' must be a duration"),
        ("alerts silence team=ml --until 9999-12-31 --comment x", "at most for 90d"),
        ("alerts silence team=ml --until 0001-01-01T00:00+14:00 --comment x", "is not a time"),
        (
            "alerts silence team=ml --until 2020-01-01 --comment x",
            "it would end 2020-01-01 00:00 UTC, before",
        ),
        ("alerts silence team=ml --from 2020-01-01 --for 2h --comment x", "which is past; leave out --from"),
        ("alerts silence 0123456789abcdef --for 2h --comment x", "alert '0123456789abcdef': there is none"),
        ("alerts silence --id 0123 --for 2h", "silence '0123': there is none"),
        ("alerts expire 0123", "silence '0123': there is none; see: costwatch alerts silence --list"),
        ("alerts ack 0123", "alert '0123': there is none; see: costwatch alerts list"),
        ("alerts expect 0123 --reason x", "until when? Give --until 2026-12-05"),
        ("alerts expect 0123 --for 1h --reason x", "there is none"),
        ("alerts show 0123", "alert '0123': there is none"),
        (
            "alerts history Spendd",
            "no rule is called 'Spendd', and no alert has this fingerprint; did you mean 'Spend'?",
        ),
        ("alerts explain Spendd", "no rule is called 'Spendd'; did you mean 'Spend'?"),
        ("alerts list team", "matcher 'team': must read"),
        ("alerts feedback 0123 good", "'good' is not one of 'useful', 'noise'"),
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
