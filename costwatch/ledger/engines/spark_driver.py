"""The driver of a Spark application: the Java process by which this one speaks to a cluster."""

import os
import shutil
import socket
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from subprocess import TimeoutExpired
from tempfile import TemporaryDirectory
from typing import Any, TextIO

import ibis
from py4j.java_gateway import JavaGateway
from py4j.protocol import Py4JError
from pyspark import SparkConf, SparkContext
from pyspark import __version__ as pyspark_version
from pyspark.errors import PySparkException
from pyspark.java_gateway import launch_gateway
from pyspark.sql import SparkSession

from costwatch.errors import EngineError
from costwatch.ledger.engines.address import masters

_ANSWERS_WITHIN_SECONDS = 10
_WORKER_WITHIN_SECONDS = 120
_ENDS_WITHIN_SECONDS = 20
# What every answer depends on; what only makes it quicker is left to the cluster's own settings.
_SETTINGS: Mapping[str, str] = {
    "spark.app.name": "costwatch",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.caseSensitive": "true",
    "spark.sql.catalogImplementation": "in-memory",
    "spark.sql.legacy.parquet.nanosAsLong": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}


class Driver:
    """An application of its own on the cluster of ``url``, with one session, until it is stopped."""

    def __init__(self, url: str) -> None:
        """Raises EngineError: no Java, no answer, another version of Spark, no worker that is free."""
        self.url = url
        self._refuse_without_java()
        own_address = self._reach_a_master()
        with ExitStack() as held:
            folder = Path(held.enter_context(TemporaryDirectory(prefix="costwatch-spark-")))
            log = held.enter_context((folder / "driver.log").open("w+"))
            conf = self._conf(folder, own_address)
            try:
                gateway = held.enter_context(_gateway(conf, log))
                self.session = held.enter_context(_session(gateway, conf))
                self._await_worker()
            except (PySparkException, Py4JError) as error:
                log.seek(0)
                raise self._refused(error, log.read()) from None
            self._held = held.pop_all()

    def stop(self) -> None:
        """Leave the cluster and end the Java process."""
        self._held.close()

    def ibis(self) -> Any:
        """Ibis' way to the session."""
        with warnings.catch_warnings():
            # Of its functions that run pandas in workers, none is used here.
            warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
            return ibis.pyspark.connect(self.session)

    def _refuse_without_java(self) -> None:
        home = os.environ.get("JAVA_HOME")
        if shutil.which("java", path=f"{home}/bin" if home else None) is None:
            where = f"below JAVA_HOME ({home})" if home else "here"
            raise EngineError(
                f"engine {self.url}: there is no Java {where}; install Java 17 or newer "
                "(Debian: default-jre-headless)"
            )

    def _reach_a_master(self) -> str:
        """The address of this machine by which a master is reached, and workers reach it."""
        reasons = []
        for place in masters(self.url):
            try:
                with socket.create_connection(place, timeout=_ANSWERS_WITHIN_SECONDS) as connection:
                    address: str = connection.getsockname()[0]
                    return address
            except OSError as error:
                reasons.append(error.strerror or str(error))
        raise EngineError(
            f"engine {self.url}: the master does not answer ({', '.join(reasons)}); "
            "start it, or correct engine in costwatch.yaml"
        )

    def _conf(self, folder: Path, own_address: str) -> SparkConf:
        conf = SparkConf(loadDefaults=False).setMaster(self.url).setAll([*_SETTINGS.items()])
        conf.set("spark.sql.warehouse.dir", str(folder))
        if not any(os.environ.get(name) for name in ("SPARK_LOCAL_IP", "SPARK_LOCAL_HOSTNAME")):
            conf.set("spark.driver.host", own_address)
        return conf

    def _await_worker(self) -> None:
        """A job without one would wait for ever."""
        tracker = self.session.sparkContext._jsc.sc().statusTracker()
        until = time.monotonic() + _WORKER_WITHIN_SECONDS
        while len(tracker.getExecutorInfos()) < 2:  # the driver is one
            if time.monotonic() > until:
                raise EngineError(
                    f"engine {self.url}: no worker was free within {_WORKER_WITHIN_SECONDS} seconds; "
                    "free one, or ask for less memory (spark.executor.memory in spark-defaults.conf)"
                )
            time.sleep(0.2)

    def _refused(self, error: Exception, log: str) -> EngineError:
        if "UnsupportedClassVersionError" in log:
            return EngineError(f"engine {self.url}: this Java is too old for Spark; install Java 17 or newer")
        if "masters are unresponsive" in log:
            return EngineError(
                f"engine {self.url}: what answers there is no master of Spark {pyspark_version}; "
                "correct engine in costwatch.yaml, or install the pyspark of the cluster's version"
            )
        mistakes = (line for line in log.splitlines() if "Exception" in line or "ERROR" in line)
        said = next(mistakes, str(error).strip()).splitlines()[0][:200]
        return EngineError(
            f"engine {self.url}: Spark {pyspark_version} did not start ({said}); "
            "correct its settings in spark-defaults.conf"
        )


@contextmanager
def _gateway(conf: SparkConf, log: TextIO) -> Iterator[JavaGateway]:
    """A Java process of its own; what it prints goes to ``log``."""
    gateway = launch_gateway(conf, {"stdout": log, "stderr": log})  # type: ignore[no-untyped-call]
    try:
        yield gateway
    finally:
        gateway.shutdown()
        gateway.proc.stdin.close()  # by which it notices, too, when this process is killed
        try:
            gateway.proc.wait(_ENDS_WITHIN_SECONDS)
        except TimeoutExpired:
            gateway.proc.kill()
            gateway.proc.wait()
        # pyspark would use it again for the next application.
        SparkContext._gateway = SparkContext._jvm = None


@contextmanager
def _session(gateway: JavaGateway, conf: SparkConf) -> Iterator[SparkSession]:
    session = SparkSession(SparkContext(gateway=gateway, conf=conf))
    try:
        yield session
    finally:
        session.stop()
