"""Debian's PostgreSQL on loopback. It refuses to run as root: then it is the user that its package made."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg

from tests.doubles.prometheus_server import free_port

PASSWORD = "geheim-7531"
_READY_SECONDS = 60
_AS_ANOTHER: dict[str, Any] = {"user": "postgres", "group": "postgres", "extra_groups": []}
_RUN_AS = _AS_ANOTHER if os.getuid() == 0 else {}


@dataclass(frozen=True)
class Postgres:
    """A running server, whose user ``postgres`` has ``PASSWORD``; pid: its first process."""

    port: int
    pid: int

    @property
    def url(self) -> str:
        return f"postgresql://127.0.0.1:{self.port}"

    def run(self, *statements: str, database: str = "postgres") -> Sequence[tuple[Any, ...]]:
        """Run each as ``postgres``; the rows of the last one, where it has some."""
        where = f"host=127.0.0.1 port={self.port} user=postgres dbname={database}"
        with psycopg.connect(where, password=PASSWORD, autocommit=True) as connection:
            for statement in statements:
                cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL on a folder of its own."""
    newest = max(Path("/usr/lib/postgresql").iterdir(), key=lambda version: float(version.name)) / "bin"
    with TemporaryDirectory(prefix="postgres-") as made:
        folder, port = Path(made), free_port()
        (folder / "password").write_text(PASSWORD)
        if _RUN_AS:
            for place in (folder, folder / "password"):
                shutil.chown(place, "postgres", "postgres")
        created = subprocess.run(
            [
                *(newest / "initdb", f"--pgdata={folder / 'data'}", "--no-sync", "--username=postgres"),
                *(
                    "--auth=scram-sha-256",
                    f"--pwfile={folder / 'password'}",
                    "--no-locale",
                    "--encoding=UTF8",
                ),
            ],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            **_RUN_AS,
        )
        assert created.returncode == 0, created.stdout + created.stderr
        options = {
            "fsync": "off",
            "listen_addresses": "127.0.0.1",
            "port": port,
            "shared_buffers": "1MB",
            "unix_socket_directories": folder,
        }
        command = [newest / "postgres", "-D", folder / "data"]
        command += [f"--{name}={value}" for name, value in options.items()]
        log = folder / "postgres.log"
        with (
            log.open("wb") as output,
            subprocess.Popen(command, cwd=folder, stdout=output, stderr=output, **_RUN_AS) as process,
        ):
            try:
                server = Postgres(port, process.pid)
                _wait_until_ready(server, process, log)
                yield server
            finally:
                process.send_signal(3)  # ends its own processes, too
                process.wait(20)


def _wait_until_ready(server: Postgres, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            server.run("SELECT 1")
            return
        except psycopg.OperationalError:
            time.sleep(0.05)
    raise AssertionError(f"PostgreSQL is not ready:\n{log.read_text()}")
