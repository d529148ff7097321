"""The pages as a reader sees them: in Chromium, from a server started by ``costwatch ui``."""

import csv
import io
import os
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

from dashboards.app import PAGES
from tests.made import pages_company
from tests.made.command_line import Costwatch, commands

pytestmark = pytest.mark.browser

expect.set_options(timeout=20_000)  # a machine that does a lot else draws slowly
PATHS = {page.path: "" if page is PAGES[0] else page.path for page in PAGES}
LOOKS = {"light": ("light", 1440), "dark": ("dark", 1440), "phone": ("light", 390)}
READY = "[data-testid=stApp][data-test-script-state=notRunning]"
# Streamlit looks for its server below the page's own path first; the answer no is how it goes on.
PROBE = re.compile(rf"/({'|'.join(PATHS)})/_stcore/(health|host-config)$")


@dataclass
class Server:
    """A running ``costwatch ui``; ``went_out`` lists what it asked of other machines."""

    address: str
    config: Path
    went_out: list[str]

    def url(self, page: str, query: dict[str, str] | None = None) -> str:
        return f"http://{self.address}/{PATHS[page]}" + (f"?{urlencode(query)}" if query else "")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    config = pages_company.full(tmp_path_factory.mktemp("company"))
    address = f"127.0.0.1:{free_port()}"
    with outside() as (proxy, went_out), (config.parent / "server.log").open("w") as log:
        command = [sys.executable, "-m", "costwatch", "-c", config, "--now", pages_company.NOW.isoformat()]
        process = subprocess.Popen(
            [*command, "ui", "--port", address.split(":")[1]],
            env={**os.environ, "http_proxy": proxy, "https_proxy": proxy},
            stdout=log,
            stderr=log,
        )
        try:
            wait_for(address, process)
            yield Server(address, config, went_out)
        finally:
            process.terminate()
            process.wait(10)
    log_lines = (config.parent / "server.log").read_text().splitlines()
    assert [line for line in log_lines if "Stopping" not in line and "Rejecting" not in line] == []


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def outside() -> Iterator[tuple[str, list[str]]]:
    """A proxy that stands for the rest of the world and writes down what it is asked for."""
    asked: list[str] = []

    class Proxy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(502)

        do_CONNECT = do_POST = do_GET

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{proxy.server_port}", asked
        proxy.shutdown()


