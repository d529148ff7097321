"""README's own lines, word for word: its five lines of configuration, and the commands that follow them."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
import urllib.request
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests.dashboards.test_browser import free_port
from tests.doubles.prometheus_server import real_prometheus
from tests.made.bills import line, tags, write_csv
from tests.made.kubernetes_told import MIDNIGHT, Told, request, told, written

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
DOCS = Path(__file__).parents[2] / "docs"


def queries(page: str) -> list[str]:
    """What a page asks the warehouse."""
    return re.findall(r"^costwatch query .*$", (DOCS / page).read_text(encoding="utf-8"), re.MULTILINE)


BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
LOCATION = '"s3://my-billing-bucket/focus/my-export"'
ENV = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
# What a command may end with besides 0, as its --help says.
DOCUMENTED = {"costwatch status": {0, 3}, "costwatch cost verify": {0, 3}}


def block(language: str, first_line: str) -> list[str]:
    """The lines of README's block that begins so, without remarks."""
    (text,) = [text for kind, text in BLOCKS if kind == language and text.startswith(first_line)]
    return [line.split("  #")[0].rstrip() for line in text.splitlines()]


FIVE_LINES = "\n".join(block("yaml", "sources:\n  - {name: aws, kind: exports"))
KUBERNETES = "\n".join(block("yaml", "sources:\n  - name: k8s"))
MEASURES = "\n".join(block("yaml", "sources:\n  - name: mysql"))
SLOS = "\n".join(block("yaml", "sources:\n  - name: slos"))
DRIVERS = "\n".join(block("yaml", "pools:\n  - {name: mysql"))
BOTH = tags(team="platform", shop="mesh")
STEPS = block("sh", "costwatch check")
BY_HAND = [line for line in block("sh", "costwatch cost show --by team --by service") if "--help" not in line]


def run(folder: Path, command: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*shlex.split(command)],
        cwd=folder,
        env=ENV,
        capture_output=True,
        text=True,
        check=False,
    )


def bill_line(day: date, team: str) -> dict[str, str]:
    month = day.replace(day=1)
    following = (month + timedelta(days=31)).replace(day=1)
    return line(
        BillingPeriodStart=f"{month}T00:00:00Z",
        BillingPeriodEnd=f"{following}T00:00:00Z",
        ChargePeriodStart=f"{day}T00:00:00Z",
        ChargePeriodEnd=f"{day + timedelta(days=1)}T00:00:00Z",
        Tags=tags(team=team, app="web"),
    )


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new folder as README says, whose bill lies beside it."""
    folder = tmp_path_factory.mktemp("company")
    answer = run(folder, "costwatch init")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert FIVE_LINES.count("\n") == 4
    assert LOCATION in FIVE_LINES
    (folder / "costwatch.yaml").write_text(FIVE_LINES.replace(LOCATION, "./bills") + "\n")
    owners = ("payments", "infra", "nobody")
    today = datetime.now(UTC).date()
    days = [today - timedelta(days=number) for number in range(45)]
    lines = [bill_line(day, team=owners[day.day % 3]) for day in days]
    write_csv(folder / "bills" / "lately.csv", lines)
    return folder


@pytest.fixture(scope="module")
def published(company: Path) -> Path:
    for step in ("costwatch collect", "costwatch allocate"):
        assert run(company, step).returncode == 0
    return company


def test_the_five_lines_and_the_steps_work_as_they_stand(company: Path) -> None:
    assert len(STEPS) == 8
    for command in [step for step in STEPS if step != "costwatch ui"]:
        answer = run(company, command)
        assert answer.returncode in DOCUMENTED.get(command, {0}), (command, answer.stdout, answer.stderr)
    assert "platform" in answer.stdout


def asked(folder: Path, lines: str, series: Told, query: str) -> list[str]:
    """What a query finds after README's lines were collected from a Prometheus that has one series."""
    assert lines.count("\n") == 4
    with real_prometheus(folder / "server", written([series])) as url:
        assert run(folder, "costwatch init").returncode == 0
        text = lines.replace("http://prometheus.monitoring:9090", url)
        (folder / "costwatch.yaml").write_text(f"{text}\n")
        for command in ("costwatch check", "costwatch collect"):
            answer = run(folder, command)
            assert answer.returncode == 0, (command, answer.stdout, answer.stderr)
    answer = run(folder, query)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.split()


