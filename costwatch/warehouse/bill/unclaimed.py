"""What is unallocated, by what could name its owner: values of tags and cost categories, and accounts."""

import sqlite3
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from datetime import date
from typing import Literal

from costwatch.warehouse.encoding import from_int

Kind = Literal["tag", "cost_category", "account"]


@dataclass(frozen=True, slots=True)
class Unclaimed:
    """Lines of one billing period that no team carries, each in one of these only.

    kind: by what they could be claimed. key: of the tag, name of the cost category; '' of an account. value:
    as it is written; of an account its SubAccountId. SubAccountName: '' of what is no account.
    """

    kind: Kind
    key: str
    value: str
    SubAccountName: str
    BillingCurrency: str
    EffectiveCostNano: int
    line_count: int


def by_period(db: sqlite3.Connection) -> dict[date, list[Unclaimed]]:
    """Of every published period that has any, the largest first."""
    found: dict[date, list[Unclaimed]] = {}
    for row in db.execute("SELECT * FROM unclaimed ORDER BY period, abs(EffectiveCostNano) DESC, key, value"):
        period, *known = row
        found.setdefault(from_int(period), []).append(Unclaimed(*known))
    return found


def as_rows(found: Iterable[Unclaimed]) -> list[tuple[int | str, ...]]:
    """As the table has them, without the period."""
    return [astuple(each) for each in found]