def wait_for(address: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(f"http://{address}/_stcore/health", timeout=5).close()
            return
        except OSError:
            time.sleep(0.2)
    pytest.fail("costwatch ui did not start")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium")
        yield chromium
        chromium.close()


@dataclass
class Reader:
    """One reader's browser window, and what went on in it."""

    page: Page
    server: Server
    errors: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", self._requested)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not PROBE.search(message.location["url"]):
            self.errors.append(f"{message.text} {message.location['url']}")

    def _requested(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob"):
            self.hosts.add(parts.netloc)

    def open(self, page: str, query: dict[str, str] | None = None) -> None:
        self.page.goto(self.server.url(page, query))
        self.settle()

    def settle(self) -> None:
        self.page.locator(READY).wait_for(timeout=30_000)
        self.page.locator(".cw h1").wait_for()

    def number(self, name: str) -> str:
        found = self.page.locator(f'[data-name="{name}"]').first
        exact = found.get_attribute("data-exact")
        assert exact is not None
        assert (found.get_attribute("title") or "").startswith(f"{exact} ")
        return exact


Opened = Callable[..., Reader]


@pytest.fixture
def reader(browser: Browser, server: Server) -> Iterator[Opened]:
    readers = []

    def opened(look: str = "light") -> Reader:
        scheme, width = LOOKS[look]
        context = browser.new_context(
            color_scheme="dark" if scheme == "dark" else "light",
            viewport={"width": width, "height": 1000},
        )
        readers.append(Reader(context.new_page(), server))
        return readers[-1]

    yield opened
    for each in readers:
        each.page.context.close()
        assert each.errors == []
        assert each.hosts <= {server.address}
    assert server.went_out == []


@pytest.fixture
def costwatch(capsys: pytest.CaptureFixture[str]) -> Costwatch:
    return commands(capsys)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    named = os.environ.get("COSTWATCH_SCREENSHOTS")
    folder = Path(named) if named else tmp_path_factory.mktemp("pictures")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("page", PATHS)
def test_a_page_is_drawn_whole(reader: Opened, pictures: Path, page: str, look: str) -> None:
    shown = reader(look)
    shown.open(page)
    if page in ("overview", "costs"):
        expect(shown.page.locator("canvas, .vega-embed svg").first).to_be_visible()
    width = LOOKS[look][1]
    height = shown.page.locator("[data-testid=stMainBlockContainer]").evaluate("it => it.scrollHeight")
    shown.page.set_viewport_size({"width": width, "height": int(height) + 80})
    shown.page.wait_for_timeout(500)  # charts fade in
    shown.page.screenshot(path=pictures / f"{page}-{look}.png")
    ground = shown.page.locator("[data-testid=stApp]").evaluate("it => getComputedStyle(it).backgroundColor")
    assert ground == ("rgb(14, 17, 23)" if look == "dark" else "rgb(255, 255, 255)")
    cut = "its => its.filter(it => it.scrollWidth > it.clientWidth + 1).map(it => it.outerHTML)"
    assert shown.page.locator(".cw, .cw-scroll").evaluate_all(cut) == []
    assert shown.page.evaluate("document.documentElement.scrollWidth") == width


def cost(costwatch: Costwatch, server: Server, *options: str) -> str:
    """EffectiveCost as the command line tells it."""
    answer = costwatch("-c", server.config, "cost", "show", "--json", *options)
    assert answer.code == 0, answer.err
    (row,) = answer.json
    return nano_text(row["EffectiveCostNano"])


def nano_text(nano: int) -> str:
    whole, part = divmod(nano, 10**9)
    return f"{whole}.{part:09}".rstrip("0").rstrip(".")


@pytest.mark.parametrize("team", [None, "ml-platform", "feature-store"])
def test_the_overview_tells_what_the_command_line_tells(
    reader: Opened, server: Server, costwatch: Costwatch, team: str | None
) -> None:
    shown = reader()
    shown.open("overview", {"team": team} if team else None)
    after = pages_company.SETTLED + timedelta(days=1)
    window = ("--from", "2026-11-01", "--to", after.isoformat())
    options = ("--team", team) if team else ()
    assert shown.number("month_to_date") == cost(costwatch, server, *window, *options)


@pytest.mark.parametrize(
    "filters",
    [
        {"team": "risk"},
        {"service": "Amazon SageMaker", "provider": "AWS"},
        {"account": "222222222222", "team": "platform", "service": "AWS Support"},
    ],
)
def test_costs_are_what_the_command_line_tells(
    reader: Opened, server: Server, costwatch: Costwatch, filters: dict[str, str]
) -> None:
    shown = reader()
    shown.open("costs", {**filters, "by": "team", "range": "90d"})
    first, after = pages_company.SETTLED - timedelta(days=89), pages_company.SETTLED + timedelta(days=1)
    options = [part for name, value in filters.items() for part in (f"--{name}", value)]
    window = ("--from", first.isoformat(), "--to", after.isoformat())
    assert shown.number("total") == cost(costwatch, server, *window, *options)


def test_the_data_page_tells_what_the_command_line_tells(
    reader: Opened, server: Server, costwatch: Costwatch
) -> None:
    shown = reader()
    shown.open("data")
    after = pages_company.SETTLED + timedelta(days=1)
    first = after - timedelta(days=30)
    window = ("--from", first.isoformat(), "--to", after.isoformat())
    assert shown.number("unallocated") == cost(costwatch, server, *window, "--team", "unallocated")
    for month, following in (("2026-09", "2026-10"), ("2026-10", "2026-11")):
        answer = costwatch(
            "-c", server.config, "cost", "show", "--json", "--from", f"{month}-01", "--to", f"{following}-01"
        )
        assert shown.number(f"{month}-USD") == nano_text(answer.json[0]["BilledCostNano"])


def test_filters_and_the_address_follow_each_other(reader: Opened) -> None:
    shown = reader()
    shown.open("costs")
    shown.page.get_by_label("Team").click()
    shown.page.get_by_role("option", name="ml-platform").click()
    shown.page.get_by_text("7d", exact=True).click()
    expect(shown.page).to_have_url(re.compile(r"team=ml-platform.*range=7d|range=7d.*team=ml-platform"))
    shown.settle()
    expect(shown.page.get_by_text("Total, 7 days")).to_be_visible()
    number = shown.number("total")
    again = reader()
    again.page.goto(shown.page.url)
    again.settle()
    assert again.number("total") == number


def test_links_lead_from_what_needs_attention_to_its_cost(reader: Opened) -> None:
    shown = reader()
    shown.open("overview")
    shown.page.get_by_role("link", name="feature-store").first.click()
    expect(shown.page).to_have_url(re.compile("/costs.team=feature-store"))
    shown.settle()
    shown.page.get_by_role("link", name="Data", exact=True).click()
    expect(shown.page.locator(".cw h1")).to_have_text("Data")


def test_filters_go_along_from_page_to_page_and_name_the_tab(reader: Opened) -> None:
    shown = reader()
    shown.open("costs", {"team": "ml-platform", "range": "7d"})
    expect(shown.page).to_have_title("ml-platform · Costs · costwatch")
    for name, path in (("Overview", "/"), ("Data", "/data"), ("Costs", "/costs"), ("Overview", "/")):
        shown.page.get_by_role("link", name=name, exact=True).click()
        expect(shown.page).to_have_title(f"ml-platform · {name} · costwatch")
        expect(shown.page).to_have_url(re.compile(rf"{path}\?team=ml-platform(&|$)"))
        expect(shown.page.locator(".cw h1")).to_have_text(name)
        shown.settle()
        if name != "Data":
            expect(shown.page.get_by_label("Team")).to_have_value("ml-platform")
    shown.page.get_by_label("Team").fill("risk")
    shown.page.get_by_role("option", name="risk").click()
    expect(shown.page).to_have_title("risk · Overview · costwatch")
    shown.page.get_by_role("link", name="Costs", exact=True).click()
    expect(shown.page).to_have_url(re.compile(r"/costs\?team=risk"))


def test_a_link_to_a_team_nobody_has_shows_no_amount(reader: Opened) -> None:
    shown = reader()
    for page in ("costs", "overview"):
        shown.open(page, {"team": "ml-platfrom"})
        expect(shown.page.locator(".cw-empty")).to_contain_text("No cost is known of team ml-platfrom")
        assert "$" not in shown.page.locator("[data-testid=stMainBlockContainer]").inner_text()
        assert shown.page.url.endswith("?team=ml-platfrom")
    shown.page.get_by_role("link", name="ml-platform", exact=True).click()
    expect(shown.page).to_have_url(re.compile(r"/\?team=ml-platform$"))
    expect(shown.page.locator('[data-name="month_to_date"]')).to_be_visible()


def test_the_csv_comes_down_whole(reader: Opened) -> None:
    shown = reader()
    shown.open("costs", {"range": "7d", "by": "team"})
    with shown.page.expect_download() as waiting:
        shown.page.get_by_role("button", name="CSV").click()
    assert waiting.value.suggested_filename == "costs-2026-11-13-2026-11-21-by-team.csv"
    rows = list(csv.DictReader(io.StringIO(Path(waiting.value.path()).read_text())))
    assert len(rows) == 9 * 7
    assert rows[0]["x_Team"] == "experimentation"


@pytest.mark.parametrize(
    ("headers", "why"),
    [({"Origin": "http://evil.example"}, "a foreign page"), ({"Host": "evil.example"}, "DNS rebinding")],
)
def test_nobody_else_may_read_and_nothing_outside_is_asked(
    server: Server, headers: dict[str, str], why: str
) -> None:
    host, port = server.address.split(":")
    with socket.create_connection((host, int(port))) as link:
        lines = {"Host": server.address, "Upgrade": "websocket", "Connection": "Upgrade", **headers}
        text = "\r\n".join(f"{name}: {value}" for name, value in lines.items())
        key = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
        link.sendall(f"GET /_stcore/stream HTTP/1.1\r\n{text}\r\n{key}\r\n\r\n".encode())
        assert b" 403 " in link.recv(200), why
    assert server.went_out == []


def test_an_objective_is_two_clicks_from_the_first_page(reader: Opened) -> None:
    for look in ("light", "phone"):
        shown = reader(look)
        shown.open("reliability", {"team": "feature-store"})
        shown.page.get_by_role("link", name="See what happened").first.click()
        expect(shown.page).to_have_url(re.compile(r"/slo\?id=serving-errors"))
        shown.settle()
        expect(shown.page.locator(".cw h1")).to_have_text("serving-errors")
        expect(shown.page.locator("canvas, .vega-embed svg").first).to_be_visible()
        expect(shown.page.get_by_text("deploy: serving 7").first).to_be_visible()
        assert shown.page.evaluate("document.documentElement.scrollWidth") == LOOKS[look][1]
        unnamed = "[role=graphics-symbol]:not([aria-label])"
        assert shown.page.locator(unnamed).count() == 0, "marks are not read out without a name"
