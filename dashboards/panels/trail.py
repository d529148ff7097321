"""The pools that one team's cost came through, what it was weighed by, and what to ask next."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import streamlit as st
from markupsafe import Markup

from costwatch import money
from costwatch.answers.costs import CostQuery
from costwatch.answers.trail import trail
from costwatch.cost.trail import Trail, TrailRow
from costwatch.csv_text import Cell, csv_text
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.wording import printable, share
from dashboards import blocks, frame
from dashboards.blocks import Column, Text
from dashboards.reading import ask, configured

_LISTED = 10
_COLUMNS = (
    Column("Pool", "text"),
    Column("Amount", "number"),
    Column("Share", "number"),
    Column("Of", "number", wide=True),
)


def trail_of_team(query: CostQuery) -> None:
    """Draws the card where one team is chosen."""
    if "team" not in dict(query.where):
        return
    found = ask(asked, query)
    if not found.rows:
        return
    with frame.card("Where it came from", f"{found.metric} by the pools it came through"):
        st.html(blocks.table(_COLUMNS, (cells for row in found.rows for cells in _cells(row))))
        for sentence in found.left_over:
            st.html(blocks.note(printable(sentence)))
        st.html(blocks.title("Ask next"))
        st.code(_onward(found), language="bash", wrap_lines=True)
        st.download_button(
            "CSV, every workload",
            lambda: as_csv(found),
            f"trail-{query.first}-{query.end}.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
        )


def asked(facts: WarehouseSnapshot, query: CostQuery) -> Trail:
    """A question for ``ask``: of the settled days of the page, as they are filtered and converted there."""
    where = {name: (value,) for name, value in query.where}
    (team,) = where.pop("team")
    if not query.unit.converted:
        where["currency"] = (query.currency,)
    conversion = configured().currency if query.unit.converted else None
    after = query.end + timedelta(days=1)
    return trail(facts, team, query.first, after, where, query.metric, conversion)


def _cells(row: TrailRow) -> Iterator[tuple[Text, ...]]:
    of_whole = "–" if row.share is None else share(row.share)
    name = Markup("<b>{}</b><br>{}").format(printable(row.pool), _muted(row.steps[-1].split_by))
    yield name, _amount(row.amount, row, "trail"), of_whole, _amount(row.whole, row, "whole")
    if len(row.steps) > 1:
        for number, step in enumerate(row.steps, 1):
            below = Markup("{}. {}<br>{}").format(number, printable(step.pool), _muted(step.in_words))
            yield below, "", "", _amount(step.whole, row, "step")
    for part in row.parts[:_LISTED]:
        yield _muted(part.name), _amount(part.amount, row, "part"), "", ""
    if rest := row.parts[_LISTED:]:
        others = sum((part.amount for part in rest), Decimal())
        yield _muted(f"{len(rest):,} more, in the CSV"), _amount(others, row, "part"), "", ""


def _muted(text: str) -> Markup:
    return Markup('<span class="muted">{}</span>').format(printable(text))


def _amount(amount: Decimal, row: TrailRow, name: str) -> Markup:
    return blocks.amount(amount, row.currency, money.exact(amount, row.currency), name)


def _onward(found: Trail) -> str:
    """Commands, each below its pool as a remark."""
    return "\n".join(f"# {printable(pool)}\n{printable(command)}" for pool, command in found.next_questions)


def as_csv(found: Trail) -> str:
    """A row for each workload, or pool without any, with every digit: the amounts add up to the team's."""
    columns = ("x_Pool", "x_Cluster", "x_Namespace", "x_Workload", "BillingCurrency", found.metric)
    return csv_text((*columns, "of the pool", "split by", "ask next"), _lines(found))


def _lines(found: Trail) -> Iterator[tuple[Cell, ...]]:
    for row in found.rows:
        how = row.whole, row.steps[-1].split_by, row.next_question
        for part in row.parts:
            yield row.pool, part.cluster, part.namespace, part.workload, row.currency, part.amount, *how
        if not row.parts:
            yield row.pool, "", "", "", row.currency, row.amount, *how
