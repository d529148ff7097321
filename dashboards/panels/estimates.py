"""What usage that is not billed yet will cost: how good the estimates are, and what they cannot price."""

import streamlit as st
from markupsafe import Markup

from costwatch import money
from costwatch.answers import estimates
from costwatch.answers.estimates import LiveEstimates
from dashboards import blocks, frame
from dashboards.reading import ask


def live_estimates() -> None:
    """Draws the card; nothing where no usage is collected."""
    found = ask(estimates.live_estimates)
    if not found.is_any:
        return
    with frame.card("Live estimates", "usage that is not billed yet: in no sum, and by no settled number"):
        if found.today:
            st.html(blocks.lines([_today(found)]))
        unpriced = [("◐", "warn", _said(text)) for text in found.unpriced]
        st.html(blocks.sentences([_accuracy(found), *unpriced]))
        st.html(blocks.note(Markup("<code>costwatch usage estimate</code> shows at what nodes are priced.")))


def _today(found: LiveEstimates) -> Markup:
    amounts = Markup(" and ").join(
        blocks.amount(amount, currency, money.exact(amount, currency), f"today-{currency}")
        for currency, amount in sorted(found.today.items())
    )
    return Markup("Today so far, estimated: <b>{}</b>.").format(amounts)


def _accuracy(found: LiveEstimates) -> tuple[str, str, Markup]:
    if found.finding:
        return "▲", "bad", _said(found.finding)
    if found.sentence:
        return "●", "good", _said(found.sentence)
    return "○", "", Markup("None of what was estimated is billed yet: nobody knows how far off it is.")


def _said(text: str) -> Markup:
    return Markup("{}.").format(text[:1].upper() + text[1:])
