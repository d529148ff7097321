"""The page that shows what alerts are about. Pure."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from costwatch.model import Alert, is_dimension
from costwatch.plugins import FactQuery

_OVERVIEW = "overview"  # which stands at the root, and filters by dimensions of cost
_UNFILTERED = ("data",)  # what is there is as it is for all teams


def links(public_url: str, alerts: Sequence[Alert], queries: Mapping[str, FactQuery]) -> dict[str, str]:
    """Text -> URL: the page of the query the alerts rest on, filtered by what they have in common.

    public_url: how links to our pages begin; empty: there are none. queries: by name. Alerts that rest on
    several queries, on none, or on one that has no page lead to the overview.
    """
    named = {alert.about.query if alert.about else "" for alert in alerts}
    query = queries.get(named.pop()) if len(named) == 1 else None
    page = query.page if query and query.page else _OVERVIEW
    is_absolute = page.startswith(("https://", "http://"))
    if not alerts or not (public_url or is_absolute):
        return {}
    common = set.intersection(*({*alert.labels} for alert in alerts))
    filters = sorted(
        (name, value)
        for name, value in common
        if _is_filter(name, alerts, query, page) and value not in ("*", "")
    )
    url = page if is_absolute else f"{public_url.rstrip('/')}/{'' if page == _OVERVIEW else page}"
    if filters and page not in _UNFILTERED:
        url += f"{'&' if '?' in url else '?'}{urlencode(filters)}"
    return {"Open in costwatch": url}


def _is_filter(name: str, alerts: Sequence[Alert], query: FactQuery | None, page: str) -> bool:
    """Whether the page can be filtered by a label."""
    if query is None or page == _OVERVIEW:
        return is_dimension(name)
    return query.has_label(name, {label for alert in alerts if alert.about for label in alert.about.by})
