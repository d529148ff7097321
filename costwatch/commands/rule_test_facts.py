"""What a test of rules is evaluated on: its data, and for what it does not give, costwatch.yaml."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from costwatch.alerts.rule_tests import COST, RuleTest
from costwatch.alerts.series_notation import expanded
from costwatch.cost.counting import EVERYTHING
from costwatch.cost.forecast import period_of
from costwatch.model import COST_METRICS
from costwatch.plugins import FactQuery, duration_text, fact_query
from costwatch.testing.replay import Given, given

if TYPE_CHECKING:
    from costwatch.config import Config
    from costwatch.slo.objectives import Objective

_HALF_A_DAY = timedelta(hours=12)
_SLO, _SLO_AGE, _SLO_OBJECTIVE = "slo_", "slo_data_age", "slo_objective"


def queries_named(name: str) -> Sequence[str]:
    """The queries that a key of ``data`` stands for."""
    return COST_METRICS if name == COST else (name,)


def facts_of(test: RuleTest, queries: Sequence[FactQuery], config: "Config | None") -> Iterator[Given]:
    """The test's data, and budgets and objectives as configured. queries: those not registered."""
    dimensions = config.names.dimensions if config else ()
    for name, many in test.data.items():
        for one in many:
            labels = _of_objective(one.labels, config) if name.startswith(_SLO) else one.labels
            for query in queries_named(name):
                if query == name or query not in test.data:
                    values = expanded(one.values)
                    yield given(
                        query,
                        labels,
                        one.from_,
                        values,
                        step=one.step,
                        queries=tuple(queries),
                        dimensions=dimensions,
                    )
    if config and "budget" not in test.data:
        yield from _budgets(test, config)
    if config and any(name.startswith(_SLO) for name in test.data):
        yield from _objectives(test, config)
        yield from _ages(test, config)


def _budgets(test: RuleTest, config: "Config") -> Iterator[Given]:
    for budget in config.budgets:
        labels = {
            "name": budget.name or f"{budget.team} {budget.period}",
            "team": budget.team,
            "metric": budget.metric,
            "period": budget.period,
            "currency": budget.currency,
            "include": EVERYTHING if budget.include is None else ",".join(sorted(budget.include)),
        }
        day = (test.first or test.at).date()
        while day <= test.at.date():
            start, day = period_of(budget.period, day)
            yield given(
                "budget", labels, datetime(start.year, start.month, start.day, tzinfo=UTC), [budget.amount]
            )


def _of_objective(labels: Mapping[str, str], config: "Config | None") -> Mapping[str, str]:
    """With what the objective of that name says of itself."""
    name = labels.get("slo", "")
    of = next((one for one in config.objectives if name in (one.id, one.name)), None) if config else None
    return labels if of is None else {**_labels(of), **labels, "slo": of.id}


def _labels(of: "Objective") -> dict[str, str]:
    return {"slo": of.id, "service": of.service, "team": of.team, "system": of.system}


def _objectives(test: RuleTest, config: "Config") -> Iterator[Given]:
    if _SLO_OBJECTIVE in test.data:
        return
    first = test.first or test.at
    for of in config.objectives:
        severities = [name for name, is_on in {"page": of.page, "ticket": of.ticket}.items() if is_on]
        how = {"unit": of.unit, "period": duration_text(of.period.duration), "alerts": ",".join(severities)}
        values = [of.target] * ((test.at - first) // _HALF_A_DAY + 1)
        yield given(_SLO_OBJECTIVE, {**_labels(of), **how}, first, values, step=_HALF_A_DAY)


def _ages(test: RuleTest, config: "Config") -> Iterator[Given]:
    """Where the test does not say how old what is known of an objective is: new, whenever it gives some."""
    if _SLO_AGE in test.data:
        return
    known: dict[tuple[tuple[str, str], ...], set[datetime]] = defaultdict(set)
    for name, many in test.data.items():
        for one in many if name.startswith(_SLO) else ():
            labels = {key: value for key, value in one.labels.items() if key != "window"}
            step = one.step or fact_query(name).step
            instants = (
                one.from_ + place * step
                for place, value in enumerate(expanded(one.values))
                if value is not None
            )
            known[tuple(sorted(_of_objective(labels, config).items()))] |= {*instants}
    for key, at in known.items():
        yield from (given(_SLO_AGE, dict(key), instant, [Decimal()]) for instant in sorted(at))
