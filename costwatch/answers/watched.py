"""Whether any rule watches how old sources are: where none does, costwatch's own one watches them all."""

from collections.abc import Iterable

from costwatch.alerts.built_in import freshness_rule, is_freshness
from costwatch.plugins import Rule, recent, selections_of
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot


def with_freshness(facts: WarehouseSnapshot, rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """``rules``, and costwatch's own one where no source is watched by any of them."""
    given = tuple(rules)
    return given if any(_watches(rule, facts) for rule in given) else (*given, freshness_rule())


def _watches(rule: Rule, facts: WarehouseSnapshot) -> bool:
    if not is_freshness(rule):
        return False
    asked = [one.where["source"] for one in selections_of(rule) if "source" in one.where]
    known = facts.series("freshness", ("source",), recent(facts, facts.now)) if asked else {}
    sources = {dict(key)["source"] for key in known}
    return not asked or not sources or any(sources.intersection(names) for names in asked)
