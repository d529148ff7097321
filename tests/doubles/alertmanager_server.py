"""Debian's Alertmanager on loopback."""

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from tests.doubles.prometheus_server import free_port

BINARY = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
_READY_SECONDS = 30
_NOBODY = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"


@contextmanager
def real_alertmanager(folder: Path, configuration: str = _NOBODY) -> Iterator[str]:
    """The url of an Alertmanager that keeps its data in ``folder``."""
    assert BINARY
    folder.mkdir(parents=True, exist_ok=True)
    file, port = folder / "alertmanager.yml", free_port()
    file.write_text(configuration)
    command = [
        BINARY,
        f"--config.file={file}",
        f"--storage.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]
    log = folder / "alertmanager.log"
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_until_ready(url, process, log)
            yield url
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def alerts_at(url: str) -> list[dict[str, Any]]:
    """What an Alertmanager says fires."""
    with urlopen(f"{url}/api/v2/alerts", timeout=10) as answer:
        return list(json.load(answer))


def _wait_until_ready(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + _READY_SECONDS
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text()
        try:
            with urlopen(f"{url}/-/ready", timeout=1):
                return
        except (URLError, OSError):
            time.sleep(0.05)
    raise AssertionError(f"no Alertmanager answers: {log.read_text()}")
