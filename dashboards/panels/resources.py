"""The resources behind one team's cost of one service."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import streamlit as st
from markupsafe import Markup

from costwatch import money
from costwatch.allocation.resources import Resource, Resources, resources
from costwatch.answers.costs import CostQuery
from costwatch.csv_text import csv_text
from costwatch.errors import CostwatchError
from costwatch.ledger.files import LedgerFiles
from costwatch.model import METRICS, Amounts
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.warehouse.store import Warehouse
from dashboards import blocks, frame
from dashboards.blocks import Column
from dashboards.reading import ask, configured

_TOLD_BY = {"team", "service"}
_SHOWN = 25


@dataclass(frozen=True, slots=True)
class LargestResources:
    """Those shown, and what the others of each currency come to: how many, and their sums."""

    rows: Sequence[Resource]
    rest: Mapping[str, tuple[int, Amounts]]
    remark: str


def resources_behind(query: CostQuery) -> None:
    """Draws the card where one team and one service are chosen; the page is the same without the ledger."""
    chosen = dict(query.where)
    if not chosen.keys() >= _TOLD_BY:
        return
    with frame.card("Resources", f"largest {query.metric} first, from the lines of the bill"):
        if others := sorted(chosen.keys() - _TOLD_BY):
            st.html(
                blocks.note(f"Resources are of a team and a service as a whole: clear {', '.join(others)}.")
            )
            return
        try:
            with st.spinner("Reading the lines of the bill, which is done once until it is published anew"):
                found = ask(largest_resources, query)
        except CostwatchError as error:
            st.html(blocks.note(f"They cannot be read here: {error}"))
            return
        st.html(_table(found))
        if query.unit.converted:
            st.html(blocks.note("Each in the currency of its bill, not converted."))
        if found.remark:
            st.html(blocks.note(found.remark))
        _download(query)


def largest_resources(_: WarehouseSnapshot, query: CostQuery) -> LargestResources:
    """A question for ``ask``, which keeps no more than is shown."""
    found = _asked(query)
    rows = _shown(found, query)
    rest: dict[str, tuple[int, Amounts]] = {}
    for each in rows[_SHOWN:]:
        count, sums = rest.get(each.BillingCurrency, (0, Amounts()))
        rest[each.BillingCurrency] = count + 1, sums + _amounts(each)
    return LargestResources(rows[:_SHOWN], rest, found.remark)


def _asked(query: CostQuery) -> Resources:
    chosen, config = dict(query.where), configured()
    after = query.end + timedelta(days=1)
    return resources(
        Warehouse(config.warehouse),
        LedgerFiles(config.ledger),
        chosen["team"],
        chosen["service"],
        query.first,
        after,
    )


def rows_of(query: CostQuery) -> list[Resource]:
    """All of them, in the order that is shown."""
    return _shown(_asked(query), query)


def _shown(found: Resources, query: CostQuery) -> list[Resource]:
    """In the currency that is shown; where that is converted, each in its own."""
    mine = [row for row in found.rows if query.unit.converted or row.BillingCurrency == query.currency]
    return sorted(mine, key=lambda row: (row.BillingCurrency, -abs(_amounts(row).nano(query.metric))))


def _table(found: LargestResources) -> Markup:
    columns = (
        Column("Resource", "text"),
        Column("Account", wide=True),
        Column("Region", wide=True),
        Column("Lines", "number", wide=True),
        *(Column(metric, "number") for metric in sorted(METRICS)),
    )
    rows = [
        (_name(row), row.SubAccountId, row.RegionId, *_numbers(_amounts(row), row.BillingCurrency))
        for row in found.rows
    ]
    for currency, (count, of) in sorted(found.rest.items()):
        rows.append((f"({count:,} more in the CSV)", "", "", *_numbers(of, currency)))
    return blocks.table(columns, rows) if rows else blocks.note("No line of the bill is behind it.")


def _name(of: Resource) -> str:
    return f"(pool {of.x_Pool})" if of.x_Pool else of.ResourceId or "(no resource)"


def _numbers(of: Amounts, currency: str) -> tuple[blocks.Text, ...]:
    amounts = (money.units(of.nano(metric)) for metric in sorted(METRICS))
    shown = (blocks.amount(amount, currency, money.exact(amount, currency), "resource") for amount in amounts)
    return f"{of.line_count:,}", *shown


def _amounts(of: Resource) -> Amounts:
    return Amounts(of.BilledCostNano, of.EffectiveCostNano, of.line_count)


def _download(query: CostQuery) -> None:
    name = f"resources-{query.first}-{query.end}.csv"
    st.download_button(
        "CSV, every resource",
        lambda: as_csv(rows_of(query)),
        name,
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
    )


def as_csv(rows: Sequence[Resource]) -> str:
    """With every digit."""
    columns = ("ResourceId", "SubAccountId", "RegionId", "BillingCurrency", "x_Pool", *sorted(METRICS))
    return csv_text(
        [*columns, "x_LineCount"],
        (
            [
                row.ResourceId,
                row.SubAccountId,
                row.RegionId,
                row.BillingCurrency,
                row.x_Pool,
                *(money.units(_amounts(row).nano(metric)) for metric in sorted(METRICS)),
                row.line_count,
            ]
            for row in rows
        ),
    )
