"""Naming an engine in costwatch.yaml, and what is said where it cannot be had."""

import socket
import sys
from pathlib import Path

import pytest

from tests.made.bills import of_month, write_csv
from tests.made.command_line import CONFIG, Costwatch, configure


def without_pyspark(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("costwatch.ledger.engines.spark", "costwatch.ledger.engines.spark_driver"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "pyspark", None)


def without_java(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(folder))


def with_an_old_java(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    java = folder / "bin/java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho java.lang.UnsupportedClassVersionError: org/apache/spark; exit 1\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(folder))


def alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only there is no master."""


TROUBLES = {
    "pyspark is missing; install costwatch[spark]": without_pyspark,
    "there is no Java here; install Java 17 or newer (Debian: default-jre-headless)": without_java,
    "this Java is too old for Spark; install Java 17 or newer": with_an_old_java,
    "the master does not answer (Connection refused); start it, or correct engine in costwatch.yaml": alone,
}


# What starts Java leaves a pipe to one that did not start.
@pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <_io.FileIO:pytest.PytestUnraisableExceptionWarning"
)
@pytest.mark.parametrize("what", TROUBLES)
def test_what_is_missing_is_named_once(
    what: str, costwatch: Costwatch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"spark://127.0.0.1:{server.getsockname()[1]}"
        if TROUBLES[what] is alone:
            server.close()
        configure(tmp_path, f"{CONFIG}engine: {url}\n")
        write_csv(tmp_path / "bill/bill.csv", [of_month("2026-09"), of_month("2026-10")])
        assert costwatch("collect").code == 0
        TROUBLES[what](tmp_path, monkeypatch)
        answer = costwatch("allocate")
    assert (answer.code, answer.out) == (1, "")
    assert answer.err == f"costwatch: engine {url}: {what}\n"


ENGINES = {
    "duckdb://": None,
    "spark://spark-master:7077": None,
    "spark://one:7077,two:7077": None,
    "spark://spark-master": "a Spark master is named by host and port",
    "spark://jo@spark-master:7077": "a Spark master is named by host and port",
    "athena://primary": "costwatch has no engine for athena yet",
    "trino://host:8080/hive": "costwatch has no engine for trino yet",
    "clickhouse://host": "costwatch has no engine for clickhouse yet",
    "polars": "no such engine",
}


@pytest.mark.parametrize("url", ENGINES)
def test_an_engine_is_named_by(url: str, costwatch: Costwatch, tmp_path: Path) -> None:
    configure(tmp_path, f"{CONFIG}engine: {url}\n")
    why = ENGINES[url]
    told = f"costwatch.yaml:6: 'engine': {why}; write duckdb:// or spark://HOST:PORT\n" if why else ""
    assert costwatch("check").out == told
