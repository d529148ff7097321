"""How objectives are written wherever they stand: names, health, budgets, burn rates."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal

from markupsafe import Markup

from costwatch.answers.slos import BudgetPoint, Health, SloState
from costwatch.model.names import folded
from costwatch.plugins import tags_text
from costwatch.slo.words import ratio
from costwatch.wording import amount, printable, share, span
from dashboards import blocks
from dashboards.blocks import Column

UNKNOWN = "unknown"
BURNS = {"1 h": timedelta(hours=1), "6 h": timedelta(hours=6), "3 d": timedelta(days=3)}
_LOW = 0.25  # of the budget left, or less
_WHOLE = (Decimal(), Decimal(1))
_HEALTH: Mapping[Health, tuple[str, str, str]] = {
    Health.PAGE: ("▲", "bad", "burns fast"),
    Health.TICKET: ("▲", "warn", "burns"),
    Health.SPENT: ("▲", "bad", "spent"),
    Health.OK: ("●", "good", "healthy"),
    Health.NO_EVENTS: ("○", "muted", "no events"),
    Health.UNKNOWN: ("○", "muted", "unknown"),
    Health.GONE: ("○", "muted", "gone"),
}


def title(state: SloState) -> str:
    """``model-server · availability``: the service, unless the name says it."""
    of = state.objective
    name = printable(of.name)
    return f"{printable(of.service)} · {name}" if folded(of.service) not in folded(of.name) else name


def instance(state: SloState) -> str:
    """``feature_view=card_velocity``; '' where it is the only one."""
    return printable(", ".join(f"{name}={value}" for name, value in state.labels))


def to_detail(state: SloState, text: blocks.Text = "") -> Markup:
    """A link to all of it."""
    of = tags_text(dict(state.labels))
    return blocks.link(text or title(state), "slo", id=state.objective.id, instance=of)


def health(state: SloState) -> Markup:
    """A mark, and a word that says what its colour does."""
    mark, tone, word = _HEALTH[state.health]
    return blocks.toned(f"{mark} {word}", tone)


def tone(state: SloState) -> str:
    """Of the budget: bad, warn or nothing."""
    if state.left is None:
        return ""
    return "bad" if state.left <= 0 else "warn" if state.left <= _LOW else ""


def left(state: SloState) -> Markup:
    """A bar of what is left; a word where that is not known."""
    if state.left is None:
        return blocks.toned(_HEALTH[state.health][2] if state.budget.known_seconds else UNKNOWN, "muted")
    return blocks.meter(Decimal(str(round(state.left, 6))), tone(state), ratio(state.left))


def left_text(state: SloState) -> str:
    """``11 % left``, ``no events``."""
    if state.left is None:
        return _HEALTH[state.health][2] if state.health is not Health.OK else UNKNOWN
    return f"{ratio(state.left)} left"


def burn(state: SloState, window: timedelta) -> str:
    """``2.5×``; a dash where nothing happened or is known."""
    rate = state.burn(window)
    if rate is None:
        return "–"
    return f"{amount(Decimal(str(round(rate, 1 if rate >= 1 else 2))))}×"


def lasts(state: SloState) -> str:
    """How long the budget lasts: ``1 d 8 h``, ``spent``, ``the period``, ``unknown``."""
    if state.left is None:
        return "–"
    if state.health in (Health.UNKNOWN, Health.GONE):
        return "unknown"
    if state.exhaustion is None:
        return "the period"
    return span(state.exhaustion) if state.exhaustion else "spent"


def coverage(state: SloState) -> str:
    """How much of the period is known."""
    known = Decimal(str(round(state.coverage, 4)))
    return "99 %" if Decimal("0.995") <= known < 1 else share(known)


def table(states: Sequence[SloState], lines: Mapping[int, Sequence[BudgetPoint]] | None = None) -> Markup:
    """Each with its budget, burn, what is known and whose it is. lines: budgets by time, by instance."""
    columns = (
        Column("Objective", "text"),
        Column("State"),
        Column("Left"),
        *([Column("Budget", wide=True)] if lines is not None else ()),
        *(Column(f"Burn {name}", "number", wide=True) for name in BURNS),
        Column("Lasts", "number"),
        Column("Known", "number", wide=True),
        Column("Owner", wide=True),
    )
    return blocks.table(columns, [_row(state, lines) for state in states])


def _row(state: SloState, lines: Mapping[int, Sequence[BudgetPoint]] | None) -> tuple[blocks.Text, ...]:
    below = instance(state)
    name = Markup("{}{}").format(
        to_detail(state), Markup('<br><span class="muted">{}</span>').format(below) if below else ""
    )
    drawn = () if lines is None else (_line(state, lines.get(state.instance, ())),)
    return (
        name,
        health(state),
        left(state),
        *drawn,
        *(burn(state, window) for window in BURNS.values()),
        lasts(state),
        coverage(state),
        state.objective.team or "nobody",
    )


def _line(state: SloState, points: Sequence[BudgetPoint]) -> Markup:
    known = [Decimal(str(point.left)) for point in points if point.left is not None]
    return blocks.sparkline(known, f"Budget left of {title(state)} over its period", _WHOLE)
