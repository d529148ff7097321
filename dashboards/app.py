"""The list of pages. Streamlit runs this file for every reader and every click."""

from collections.abc import Iterator
from importlib.metadata import EntryPoint

import streamlit as st

from costwatch import plugins
from costwatch.errors import CostwatchError
from costwatch.plugins import Page, registered
from dashboards import filters
from dashboards.frame import show
from dashboards.theme import ICON
from dashboards.views import costs, data, overview, reliability, slo, system

PAGES = (
    Page("overview", "Overview", ":material/dashboard:", overview.page),
    Page("costs", "Costs", ":material/payments:", costs.page),
    Page("reliability", "Reliability", ":material/monitor_heart:", reliability.page),
    Page("data", "Data", ":material/database:", data.page),
    Page("system", "Systems", ":material/hub:", system.page, is_in_bar=False),
    Page("slo", "Objective", ":material/flag:", slo.page, is_in_bar=False),
)


def pages() -> Iterator[Page]:
    """Ours, then those of other packages; one that cannot be had says so to whoever opens it."""
    yield from PAGES
    for name, point in sorted(registered(plugins.PAGES).items()):
        yield _of_another(name, point)


def _of_another(name: str, point: EntryPoint) -> Page:
    try:
        page = point.load()
        if isinstance(page, Page):
            return page
        reason = f"is no costwatch.plugins.Page but {type(page).__name__}"
    except Exception as error:  # whatever a stranger's module raises while it is imported
        reason = f"cannot be imported ({type(error).__name__}: {error})"

    def refuse() -> None:
        raise CostwatchError(f"page '{name}' ({point.value}): {reason}; update or uninstall its package")

    return Page(name, name, ":material/report:", refuse)


if __name__ == "__main__":
    # Before the pages are named: the icon of one would be fetched from the internet, to stand in the tab.
    st.set_page_config(page_title="costwatch", page_icon=str(ICON), layout="wide")
    bar = [
        st.Page(
            page.draw,
            title=page.title,
            icon=page.icon,
            url_path=page.path,
            default=page is PAGES[0],
            visibility="visible" if page.is_in_bar else "hidden",
        )
        for page in pages()
    ]
    chosen = st.navigation(bar, position="top")
    filters.carry(chosen)
    st.set_page_config(page_title=filters.title(chosen.title))
    show(chosen.run)
    filters.keep()
    st.set_page_config(page_title=filters.title(chosen.title))
