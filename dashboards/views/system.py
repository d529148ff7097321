"""What engineers own and run: each system with its owner, or all of one. Behind links, not in the bar."""

from collections.abc import Sequence
from decimal import Decimal

import streamlit as st
from markupsafe import Markup

from costwatch import money
from costwatch.answers.systems import SystemCost, named, parts, systems
from costwatch.cost.systems import System
from costwatch.model import NO_SYSTEM
from dashboards import blocks, filters, frame
from dashboards.blocks import Column, Tile
from dashboards.panels.unit_costs import unit_costs_of_system
from dashboards.reading import ask, configured


def page() -> None:
    """Draws the page."""
    state = frame.heading("Systems", "EffectiveCost")
    if state is None:
        return
    currency = frame.currency(state)
    found = [one for one in ask(systems) if one.currency == currency]
    known = {system.name: system for system in configured().systems}
    wanted = st.query_params.get("system", "")
    if not wanted:
        _all(found, known)
        return
    chosen = next((one for one in found if one.system == wanted), None)
    if chosen is not None:
        _one(chosen, known.get(wanted))
    elif wanted in known or wanted in ask(named):
        look = _link("Look further back", "costs", system=wanted, range="365d")
        none = Markup("No cost of {} this month or in the last 14 days. {}").format(wanted, look)
        st.html(blocks.note(none))
    else:
        names = sorted({*known, *ask(named)})
        raise filters.NothingKnown(
            filters.no_cost("system", wanted, names) + Markup(" {}.").format(_to_all())
        )


def _link(text: str, page: str, **query: str) -> Markup:
    """In the currency that is looked at, where one was chosen."""
    return blocks.link(text, page, **frame.chosen_currency(), **query)


def _to_all() -> Markup:
    return _link("See all systems", "system")


def _all(found: Sequence[SystemCost], known: dict[str, System]) -> None:
    columns = (
        Column("System", "text"),
        Column("Owner"),
        Column("Tier", "number", wide=True),
        Column("Month to date", "number"),
        Column("Last 7 days", "number", wide=True),
        Column("Change", "number", wide=True),
    )
    rows: list[tuple[blocks.Text, ...]] = [
        (
            _name(one.system),
            known[one.system].team or "–" if one.system in known else "–",
            str(known[one.system].tier or "–") if one.system in known else "–",
            _exact(one.month_to_date, one.currency),
            _exact(one.last_7_days, one.currency),
            blocks.signed(one.last_7_days - one.prior_7_days, one.currency),
        )
        for one in found
    ]
    quiet = sorted(known.keys() - {one.system for one in found})
    rows += [
        (_name(name), known[name].team or "–", str(known[name].tier or "–"), "–", "–", "–") for name in quiet
    ]
    with frame.card("Systems", "change: last 7 days against the 7 before"):
        if rows:
            st.html(blocks.table(columns, rows))
        if not known:
            advice = "No system is named yet: add systems: to costwatch.yaml, then run costwatch allocate."
            st.html(blocks.note(advice))


def _name(system: str) -> blocks.Text:
    if system == NO_SYSTEM:
        return _link(system, "costs", system=system)
    return _link(system, "system", system=system)


def _one(of: SystemCost, system: System | None) -> None:
    change = blocks.change(of.last_7_days - of.prior_7_days, of.currency, "on the 7 before")
    owner = (system.team if system else "") or "nobody yet"
    tier = f"tier {system.tier}" if system and system.tier else "no tier"
    st.html(
        blocks.tiles(
            [
                Tile("System", Markup("{}").format(of.system), f"owner: {owner} · {tier}"),
                Tile("Month to date", _short(of.month_to_date, of.currency, "month_to_date"), _to_all()),
                Tile("Last 7 days", _short(of.last_7_days, of.currency, "last_7_days"), *change),
            ]
        )
    )
    left, right = st.columns(2, gap="medium")
    for place, by in ((left, "team"), (right, "service")):
        with place, frame.card(f"By {by}", "month to date"):
            st.html(_parts(of, by))
    unit_costs_of_system(of.system)


def _parts(of: SystemCost, by: str) -> Markup:
    columns = (Column(by.capitalize(), "text"), Column("EffectiveCost", "number"))
    rows = [
        (
            _link(name or "(none)", "costs", system=of.system, **{by: name}),
            _exact(amount, of.currency),
        )
        for name, amount in ask(parts, of, by)
    ]
    return blocks.table(columns, rows)


def _exact(amount: Decimal, currency: str) -> Markup:
    return blocks.amount(amount, currency, money.exact(amount, currency))


def _short(amount: Decimal, currency: str, name: str) -> Markup:
    return blocks.amount(amount, currency, money.short(amount, currency), name)
