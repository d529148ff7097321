"""A company whose bill, or its check, is Cost Explorer's."""

import csv
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from collectors.cost_explorer import CostExplorer
from costwatch.model import Export, Window
from tests.made.company import NOW, Company

PAYER = "900000000001"
AUTUMN = Window.of_days(date(2026, 10, 1), date(2026, 11, 3))


class Bottomless:
    """A purse that only counts."""

    spent = Decimal()

    def pay(self, dollars: Decimal) -> None:
        self.spent += dollars


def explored(folder: Path, **settings: Any) -> Company:
    """A company whose only source is Cost Explorer."""
    made = Company(folder)
    made.sources = [CostExplorer(name="ce", billing_account=PAYER, **settings)]  # type: ignore[list-item]
    return made


def lines(window: Window = AUTUMN, now: datetime = NOW, **settings: Any) -> list[dict[str, str]]:
    """Every line of the files that the collector hands over."""
    source = CostExplorer(name="ce", billing_account=PAYER, **settings)
    found = []
    for batch in source.collect_paid(window, now, Bottomless()):
        export = batch.read()
        assert isinstance(export, Export)
        with export.files[0].path.open(newline="") as file:
            found += list(csv.DictReader(file))
    return found


def spent(company: Company) -> dict[int, tuple[int, int]]:
    """UTC day -> requests, nano-dollars."""
    with company.warehouse.read() as db:
        return {
            row["day"]: (row["request_count"], row["x_SpendNano"])
            for row in db.execute("SELECT * FROM spend")
        }
