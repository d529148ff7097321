"""What credits and refunds hide: said beside the net figures."""

from decimal import Decimal

import streamlit as st
from markupsafe import Markup

from costwatch import money
from costwatch.cost.conversion import Unit
from costwatch.cost.spending import TeamSpending
from dashboards import blocks


def beside_spent(of: TeamSpending, unit: Unit, note: blocks.Text) -> blocks.Text:
    """``note`` of the month to date, after what it is before credits."""
    if of.before_credits is None:
        return note
    before, credits = of.before_credits.month_to_date, of.before_credits.credits
    return Markup("before credits {} (credits and refunds {}) · {}").format(
        _exact(before, unit, "before_credits"), _exact(credits, unit, "credits"), note
    )


def beside_forecast(of: TeamSpending, unit: Unit, note: blocks.Text) -> blocks.Text:
    """``note`` of the forecast, after what it is before credits."""
    if of.before_credits is None:
        return note
    before = _exact(of.before_credits.forecast, unit, "forecast_before_credits")
    return Markup("before credits {} · {}").format(before, note)


def sentences(of: TeamSpending, unit: Unit) -> list[tuple[str, str, Markup]]:
    """That a month is as cheap as it is because of credits, which end; none where it has no credits."""
    if of.before_credits is None:
        return []
    before, net = (
        blocks.amount(amount, unit.name, money.exact(amount, unit.currency))
        for amount in (of.before_credits.month_to_date, of.month_to_date)
    )
    link = blocks.link(
        "See the credits", "costs", by="charge_kind", currency=str(st.query_params.get("currency", ""))
    )
    text = Markup("Credits and refunds turn {} of this month into {}: see until when. {}")
    return [("○", "muted", text.format(before, net, link))]


def _exact(amount: Decimal, unit: Unit, name: str) -> Markup:
    return blocks.amount(amount, unit.name, money.exact(amount, unit.currency), name)
