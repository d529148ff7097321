"""Debian's Prometheus on loopback: filled with samples, or scraping what is served to it."""

import json
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

_READY_SECONDS = 60


@contextmanager
def real_prometheus(
    folder: Path,
    openmetrics: str | Path = "",
    *,
    targets: Mapping[str, str] | None = None,
    honor_timestamps: bool = True,
    flags: tuple[str, ...] = (),
) -> Iterator[str]:
    """The url of a Prometheus that keeps its data in ``folder``, which need not exist.

    Blocks that ``folder/tsdb`` has are what it begins with; they are deleted after it.

    openmetrics: samples to begin with, as OpenMetrics text or a file of it; with ``# EOF`` at its end.
    targets: job -> url, scraped each second, and once before the block begins. honor_timestamps: samples
    keep the times that targets give; those much older than the newest sample are then dropped. flags:
    further ones of the command line.
    """
    data = folder / "tsdb"
    data.mkdir(parents=True, exist_ok=True)
    if openmetrics:
        _fill(data, openmetrics)
    configuration = folder / "prometheus.yml"
    configuration.write_text(_configuration(targets or {}, honor_timestamps))
    port = free_port()
    command = [
        "prometheus",
        f"--config.file={configuration}",
        f"--storage.tsdb.path={data}",
        "--storage.tsdb.retention.time=400d",
        f"--web.listen-address=127.0.0.1:{port}",
        *flags,
    ]
    log = folder / "prometheus.log"
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_until_ready(url, len(targets or {}), process, log)
            yield url
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
    shutil.rmtree(data)


@contextmanager
def exposition_server(*files: Path) -> Iterator[tuple[str, ...]]:
    """The url of each file, for a Prometheus to scrape."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = files[int(self.path.strip("/"))].read_bytes()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield tuple(f"http://127.0.0.1:{server.server_port}/{number}" for number in range(len(files)))
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _fill(data: Path, openmetrics: str | Path) -> None:
    file = openmetrics if isinstance(openmetrics, Path) else data.with_name("samples.om")
    if isinstance(openmetrics, str):
        file.write_text(openmetrics)
    command = [
        "promtool",
        "tsdb",
        "create-blocks-from",
        "--max-block-duration=768h",
        "openmetrics",
        file,
        data,
    ]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout + made.stderr


def _configuration(targets: Mapping[str, str], honor_timestamps: bool) -> str:
    jobs = [
        f"  - job_name: {job}\n"
        f"    honor_timestamps: {str(honor_timestamps).lower()}\n"
        f"    metrics_path: /{url.partition('//')[2].partition('/')[2]}\n"
        f"    static_configs: [{{targets: ['{url.split('/')[2]}']}}]\n"
        for job, url in targets.items()
    ]
    return "global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n" + "".join(jobs)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _wait_until_ready(url: str, jobs: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Until it answers, and has scraped each job once."""
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urlopen(f"{url}/-/ready", timeout=5), urlopen(f"{url}/api/v1/targets", timeout=5) as answer:
                if (
                    sum(target["health"] == "up" for target in json.load(answer)["data"]["activeTargets"])
                    == jobs
                ):
                    return
        except (URLError, ConnectionError, TimeoutError):
            pass
        time.sleep(0.05)
    raise AssertionError(f"Prometheus is not ready:\n{log.read_text()}")
