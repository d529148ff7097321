"""Debian's MariaDB on loopback, and its exporter that a Prometheus scrapes."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.parse import quote
from urllib.request import urlopen

import pymysql

from tests.doubles.prometheus_server import free_port, real_prometheus

_READY_SECONDS = 60
_MARIADBD = shutil.which("mariadbd") or "/usr/sbin/mariadbd"  # not on everyone's path
_AS_ROOT = ["--user=root"] if os.getuid() == 0 else []
_SMALL = (
    "--innodb-buffer-pool-size=8M",
    "--innodb-log-file-size=4M",
    "--innodb-flush-log-at-trx-commit=0",
    "--key-buffer-size=1M",
    "--innodb-flush-method=nosync",
)


@dataclass(frozen=True)
class Mariadb:
    """A running server, whose user ``root`` needs no password; pid: its process."""

    port: int
    pid: int

    @property
    def url(self) -> str:
        return f"mysql://127.0.0.1:{self.port}"

    def run(self, *statements: str, database: str | None = None) -> Sequence[tuple[object, ...]]:
        """Run each as root; the rows of the last one."""
        with (
            pymysql.connect(
                host="127.0.0.1", port=self.port, user="root", database=database, autocommit=True
            ) as connection,
            connection.cursor() as cursor,
        ):
            for statement in statements:
                cursor.execute(statement)
            return cursor.fetchall()


@contextmanager
def mariadb(folder: Path, *flags: str) -> Iterator[Mariadb]:
    """A MariaDB that keeps its data in ``folder``; flags: further ones of the command line."""
    data, log, port = folder / "data", folder / "mariadb.log", free_port()
    made = subprocess.run(
        [
            *("mariadb-install-db", "--no-defaults", f"--datadir={data}", "--skip-test-db", *_AS_ROOT),
            *("--auth-root-authentication-method=normal", *_SMALL),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    command = [
        *(_MARIADBD, "--no-defaults", f"--datadir={data}", *_AS_ROOT),
        *("--bind-address=127.0.0.1", f"--port={port}", f"--socket={folder / 'socket'}"),
        *("--skip-name-resolve", "--performance-schema=ON", "--performance-schema-digests-size=500"),
        *(*_SMALL, *flags),
    ]
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
        try:
            server = Mariadb(port, process.pid)
            _wait_until_ready(server, process, log)
            yield server
        finally:
            process.kill()  # what it holds is thrown away
    shutil.rmtree(data)


@contextmanager
def mysqld_exporter(server: Mariadb) -> Iterator[str]:
    """The url of the metrics of ``server``, with the statements that each schema has seen."""
    port = free_port()
    command = [
        "prometheus-mysqld-exporter",
        "--collect.perf_schema.eventsstatements",
        "--collect.perf_schema.eventsstatements.limit=1000",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    environment = {**os.environ, "DATA_SOURCE_NAME": f"root@(127.0.0.1:{server.port})/"}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            url = f"http://127.0.0.1:{port}/metrics"
            _wait_until_served(url, process)
            yield url
        finally:
            process.kill()


@contextmanager
def scraped_mariadb(folder: Path, seconds: Mapping[str, float]) -> Iterator[tuple[Mariadb, str]]:
    """A MariaDB, and the url of a Prometheus that scrapes its exporter each second.

    seconds: schema -> for how long it was busy between the first scrape and the newest one, at least.
    """
    with mariadb(folder) as server, mysqld_exporter(server) as metrics:
        for schema in seconds:
            server.run(f"CREATE DATABASE {schema}", f"USE {schema}", "SELECT SLEEP(0.001)")
        with real_prometheus(folder / "prometheus", targets={"mysql": metrics}) as url:
            for schema, busy in seconds.items():
                server.run(f"SELECT SLEEP({busy})", database=schema)
            _wait_until_scraped(url, seconds)
            yield server, url


def _wait_until_ready(server: Mariadb, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            server.run("SELECT 1")
            return
        except pymysql.OperationalError:
            time.sleep(0.05)
    raise AssertionError(f"MariaDB is not ready:\n{log.read_text()}")


def _wait_until_served(url: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urlopen(url, timeout=5) as answer:
                assert b"mysql_up 1" in answer.read()
                return
        except (URLError, ConnectionError, TimeoutError):
            time.sleep(0.05)
    raise AssertionError("the exporter of MariaDB is not ready")


def _wait_until_scraped(url: str, seconds: Mapping[str, float]) -> None:
    query = quote("sum by (schema) (mysql_perf_schema_events_statements_seconds_total)")
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        with urlopen(f"{url}/api/v1/query?query={query}", timeout=5) as answer:
            found = {
                each["metric"]["schema"]: each["value"][1] for each in json.load(answer)["data"]["result"]
            }
        if all(float(found.get(schema, 0)) > busy for schema, busy in seconds.items()):
            return
        time.sleep(0.1)
    raise AssertionError(f"Prometheus has not scraped what MariaDB did: {found}")
