"""Where the link of a message leads."""

from dataclasses import replace
from datetime import timedelta

import pytest

from costwatch.alerts.links import links
from costwatch.model import About, Alert, labels
from costwatch.plugins import FactQuery
from tests.made.messages import SPEND

QUERIES = {
    name: FactQuery(name, labels_of, "", timedelta(days=1), page, lambda *_: {})
    for name, page, labels_of in (
        ("EffectiveCost", "costs", ("team", "service")),
        ("budget", "overview", ("name", "team", "period")),
        ("freshness", "data", ("source",)),
        ("slo", "reliability", ("slo", "service", "team")),
        ("pager", "https://pager.example/all?view=team", ("team",)),
        ("wiki", "https://wiki.example/x", ("team",)),
    )
}
HERE = "https://costs.example/"


def about(*queries: str, **of: str) -> list[Alert]:
    return [replace(SPEND, labels=labels(**of), about=About(query) if query else None) for query in queries]


@pytest.mark.parametrize(
    ("alerts", "url"),
    [
        pytest.param(about("slo", team="ml"), f"{HERE}reliability?team=ml", id="the page of their query"),
        pytest.param(
            about("slo", slo="checkout", zone="a"),
            f"{HERE}reliability?slo=checkout",
            id="filtered by what the query knows",
        ),
        pytest.param(
            about("budget", team="ml", period="2026-11"),
            f"{HERE}?team=ml",
            id="the overview filters by dimensions of cost only",
        ),
        pytest.param(about("budget", team="ml"), f"{HERE}?team=ml", id="the overview stands at the root"),
        pytest.param(about("freshness", team="ml"), f"{HERE}data", id="the data page knows no filters"),
        pytest.param(
            about("slo", "EffectiveCost", team="ml"), f"{HERE}?team=ml", id="two queries: the overview"
        ),
        pytest.param(about("", team="ml"), f"{HERE}?team=ml", id="no query: the overview"),
        pytest.param(about("moon", team="ml"), f"{HERE}?team=ml", id="a query without a page: the overview"),
        pytest.param(about("wiki", team="a&b"), "https://wiki.example/x?team=a%26b", id="an absolute page"),
        pytest.param(
            about("pager", team="ml"), "https://pager.example/all?view=team&team=ml", id="that has a filter"
        ),
        pytest.param(
            [*about("slo", team="ml", service="S3"), *about("slo", team="ml", service="EC2")],
            f"{HERE}reliability?team=ml",
            id="filtered by what they have in common",
        ),
    ],
)
def test_a_link_leads_to_the_page_of_what_alerts_rest_on(alerts: list[Alert], url: str) -> None:
    assert links(HERE, alerts, QUERIES) == {"Open in costwatch": url}


@pytest.mark.parametrize(
    ("alerts", "expected"),
    [
        pytest.param(about("slo"), {}, id="without a place of ours there is no page of ours"),
        pytest.param(about("wiki"), {"Open in costwatch": "https://wiki.example/x"}, id="but that of others"),
        pytest.param([], {}, id="no alerts, no link"),
    ],
)
def test_without_our_pages_there_is_little_to_link_to(alerts: list[Alert], expected: dict[str, str]) -> None:
    assert links("", alerts, QUERIES) == expected
