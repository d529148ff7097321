"""Filters in the address: values nobody knows are told, and what was chosen goes along to other pages."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING

import streamlit as st
from markupsafe import Markup

from costwatch.wording import printable, shortened
from dashboards import blocks

if TYPE_CHECKING:
    from streamlit.navigation.page import StreamlitPage

PICKED = ("team", "account", "service", "system")  # what costs can be filtered by
TRAVELLING = ("team", "currency")
_LONGEST = 80


class NothingKnown(Exception):
    """The address asks for what nobody knows; ``sentence`` says so, and no amount is shown beside it."""

    def __init__(self, sentence: Markup) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence


def unknown(key: str, options: Sequence[str]) -> tuple[str, ...]:
    """What ``?key=`` asks for and ``options`` do not have; Streamlit would drop it without a word."""
    asked = st.query_params.get(key, "")
    return (asked,) if asked and asked not in options else ()


def no_cost(key: str, value: str, known: Sequence[str], what: str = "cost") -> Markup:
    """``No cost is known of team nosuch (renamed? nearest: …)``; the nearest is a link to it on this page."""
    nearest = Markup(" nearest: {}").format(link) if (link := _nearest(key, value, known)) else ""
    return Markup("No {} is known of {} <b>{}</b> (renamed?{})").format(what, key, _shown(value), nearest)


def no_choice(label: str, value: str, options: Sequence[str]) -> Markup:
    """That one of a few words is none of these."""
    few = ", ".join(options)
    return Markup("{}: there is no <b>{}</b>. Choose {}.").format(label, _shown(value), few)


def _nearest(key: str, value: str, known: Sequence[str]) -> Markup | str:
    near = get_close_matches(value[:_LONGEST], known, 1, cutoff=0.5)
    return blocks.link(near[0], "", **{**address(), key: near[0]}) if near else ""


def _shown(value: str) -> str:
    return printable(shortened(value, _LONGEST))


def address() -> dict[str, str]:
    """What the address asks for. What a filter was just changed to counts, if not yet there, too."""
    asked = dict(st.query_params.items())
    for key in PICKED:
        if key in st.session_state:
            asked[key] = st.session_state[key] or ""
    return {key: value for key, value in asked.items() if value}


def carry(page: "StreamlitPage") -> None:
    """Take the filters of the page before along to ``page``, where its address has none; then it is drawn."""
    here, kept = st.query_params.to_dict(), st.session_state.get("travelling", {})
    missing = {key: value for key, value in kept.items() if key not in here}
    came = st.session_state.get("page", page.url_path) != page.url_path
    st.session_state["page"] = page.url_path
    if came and missing:
        st.switch_page(page, query_params=here | missing)


def keep() -> None:
    """Remember what goes along to the next page; after a page is drawn, for it may have a filter changed."""
    here = address()
    st.session_state["travelling"] = {key: here[key] for key in TRAVELLING if key in here}


def title(page: str) -> str:
    """What the browser calls the page: ``ml-platform · Costs · costwatch``."""
    here = address()
    subject = next((_shown(here[key]) for key in ("system", "team") if key in here), "")
    return " · ".join(filter(None, (subject, page, "costwatch")))
