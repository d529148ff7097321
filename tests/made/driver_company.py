"""A small company whose database and gateway are shared by measures, and whose platform gives its cost on."""

import csv
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from costwatch import cli
from costwatch.plugins import tags_text
from tests.made.bills import Line, on_day, tags, write_csv
from tests.made.command_line import NOW, configure

DAYS = 3
CONFIG: dict[str, Any] = {
    "sources": [
        {"name": "aws", "kind": "exports", "location": "bill"},
        {"name": "files", "kind": "measure_files", "location": "measures"},
    ],
    "teams": [{"name": "risk"}, {"name": "payments", "aliases": ["pay"]}, {"name": "platform"}],
    "pools": [
        {
            "name": "mysql",
            "split": "driver",
            "match": {"ServiceName": "RDS"},
            "driver": "mysql_time",
            "label": "schema",
            "owners": {"payments_db": "payments", "mesh": "platform"},
        },
        {
            "name": "gateway",
            "split": "driver",
            "carried_by": "platform",
            "driver": "requests",
            "label": "caller",
        },
    ],
    "dimensions": {"product": {"tag": ["product", "Product Name"]}},
}
HOSTILE = "<b>x</b>\x1b[31m"


def driver_company(folder: Path, *, without: int = 0) -> Path:
    """Publishes it there; its configuration file. without: a day of October that is not measured."""
    configure(folder, yaml.safe_dump(CONFIG, sort_keys=False))
    write_csv(folder / "bill" / "bill.csv", [*_lines()])
    (folder / "measures").mkdir()
    for number in {*range(1, DAYS + 1)} - {without}:
        day = date(2026, 10, number)
        with (folder / "measures" / f"{day}.csv").open("w", newline="") as file:
            written = csv.writer(file)
            written.writerow(["day", "measure", "unit", "labels", "value", "coverage"])
            written.writerows(_measures(day))
    file_name = folder / "costwatch.yaml"
    for step in ("collect", "allocate"):
        assert cli.run(["-c", str(file_name), step], NOW) == 0
    return file_name


def _lines() -> Iterator[Line]:
    """Each day the database costs 12, the platform's own machines 6 and those of risk 2."""
    for day in range(1, DAYS + 1):
        yield _line(day, "12", "RDS")
        yield _line(day, "6", "EC2", team="platform", product="Mesh")
        yield _line(day, "2", "EC2", team="risk", **{"Product Name": "Gift Cards"})


def _line(day: int, cost: str, service: str, **tagged: str) -> Line:
    known = {"BilledCost": cost, "EffectiveCost": cost, "ServiceName": service, "SubAccountId": ""}
    return on_day(day, Tags=tags(**tagged), **known)


def _measures(day: date) -> Iterator[tuple[object, ...]]:
    """A third of the database's time is nobody's; of requests, one product is told."""
    for schema, seconds in (("payments_db", 500.5), ("mesh", 500.5), (HOSTILE, 500.5)):
        yield day, "mysql_time", "s", tags_text({"schema": schema}), seconds, 1
    for caller, product, requests in (("risk", "Cards", 3000), ("pay", "", 1000), ("platform", "", 9000)):
        yield day, "requests", "calls", tags_text({"caller": caller, "product": product}), requests, 1
