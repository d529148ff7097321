"""How ``costwatch.yaml`` names the engine that reads the lines of a bill."""

import re

IN_PROCESS = "duckdb://"
_SPARK = re.compile(r"spark://[\w.-]+:\d+(,[\w.-]+:\d+)*")
_NOT_YET = ("athena", "clickhouse", "trino")


def checked(url: str) -> str:
    """``url``, if there is an engine for it. Raises ValueError saying which there are."""
    if url == IN_PROCESS or _SPARK.fullmatch(url):
        return url
    scheme = url.partition(":")[0]
    if scheme in _NOT_YET:
        why = f"costwatch has no engine for {scheme} yet"
    elif scheme == "spark":
        why = "a Spark master is named by host and port"
    else:
        why = "no such engine"
    raise ValueError(f"{why}; write {IN_PROCESS} or spark://HOST:PORT")


def masters(url: str) -> list[tuple[str, int]]:
    """Host and port of each Spark master that ``url`` names."""
    named = (each.rpartition(":") for each in url.removeprefix("spark://").split(","))
    return [(host, int(port)) for host, _, port in named]
