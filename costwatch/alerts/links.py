"""The page that shows what alerts are about. Pure."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from costwatch.model import DIMENSIONS, Alert

_OVERVIEW = "overview"  # which stands at the root
_UNFILTERED = ("data",)  # what is there is as it is for all teams


def page_of(query: str, pages: Mapping[str, str]) -> str:
    """The page of a query, a path or an absolute URL; the overview where none is named for it."""
    return pages.get(query, _OVERVIEW)


def links(public_url: str, alerts: Sequence[Alert], pages: Mapping[str, str]) -> dict[str, str]:
    """Text -> URL: the page of the query the alerts rest on, filtered by what they have in common.

    public_url: how links to our pages begin; empty: there are none. pages: query -> page. Alerts that
    rest on several queries, or on none, lead to the overview.
    """
    queries = {alert.about.query if alert.about else "" for alert in alerts}
    page = page_of(queries.pop(), pages) if len(queries) == 1 else _OVERVIEW
    is_absolute = page.startswith(("https://", "http://"))
    if not alerts or not (public_url or is_absolute):
        return {}
    common = set.intersection(*({*alert.labels} for alert in alerts))
    filters = sorted((name, value) for name, value in common if name in DIMENSIONS and value not in ("*", ""))
    url = page if is_absolute else f"{public_url.rstrip('/')}/{'' if page == _OVERVIEW else page}"
    if filters and page not in _UNFILTERED:
        url += f"{'&' if '?' in url else '?'}{urlencode(filters)}"
    return {"Open in costwatch": url}
