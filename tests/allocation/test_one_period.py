"""Whatever goes wrong in one billing period stays in it: the others are published, and days settle."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from costwatch.allocation.attribution import Attribution
from costwatch.errors import CostwatchError
from tests.made.bills import of_month
from tests.made.company import Company

TROUBLE = {
    "a trouble that is known": CostwatchError("ledger: it is gone; collect again"),
    "one that nobody foresaw": KeyError("BilledCost"),
}


@pytest.mark.parametrize("error", TROUBLE.values(), ids=TROUBLE)
def test_other_periods_are_published_after(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = Company(tmp_path)
    company.bill([of_month(month) for month in ("2026-08", "2026-09", "2026-10")])
    company.collect()
    whole = Attribution.compute

    def compute(self: Attribution, parts: Any, period: date, *rest: Any) -> None:
        if period.month == 9:
            raise error
        whole(self, parts, period, *rest)

    monkeypatch.setattr(Attribution, "compute", compute)
    done = {each.period.month: each for each in company.allocate()}
    assert [month for month, each in done.items() if each.changed] == [8, 10]
    assert done[9].error
    assert "report" in done[9].error or "collect again" in done[9].error
    with company.warehouse.read() as db:
        settled = {row["day"] for row in db.execute("SELECT day FROM day_state WHERE state != 'estimated'")}
    assert {20260801, 20261001} <= settled
