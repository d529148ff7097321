"""``kind: markers``: changes in a real Prometheus, lines of files, and what is kept of both."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from collectors.markers import Markers
from collectors.markers.changes import MarkerQuery
from costwatch.collect import Collected, collect
from costwatch.model import Window
from costwatch.warehouse.markers import StoredMarker, markers
from costwatch.warehouse.store import Warehouse
from tests.doubles.prometheus_server import real_prometheus
from tests.made.kubernetes_told import MIDNIGHT, told, written

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
DEPLOY = {"at": "2026-11-21T14:05:00Z", "kind": "deploy", "title": "checkout 1.4", "service": "checkout"}
EVIL = '<script>alert(1)</script>\x1b[31m=cmd|"'


def write(path: Path, *lines: object) -> Path:
    text = (line if isinstance(line, str) else json.dumps(line) for line in lines)
    path.write_text("".join(f"{line}\n" for line in text))
    return path


def read(folder: Path, location: Path, now: datetime = NOW) -> Collected:
    source = Markers(name="releases", location=str(location))
    (found,) = collect(Warehouse(folder / "db"), folder / "ledger", [source], now)
    return found


def kept(folder: Path, *, until: datetime = NOW) -> list[StoredMarker]:
    with Warehouse(folder / "db").read() as db:
        return markers(db, Window(datetime(1971, 1, 1, tzinfo=UTC), until))


def test_lines_become_markers_once_however_often_they_are_read(tmp_path: Path) -> None:
    flag = {**DEPLOY, "at": "2026-11-21T15:05:00+01:00", "kind": "flag", "title": EVIL, "author": "ana"}
    file = write(tmp_path / "deploys.jsonl", DEPLOY, "", flag, DEPLOY)
    assert (read(tmp_path, file).outcome, read(tmp_path, file).outcome) == ("loaded", "unchanged")
    before = kept(tmp_path)
    assert [(one.at, one.kind, one.title, one.service, one.author) for one in before] == [
        (datetime(2026, 11, 21, 14, 5, tzinfo=UTC), "deploy", "checkout 1.4", "checkout", ""),
        (datetime(2026, 11, 21, 14, 5, tzinfo=UTC), "flag", EVIL, "checkout", "ana"),
    ]
    write(file, DEPLOY, flag, {**DEPLOY, "at": "2026-11-21T16:00:00Z"})
    assert read(tmp_path, file).rows == {"marker": 3}
    assert kept(tmp_path)[:2] == before, "what is there keeps its number"


def test_a_line_that_was_mended_takes_the_place_of_the_wrong_one(tmp_path: Path) -> None:
    file = write(tmp_path / "deploys.jsonl", DEPLOY)
    read(tmp_path, file)
    write(file, {**DEPLOY, "title": "checkout 1.5"})
    read(tmp_path, file)
    assert [one.title for one in kept(tmp_path)] == ["checkout 1.5"]


def test_all_mistakes_are_told_with_their_lines_and_the_other_lines_are_kept(tmp_path: Path) -> None:
    file = write(
        tmp_path / "deploys.jsonl",
        DEPLOY,
        "{",
        {"at": "2026-11-21", "kind": "deploy", "titel": "x"},
        {**DEPLOY, "url": "javascript:alert(1)", "team": 3},
        "[" * 100_000,
        {**DEPLOY, "at": "9999-12-31T23:59:59-12:00"},
    )
    found = read(tmp_path, file)
    assert found.outcome == "failed"
    assert found.error.splitlines() == [
        f"{file}:2: is no JSON object; write a line such as "
        '{"at": "2026-11-21T14:05:00Z", "kind": "deploy", "title": "checkout 1.4"}',
        f"{file}:3: 'titel' is unknown; did you mean 'title'?; 'title' is missing; write a line such as "
        '{"at": "2026-11-21T14:05:00Z", "kind": "deploy", "title": "checkout 1.4"}; '
        "'at' must be an instant with its zone, such as 2026-11-21T14:05:00Z",
        f"{file}:4: 'team' must be a text in quotes; "
        "'url' must be an address such as https://ci.example/deploys/12",
        f"{file}:5: is no JSON object; write a line such as "
        '{"at": "2026-11-21T14:05:00Z", "kind": "deploy", "title": "checkout 1.4"}',
        f"{file}:6: 'at' must be an instant with its zone, such as 2026-11-21T14:05:00Z",
    ]
    assert [one.title for one in kept(tmp_path)] == ["checkout 1.4"]


def test_markers_are_kept_for_400_days(tmp_path: Path) -> None:
    file = write(tmp_path / "deploys.jsonl", DEPLOY)
    read(tmp_path, file)
    write(file, DEPLOY, {**DEPLOY, "at": "2027-12-25T00:00:00Z"})
    later = datetime(2027, 12, 26, tzinfo=UTC)
    read(tmp_path, file, later)
    read(tmp_path, write(file, {**DEPLOY, "at": "2027-12-26T01:00:00Z"}), later + timedelta(hours=2))
    assert [one.at.year for one in kept(tmp_path, until=later + timedelta(days=1))] == [2027, 2027]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({}, "name either url and queries"),
        ({"url": "http://p:9090", "location": "x"}, "name either url and queries"),
        ({"url": "http://p:9090"}, "queries: belong to url"),
        ({"location": "x", "queries": [{"kind": "a", "query": "b", "title": "c"}]}, "queries: belong to url"),
        (
            {"url": "http://p:9090", "queries": [{"kind": "a", "query": "b", "title": "c", "url": "ftp:x"}]},
            "https",
        ),
        (
            {"url": "http://p:9090", "queries": [{"kind": "a", "query": "b", "title": "c", "every": "2h"}]},
            "1h",
        ),
    ],
    ids=["nothing", "both", "no queries", "queries of files", "no link", "every two hours"],
)
def test_what_cannot_be_is_refused(given: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        Markers.model_validate({"name": "x", **given})


SYNC = {"kind": "deploy", "query": "argocd_app_sync_total", "title": "{name} → {value}", "service": "{name}"}
FLAG = {"kind": "flag", "query": "flag_on", "title": "{flag} is {value}", "when": "changes"}
SEEN = {
    "kind": "flag",
    "query": "increase(updates_total[10m]) > 0",
    "title": "{toggle}",
    "when": "appears",
    "url": "https://flags.example/{toggle}",
}


@pytest.mark.prometheus
def test_a_marker_stands_where_a_series_changes(tmp_path: Path) -> None:
    series = [
        told("argocd_app_sync_total", {"name": "shop"}, "3x12 4x12 6x264"),  # 01:00 and 02:00
        told("argocd_app_sync_total", {"name": "late"}, "_x24 9x264"),  # was not there: no deploy
        told("flag_on", {"flag": "layout"}, "0x24 1x24 0x240"),  # 02:00 and 04:00
        told("updates_total", {"toggle": "a b"}, "1x36 2x252"),  # 03:00
    ]
    day = datetime.fromtimestamp(MIDNIGHT, UTC)
    with real_prometheus(tmp_path / "server", written(series)) as url:
        source = Markers.model_validate({"name": "m", "url": url, "queries": [SYNC, FLAG, SEEN]})
        window = Window(day + timedelta(minutes=90), day + timedelta(hours=20))
        for expected in ("loaded", "unchanged"):
            (found,) = collect(
                Warehouse(tmp_path / "db"), tmp_path / "ledger", [source], window.end, window=window
            )
            assert (found.outcome, found.error) == (expected, "")
    told_at = [
        (one.at - day, one.kind, one.title, one.service, one.url)
        for one in kept(tmp_path, until=day + timedelta(days=1))
    ]
    hour = timedelta(hours=1)
    assert told_at == [
        (1 * hour, "deploy", "shop → 4", "shop", ""),
        (2 * hour, "deploy", "shop → 6", "shop", ""),
        (2 * hour, "flag", "layout is 1", "", ""),
        (3 * hour, "flag", "a b", "", ""),  # a blank in an address: no link
        (4 * hour, "flag", "layout is 0", "", ""),
    ]


def test_a_query_names_its_labels_and_nothing_else() -> None:
    query = MarkerQuery(kind="deploy", query="x", title="{a}{nosuch}{__class__}")
    assert query._marker(NOW, {"a": "{b}", "b": "no"}, 1).title == "{b}"
