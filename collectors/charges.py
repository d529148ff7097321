"""Flat fees of ``costwatch.yaml``, delivered as a bill of their own."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from collectors.layouts.focus_lines import completed, write
from costwatch.cost.charges import Charge, ChargeLine, lines_of
from costwatch.model import CONFIGURED, Batch, DeliveredFile, Export, Window
from costwatch.money import units
from costwatch.plugins import CollectorSettings
from costwatch.wording import digits

_DAY = timedelta(days=1)


class Charges(CollectorSettings):
    """What ``charges`` says, up to yesterday; a file for each month, so that each is a load of its own.

    owner_tags: the tags by which owner pools know a team; a charge with one has them all.
    """

    name: str = CONFIGURED
    sparse: bool = True
    charges: tuple[Charge, ...]
    owner_tags: tuple[str, ...] = ("team",)

    @property
    def lookback(self) -> timedelta:
        """None: it always says everything."""
        return timedelta()

    def collect(self, window: Window) -> Iterator[Batch]:
        """See ``plugins.Collector``."""
        yield from self.collect_as_of(window, window.end)

    def collect_as_of(self, window: Window, now: datetime) -> Iterator[Batch]:
        """See ``plugins.DatedCollector``: all months, whatever the window."""
        months: dict[date, list[dict[str, str]]] = {}
        for charge in self.charges:
            for line in lines_of(charge, now.date()):
                months.setdefault(line.day.replace(day=1), []).append(self._line(charge, line))
        version = hashlib.sha256(json.dumps([months[month] for month in sorted(months)]).encode()).hexdigest()
        with TemporaryDirectory(prefix="costwatch-") as folder:
            yield Batch("bill", None, version, lambda: _export(months, Path(folder)))

    def _line(self, charge: Charge, of: ChargeLine) -> dict[str, str]:
        month = of.day.replace(day=1)
        service = charge.service or charge.name
        tags = dict.fromkeys(self.owner_tags, charge.team) if charge.team else {}
        told = {
            "BillingAccountId": self.name,
            "BillingCurrency": charge.currency,
            "BillingPeriodStart": month.isoformat(),
            "BillingPeriodEnd": (month + 31 * _DAY).replace(day=1).isoformat(),
            "ChargePeriodStart": of.day.isoformat(),
            "ChargePeriodEnd": (of.day + _DAY).isoformat(),
            "ChargeCategory": of.category,
            "ChargeDescription": charge.name,
            "ChargeFrequency": "One-Time" if charge.period == "once" else "Recurring",
            "ProviderName": charge.provider or service,
            "ServiceName": service,
            "ResourceId": charge.name,
            "BilledCost": digits(units(of.BilledCostNano)),
            "EffectiveCost": digits(units(of.EffectiveCostNano)),
            "Tags": json.dumps(tags) if tags else "",
        }
        return completed(told, self.name)


def _export(months: Mapping[date, list[dict[str, str]]], folder: Path) -> Export:
    files = []
    for month, lines in sorted(months.items()):
        path = folder / f"charges-{month:%Y-%m}.parquet"
        write(path, lines)
        files.append(DeliveredFile(path.name, path))
    return Export(tuple(files), is_whole=True)
