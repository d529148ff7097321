"""The weekly report where names, tags, errors and addresses are written by strangers."""

import re
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from costwatch.report import Weekly, html, markdown, weekly
from costwatch.report.rendering import escaped_markdown
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.warehouse.store import Warehouse
from tests.made.warehouse_rows import NOW, alert, budget, collected, fill

MONDAY = date(2026, 11, 16)
HOSTILE = "<script>alert(1)</script>|[x](javascript:alert(1))`*_&amp;\n# head http://evil.example"


@pytest.fixture
def hostile(tmp_path: Path) -> Weekly:
    warehouse = Warehouse(tmp_path / "costwatch.db")
    rows = [
        (day, HOSTILE, HOSTILE + "service", "USD", amount, amount, "settled")
        for first, amount in ((MONDAY - timedelta(days=7), 100), (MONDAY, 900))
        for day in (first, first + timedelta(days=1))
    ]
    fill(warehouse, rows)
    budget(warehouse, HOSTILE, 10)
    told = {"labels": {"team": HOSTILE}, "value": "9", "threshold": "5"}
    at = datetime(2026, 11, 17, tzinfo=UTC)
    alert(warehouse, "Mine", HOSTILE, at, runbook="javascript:alert(1)", **told)
    alert(warehouse, "Other", HOSTILE, at, runbook='https://x.example/a_(b)"c<d', **told)
    with warehouse.write() as db:
        collected(db, HOSTILE, NOW, "failed", HOSTILE)
    with warehouse.read() as db:
        facts = WarehouseSnapshot(db, NOW)
        return weekly(facts, now=NOW, contacts={HOSTILE: HOSTILE}, public_url="http://127.0.0.1:8501")


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "onload", "onclick")]


def test_names_cannot_become_markup_in_html(hostile: Weekly) -> None:
    tags = _Tags()
    tags.feed(html(hostile))
    assert not tags.seen & {"script", "img", "link", "iframe"}
    assert all(link.startswith(("http://127.0.0.1:8501/", "https://x.example/")) for link in tags.links)


def test_names_cannot_become_markup_in_markdown(hostile: Weekly) -> None:
    text = markdown(hostile)
    assert "<" not in text
    assert not re.search(r"(?<!\\)\]\(javascript", text)
    assert '](https://x.example/a_%28b%29"c%3Cd)' in text
    assert "\n# head" not in text
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert all(len(re.findall(r"(?<!\\)\|", line)) in (4, 5, 6, 8) for line in rows)


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        pytest.param(
            "Amazon S3 (us-east-1): $1.20, +5 %", "Amazon S3 (us-east-1): $1.20, +5 %", id="plain text"
        ),
        pytest.param("feature_store", r"feature\_store", id="emphasis"),
        pytest.param("a|b", r"a\|b", id="a table's cell"),
        pytest.param("[x](y)", r"\[x\](y)", id="a link"),
        pytest.param("<b>&lt;", "&lt;b&gt;&amp;lt;", id="HTML and entities"),
        pytest.param(
            "http://e.example www.e.example", r"http\://e.example www\.e.example", id="bare addresses"
        ),
        pytest.param("# head", r"\# head", id="a heading"),
        pytest.param("a\n\nb\x1b[0m", r"a\\n\\nb\\x1b\[0m", id="line breaks and control characters"),
    ],
)
def test_markdown_escaping(text: str, escaped: str) -> None:
    assert escaped_markdown(text) == escaped
