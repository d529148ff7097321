"""What a rule looks at, in words: which facts, by which labels, which days; and what there is of them."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from costwatch.answers.unmatched import LATELY
from costwatch.model import COST_METRICS, Window
from costwatch.plugins import Rule, RuleSettings, Selection, selections_of
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.wording import on_day, some_of

_RESTS_ON_DAYS = {*COST_METRICS, "tagging_cost", "budget"}


def looks_at(rule: Rule, facts: WarehouseSnapshot) -> Iterator[str]:
    """The facts, and how settled its days are; in words."""
    selections = selections_of(rule)
    yield from map(_selection, selections)
    if not isinstance(rule, RuleSettings) or not any(one.query in _RESTS_ON_DAYS for one in selections):
        return
    through = facts.data_through
    if rule.settle == "estimated":
        newest = f"; settled through {on_day(through)}" if through else ""
        yield f"days that may still change, too (settle: estimated){newest}"
    elif through is None:
        yield "settled days alone (settle: settled), and no day is settled yet"
    else:
        yield f"settled days alone (settle: settled): through {on_day(through)}, later ones may still change"


def there_is(rule: Rule, facts: WarehouseSnapshot, now: datetime) -> Iterator[str]:
    """What is known where nothing is found: by each label, some of its values."""
    lately = Window(now - LATELY, now + timedelta(days=1))
    for one in selections_of(rule):
        held = facts.totals(one.query, one.by, [lately])[lately]
        if not held:
            yield f"{one.query}, of which nothing is known in the last {LATELY.days} days"
        for label in one.by if held else ():
            values = sorted({dict(key).get(label, "") for key in held} - {""})
            yield f"{label}, of which there is {some_of(values, 5) or 'none'}"


def _selection(one: Selection) -> str:
    by = f" by {', '.join(one.by)}" if one.by else ""
    where = " and ".join(f"{label} is {some_of([*values], 5)}" for label, values in one.where.items())
    return f"{one.query}{by}{f', where {where}' if where else ''}"
