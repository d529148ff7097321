"""An alert whose cost day is restated says so in its text; how that day is looked up. Pure.

What was said of the day first, and what it came to then, stay in the alert's evidence (``said``,
``restated_from``): the correction of a correction tells what people read first.
"""

from dataclasses import replace
from decimal import Decimal

from costwatch.model import COST_METRICS, About, Alert, Labels
from costwatch.plugins import Sums, matching
from costwatch.wording import digits, quantity


def is_restated(old: About | None, new: About | None) -> bool:
    """Whether both rest on the same facts of one day, and those have changed."""
    return old is not None and new is not None and _same_day(old, new) and old.value != new.value


def is_first_value(old: About | None, new: About | None) -> bool:
    """Whether both rest on the same facts of the same days, and only the newer one has a value of theirs.

    So does one that was told while its day went on, once that day has come to something.
    """
    if old is None or new is None or old.value is not None or new.value is None or old.window is None:
        return False
    return (old.query, old.by, old.where, old.window) == (new.query, new.by, new.where, new.window)


def restated(alert: Alert, value: Decimal) -> Alert:
    """The alert, which rests on one day, now that this day comes to ``value``."""
    about = alert.about
    if about is None or about.value is None or about.value == value:
        return alert
    said = str(alert.evidence.get("said", alert.summary))
    now = replace(alert, value=value, summary=said, about=replace(about, value=value))
    return _corrected(now, _first_value(alert, about.value))


def carried_on(before: Alert, alert: Alert) -> Alert:
    """``alert``, saying so where ``before`` told the same day with another value."""
    old, new = before.about, alert.about
    if old is None or old.value is None or new is None or not _same_day(old, new):
        return alert
    return _corrected(alert, _first_value(before, old.value))


def sum_over(sums: Sums, about: About, of: Labels, unit: str) -> Decimal | None:
    """What the facts that an instance rests on sum up to; None: there are none.

    sums: of ``about``'s query and labels, in its window. of: the instance's labels. unit: that of its value;
    costs of another currency are never added.
    """
    found = matching(sums, where_of(about, of, unit))
    return sum(found.values(), Decimal()) if found else None


def where_of(about: About, of: Labels, unit: str) -> dict[str, tuple[str, ...]]:
    """The values that the facts have which an instance rests on; see ``sum_over``."""
    own = dict(of)
    where = {name: (own[name],) for name in about.by if name in own} | dict(about.where)
    return {"currency": (unit,), **where} if about.query in COST_METRICS else where


def _same_day(old: About, new: About) -> bool:
    if old.day is None or new.day is None:
        return False
    return (old.query, old.by, old.where, old.window) == (new.query, new.by, new.where, new.window)


def _first_value(alert: Alert, newest: Decimal) -> Decimal:
    return Decimal(str(alert.evidence.get("restated_from", newest)))


def _corrected(alert: Alert, was: Decimal) -> Alert:
    """``alert``, whose text says nothing of it yet, where its day first came to ``was``."""
    kept = {key: item for key, item in alert.evidence.items() if key not in ("said", "restated_from")}
    about = alert.about
    if about is None or about.value is None or about.day is None or about.value == was:
        return replace(alert, evidence=kept)
    new, old = quantity(about.value, alert.unit), quantity(was, alert.unit)
    return replace(
        alert,
        summary=f"{alert.summary} · {about.day.day} {about.day:%b} is {new} now (was {old})",
        evidence={**kept, "said": alert.summary, "restated_from": digits(was)},
    )
