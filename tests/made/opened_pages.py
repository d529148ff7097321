"""A page, opened as a reader would, and what is found on it."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from html import unescape

from streamlit.testing.v1 import AppTest

from costwatch.money import nanos, units
from tests.made import pages_company

FAILED = "This page cannot be shown"
Open = Callable[..., "Page"]


class Page:
    """One run of one page."""

    def __init__(self, test: AppTest) -> None:
        self.test = test
        bodies = [block.value for block in test.get("html")]
        self.html = "\n".join(body for body in bodies if not body.startswith("<style>"))
        self.text = unescape(" ".join(re.sub(r"<[^>]*>", " ", self.html).split()))

    def number(self, name: str) -> Decimal:
        """The exact number of that name."""
        found = re.search(rf'data-exact="([^"]*)" data-name="{name}"', self.html)
        assert found, f"{name} is not on the page"
        return Decimal(found[1])

    def numbers(self, name: str) -> list[Decimal]:
        """The exact numbers of that name, as they stand."""
        return [
            Decimal(found) for found in re.findall(rf'data-exact="([^"]*)" data-name="{name}"', self.html)
        ]


def spent(first: date, last: date, metric: str = "EffectiveCost", **where: str) -> Decimal:
    """What the rows of the made-up company sum to."""
    wanted = {"team": 1, "service": 2}
    at = 5 if metric == "EffectiveCost" else 4
    rows = [row for row in pages_company.rows() if first <= row[0] <= last]
    kept = [row for row in rows if all(row[wanted[name]] == value for name, value in where.items())]
    return units(sum(nanos(Decimal(str(row[at]))) for row in kept))
