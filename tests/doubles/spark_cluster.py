"""A standalone Spark cluster on loopback: a master and two workers, Java processes of their own."""

import os
import re
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyspark
import pytest

_SPARK_CLASS = Path(pyspark.__file__).parent / "bin" / "spark-class"
_READY_WITHIN_SECONDS = 120
_JAVA = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1"  # starts in half the time
_DAEMONS = {
    "SPARK_DAEMON_JAVA_OPTS": f"{_JAVA} -Dspark.master.rest.enabled=false",
    "SPARK_DAEMON_MEMORY": "256m",
    "SPARK_LOCAL_IP": "127.0.0.1",
}
_DEFAULTS = {
    "spark.driver.extraJavaOptions": _JAVA,
    "spark.driver.memory": "512m",
    "spark.executor.extraJavaOptions": _JAVA,
    "spark.executor.memory": "512m",
    "spark.sql.shuffle.partitions": "2",
}


@dataclass(frozen=True)
class Cluster:
    """A running cluster, whose workers may still be starting; their logs and work lie in ``folder``."""

    url: str
    folder: Path

    def ready(self) -> None:
        """Wait for both workers."""
        _logged(self.folder / "master.log", "Registering worker", 2)

    def ran_on(self) -> set[str]:
        """The workers that gave an application a process."""
        return {path.parent.parent.name for path in self.folder.glob("worker-?/app-*/*")}


def configure(folder: Path, monkeypatch: pytest.MonkeyPatch, settings: Mapping[str, str] = _DEFAULTS) -> None:
    """Make ``settings`` those of the applications that are started from here."""
    lines = [f"{key} {value}" for key, value in {**_DEFAULTS, **settings}.items()]
    (folder / "spark-defaults.conf").write_text("\n".join(lines))
    monkeypatch.setenv("SPARK_CONF_DIR", str(folder))


@contextmanager
def running(folder: Path) -> Iterator[Cluster]:
    """A cluster until the block ends, or this process does."""
    with ExitStack() as daemons:
        log = folder / "master.log"
        daemons.enter_context(
            _daemon(log, "master.Master", "--host", "127.0.0.1", "--port", "0", "--webui-port", "0")
        )
        (url,) = _logged(log, r"Starting Spark master at (spark://\S+)", 1)
        for name in ("worker-1", "worker-2"):
            options = ["--host", "127.0.0.1", "--webui-port", "0", "-c", "1", "-m", "512m"]
            place = ["-d", str(folder / name)]
            daemons.enter_context(_daemon(folder / f"{name}.log", "worker.Worker", *options, *place, url))
        yield Cluster(url, folder)


@contextmanager
def _daemon(log: Path, of: str, *arguments: str) -> Iterator[None]:
    # The shell ends it when its input does: at the end of the block, and when this process is killed.
    guarded = ["sh", "-c", '"$@" & cat; kill $!; wait', "sh"]
    command = [*guarded, str(_SPARK_CLASS), f"org.apache.spark.deploy.{of}", *arguments]
    with log.open("w") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=output, stderr=output, env={**os.environ, **_DAEMONS}
        )
    try:
        yield
    finally:
        process.communicate(timeout=30)


def _logged(log: Path, pattern: str, times: int) -> Sequence[str]:
    """What a daemon has said, as soon as it has said it so many times."""
    until = time.monotonic() + _READY_WITHIN_SECONDS
    while len(found := re.findall(pattern, log.read_text())) < times:
        assert time.monotonic() < until, log.read_text()[-2000:]
        time.sleep(0.1)
    return found