def yesterday() -> float:
    """Its first instant, in seconds from where made series begin."""
    day = (datetime.now(UTC) - timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return day.timestamp() - MIDNIGHT


@pytest.mark.prometheus
def test_the_five_lines_of_kubernetes_work_as_they_stand(tmp_path: Path) -> None:
    series = request("1x12", since=yesterday())
    found = asked(tmp_path, KUBERNETES, series, queries("kubernetes.md")[0])
    assert found == ["namespace", "core_hours", "a", "1.0"]


@pytest.mark.prometheus
def test_the_five_lines_of_measures_work_as_they_stand(tmp_path: Path) -> None:
    name = "mysql_perf_schema_events_statements_seconds_total"
    series = told(name, {"schema": "risk"}, "0+60x288", since=yesterday())
    found = asked(tmp_path, MEASURES, series, queries("measures.md")[0])
    assert found == ["labels", "seconds", '{"schema":"risk"}', "17280.0"]


@pytest.mark.prometheus
def test_the_five_lines_of_slos_work_as_they_stand(tmp_path: Path) -> None:
    (tmp_path / "slos").mkdir()
    queries = {"error_query": 'm{code="500"}', "total_query": "m"}
    asked_for = {name: f"sum(rate({query}[{{{{.window}}}}]))" for name, query in queries.items()}
    file = {
        "version": "prometheus/v1",
        "service": "shop",
        "slos": [{"name": "availability", "objective": 99.9, "sli": {"events": asked_for}, "alerting": {}}],
    }
    (tmp_path / "slos" / "shop.yaml").write_text(json.dumps(file))
    samples = int(datetime.now(UTC).timestamp() - MIDNIGHT - yesterday()) // 300
    series = told("m", {"code": "200"}, f"0+60x{samples}", since=yesterday())
    found = json.loads(" ".join(asked(tmp_path, SLOS, series, "costwatch slo status --json")))
    assert [(one["slo"], one["left"]) for one in found] == [("shop-availability", 1)]


def test_the_five_lines_of_drivers_work_as_they_stand(tmp_path: Path) -> None:
    assert DRIVERS.count("\n") == 4
    assert run(tmp_path, "costwatch init").returncode == 0
    day = datetime.now(UTC).date() - timedelta(days=5)
    lines = [{**bill_line(day, team=""), "ServiceName": "RDS"}, {**bill_line(day, "platform"), "Tags": BOTH}]
    write_csv(tmp_path / "bills" / "lately.csv", lines)
    (tmp_path / "measures").mkdir()
    rows = [
        f'{day},mysql_time,s,"{{""schema"": ""Pay-DB""}}",3,1',
        f'{day},requests,calls,"{{""caller"": ""payments"", ""product"": ""cards""}}",1,1',
    ]
    text = "\n".join(["day,measure,unit,labels,value,coverage", *rows, ""])
    (tmp_path / "measures" / f"{day}.csv").write_text(text)
    sources = "  - {name: files, kind: measure_files, location: measures}\nteams:"
    known = FIVE_LINES.replace(LOCATION, "./bills").replace("teams:", sources)
    (tmp_path / "costwatch.yaml").write_text(f"{known}\n{DRIVERS}\n")
    for command in ("costwatch check", "costwatch collect", "costwatch allocate"):
        answer = run(tmp_path, command)
        assert answer.returncode == 0, (command, answer.stdout, answer.stderr)
    shown = run(tmp_path, "costwatch cost show --by team --by pool --by product --csv")
    found = [row.split(",")[:3] for row in shown.stdout.splitlines()[1:]]
    assert found == [
        ["payments", "direct > gateway", "cards"],
        ["payments", "mysql", "no product"],
    ]


def test_the_pages_open(company: Path) -> None:
    assert STEPS[-1] == "costwatch ui"
    port = free_port()
    serving = subprocess.Popen(
        [*STEPS[-1].split(), "--port", str(port)], cwd=company, env=ENV, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=5).close()
                return
            except OSError:
                time.sleep(0.2)
        pytest.fail("costwatch ui did not start")
    finally:
        serving.send_signal(signal.SIGINT)
        serving.wait(20)


@pytest.mark.parametrize("command", BY_HAND)
def test_the_numbers_by_hand_come(published: Path, command: str) -> None:
    answer = run(published, command)
    known = next((codes for name, codes in DOCUMENTED.items() if command.startswith(name)), {0})
    assert answer.returncode in known, (answer.stdout, answer.stderr)
    is_asked_of_the_past = "--as-of" in command  # in which there was no bill yet, which is said
    silent = command.startswith(("costwatch export", "costwatch db")) or is_asked_of_the_past
    assert answer.stdout or silent
