"""Which rules look at nothing that there is: they are right as far as files can tell, and can never fire."""

from collections.abc import Collection, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from difflib import get_close_matches

from costwatch.answers.unit_costs import never_known
from costwatch.model import NO_COST_CENTER, NO_SYSTEM, RESIDUALS, Window
from costwatch.plugins import Rule, Selection, Snapshot, matching, recent, selections_of
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot

LATELY = timedelta(days=400)  # what comes once a year came in it
_YET_TO_COME = {*RESIDUALS, NO_SYSTEM, NO_COST_CENTER}  # nothing there is good news


def unmatched_rules(facts: WarehouseSnapshot, rules: Iterable[Rule], now: datetime) -> dict[str, str]:
    """The rules that no fact of the last 400 days fits, by name, each with why.

    Nothing is said of a query that has no answer at all, nor of what nobody owns: a rule may wait for that.
    Of a unit cost that is never known it is said why.
    """
    found = {}
    unknown: dict[str, str] | None = None
    for rule in rules:
        reasons: list[str] = []
        with suppress(Exception):  # a query may be anyone's; whoever evaluates the rule tells its error
            reasons = [_why(facts, one, now) for one in selections_of(rule)]
        if reasons and all(reasons):
            found[rule.name] = f"matches nothing that is known: {reasons[0]}"
        if named := [name for one in selections_of(rule) for name in one.where.get("unit_cost", ())]:
            unknown = never_known(facts) if unknown is None else unknown
            if never := [f"unit cost {name}: {unknown[name]}" for name in named if name in unknown]:
                found[rule.name] = "; ".join(never)
    return found


def _why(facts: Snapshot, one: Selection, now: datetime) -> str:
    """Why nothing fits; '' where something does, or may yet."""
    if not one.where or any(_YET_TO_COME.intersection(values) for values in one.where.values()):
        return ""
    days = recent(facts, now)
    if matching(facts.totals(one.query, one.by, [days])[days], one.where):
        return ""
    lately = Window(now - LATELY, now + timedelta(days=1))
    held = facts.totals(one.query, one.by, [lately])[lately]
    if not held or matching(held, one.where):
        return ""
    for label, values in one.where.items():
        if not matching(held, {label: values}):
            return _nobody(label, values, {dict(key).get(label, "") for key in held})
    return f"each of {', '.join(one.where)} is, but not together; correct them, or wait"


def _nobody(label: str, values: Collection[str], known: Collection[str]) -> str:
    near = [name for value in values for name in get_close_matches(value, known, 1)]
    guess = f" (nearest: {', '.join(map(repr, near))})" if near else ""
    named = " or ".join(f"'{value}'" for value in values)
    return f"no {label.replace('_', ' ')} is called {named}{guess}; correct it, or wait until it is there"
