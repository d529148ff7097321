"""Running collect and allocate on a folder, as the commands do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from collectors.exports import Exports
from costwatch.allocate import AllocatedPeriod, allocate
from costwatch.allocation.settings import Allocation
from costwatch.collect import Collected, collect
from costwatch.model import Window
from costwatch.warehouse.contents import contents
from costwatch.warehouse.facts.cost import Cost, cost
from costwatch.warehouse.store import Warehouse
from tests.made.bills import Line, write_csv, write_delivery

NOW = datetime(2026, 11, 3, tzinfo=UTC)
EVER = (date(2000, 1, 1), date(2100, 1, 1))


@dataclass
class Company:
    """A warehouse and a ledger below ``root``, and what its configuration would say."""

    root: Path
    allocation: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.warehouse = Warehouse(self.root / "costwatch.db")
        self.sources = [Exports(name="aws", location=str(self.root / "bill"))]

    def bill(self, lines: Sequence[Line], name: str = "bill.csv") -> Path:
        """Deliver these lines as a file without a manifest."""
        return write_csv(self.root / "bill" / name, lines)

    def deliver(self, lines: Mapping[str, Sequence[Line]]) -> None:
        """Deliver the lines of each month as AWS does."""
        for month, its_lines in lines.items():
            write_delivery(self.root / "bill", month, its_lines)

    def collect(self, now: datetime = NOW, window: Window | None = None) -> list[Collected]:
        return collect(self.warehouse, self.root / "ledger", self.sources, now, window=window)

    def allocate(self, now: datetime = NOW, window: Window | None = None) -> list[AllocatedPeriod]:
        settings = Allocation.model_validate(self.allocation)
        return allocate(self.warehouse, self.root / "ledger", self.sources, settings, now, window=window)

    def run(self, now: datetime = NOW) -> None:
        """Both steps, which must succeed."""
        assert [collected.error for collected in self.collect(now)] == [""] * len(self.sources)
        assert {published.error for published in self.allocate(now)} <= {""}

    def cost(self, *by: str, where: Mapping[str, tuple[str, ...]] | None = None) -> list[Cost]:
        with self.warehouse.read() as db:
            return cost(db, *EVER, by, where)

    def billed(self, by: str = "team") -> dict[str, Decimal]:
        return {row.labels[by]: row.amount("BilledCost") for row in self.cost(by)}

    def effective(self, by: str = "team") -> dict[str, Decimal]:
        return {row.labels[by]: row.amount() for row in self.cost(by)}

    def hashes(self, *without: str) -> dict[str, str]:
        with self.warehouse.read() as db:
            return {name: held.sha256 for name, held in contents(db).items() if name not in without}
