"""A monitor elsewhere hears when a step begins and how it ends; what it answers stops no step."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import monotonic

import pytest

from costwatch.commands import pings
from costwatch.warehouse.store import Warehouse
from tests.made.command_line import ALERTS, CONFIG, Costwatch, configure

STEPS = {"collect": "collect", "allocate": "allocate", "alerts eval": "evaluate", "alerts deliver": "deliver"}


class Monitor(ThreadingHTTPServer):
    """Notes each ping, and answers as it is told."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.got: list[tuple[str, str]] = []
        self.status, self.is_slow, self.is_over = 200, False, threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Monitor

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.got.append((self.path, body))
        if self.server.is_slow:
            self.server.is_over.wait(30)
        self.send_response(self.server.status)
        self.send_header("Location", "http://127.0.0.1:1/")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def monitor(monkeypatch: pytest.MonkeyPatch) -> Iterator[Monitor]:
    with Monitor() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        for step in STEPS.values():
            monkeypatch.setenv(f"PING_{step.upper()}", f"{server.url}/secret-{step}?create=1")
        yield server
        server.is_over.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def pinged(company: Path, monitor: Monitor) -> Path:
    settings = "".join(f"  {step}: ${{env:PING_{step.upper()}}}\n" for step in STEPS.values())
    configure(company, f"{CONFIG}pings:\n{settings}")
    return company


@pytest.mark.parametrize("command", STEPS)
def test_a_step_that_works_is_told_when_it_begins_and_when_it_ends(
    command: str, costwatch: Costwatch, pinged: Path, monitor: Monitor
) -> None:
    answer = costwatch(*command.split())
    assert (answer.code, answer.err) == (0, "")
    path = f"/secret-{STEPS[command]}"
    assert monitor.got == [(f"{path}/start?create=1", ""), (f"{path}?create=1", "")]


def test_a_dry_run_is_no_run_and_what_nobody_asks_for_is_not_told(
    costwatch: Costwatch, pinged: Path, monitor: Monitor
) -> None:
    costwatch("alerts", "eval", "--dry-run")
    costwatch("status")
    configure(pinged, f"{CONFIG}pings: {{collect: '${{env:PING_COLLECT}}'}}\n")
    costwatch("allocate")
    assert monitor.got == []


def test_a_step_that_fails_says_what_failed(costwatch: Costwatch, pinged: Path, monitor: Monitor) -> None:
    (pinged / "bill" / "bill.csv").write_text("nothing,of,a,bill\n1,2,3,4\n")
    answer = costwatch("collect")
    assert answer.code == 1
    (_, start), (path, body) = monitor.got
    assert (start, path) == ("", "/secret-collect/fail?create=1")
    assert body.splitlines() == [told.removeprefix("costwatch: ") for told in answer.err.splitlines()]
    assert "not a bill" in body


@pytest.mark.parametrize("command", STEPS)
def test_mistakes_of_a_file_are_told_by_the_last_good_one(
    command: str, costwatch: Costwatch, pinged: Path, monitor: Monitor
) -> None:
    costwatch("alerts", "eval")
    monitor.got.clear()
    (pinged / "costwatch.yaml").write_text((pinged / "costwatch.yaml").read_text() + "colour: red\n")
    assert costwatch(*command.split()).code == 2
    assert [path.split("?")[0] for path, _ in monitor.got] == [
        f"/secret-{STEPS[command]}/{end}" for end in ("start", "fail")
    ]
    assert "unknown key 'colour'" in monitor.got[1][1]


def test_a_run_that_finds_another_at_work_leaves_it_to_tell_how_it_ends(
    costwatch: Costwatch, pinged: Path, monitor: Monitor
) -> None:
    with Warehouse(pinged / "costwatch.db").job_lock("alerts-eval"):
        assert costwatch("alerts", "eval").code == 75
    assert [path for path, _ in monitor.got] == ["/secret-evaluate/start?create=1"]


def test_a_bug_is_told_by_its_place_alone(
    costwatch: Costwatch, pinged: Path, monitor: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("xoxb-secret")

    monkeypatch.setattr("costwatch.evaluate.evaluate", broken)
    assert costwatch("alerts", "eval").code == 1
    assert monitor.got[1][1].startswith("unexpected RuntimeError at ")
    assert "xoxb" not in monitor.got[1][1]


@pytest.mark.parametrize("status", [302, 404, 500])
def test_what_the_monitor_answers_stops_nothing_and_is_not_tried_again(
    status: int, costwatch: Costwatch, pinged: Path, monitor: Monitor
) -> None:
    monitor.status = status
    answer = costwatch("alerts", "eval")
    assert (answer.code, len(monitor.got)) == (0, 2)
    told = (
        f"costwatch: pings: evaluate: answered with HTTP {status}; check its URL; the step itself goes on\n"
    )
    assert answer.err == told * 2
    assert "secret" not in answer.err


def test_a_monitor_that_is_slow_or_away_holds_nothing_up(
    costwatch: Costwatch, pinged: Path, monitor: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pings, "_DEADLINE_SECONDS", 0.2)
    monitor.is_slow, began = True, monotonic()
    answer = costwatch("alerts", "eval")
    assert (answer.code, monotonic() - began < 5) == (0, True)
    assert answer.err.count("pings: evaluate: no answer (TimeoutError)") == 2
    monkeypatch.setenv("PING_EVALUATE", "http://127.0.0.1:1/x")
    assert costwatch("alerts", "eval").code == 0


@pytest.mark.parametrize("held", ["", "ftp://h/x", "http://[", "not a url"])
def test_a_reference_that_leads_to_no_url_stops_nothing(
    held: str, costwatch: Costwatch, pinged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PING_EVALUATE", held)
    answer = costwatch("alerts", "eval")
    assert answer.code == 0
    assert answer.err.startswith("costwatch: pings: evaluate: ")


def test_a_url_in_the_file_is_refused(costwatch: Costwatch, company: Path) -> None:
    configure(company, f"{CONFIG}pings: {{collect: https://hc-ping.com/1234}}\n", ALERTS)
    answer = costwatch("check")
    assert answer.code == 2
    assert "a secret must be a reference" in answer.out
