"""What systems with objectives cost, beside what is left of their budgets and used of their machines."""

from collections.abc import Sequence
from decimal import Decimal

from markupsafe import Markup

from costwatch import money
from costwatch.answers.reliability_cost import COST_DAYS, SystemReliability
from costwatch.slo.worth import Advice
from costwatch.wording import printable, share
from dashboards import blocks
from dashboards.blocks import Column
from dashboards.panels import objectives

_UNKNOWN = blocks.toned("unknown", "muted")
_ADVICE = {
    Advice.CUT: ("▼", "good"),
    Advice.SPEND: ("▲", "bad"),
    Advice.MEND: ("▲", "warn"),
    Advice.KEEP: ("●", "good"),
    Advice.UNKNOWN: ("○", "muted"),
}
_RESOURCES = {"cpu": "CPU", "memory": "memory", "gpu": "GPU"}


def worth(rows: Sequence[SystemReliability]) -> Markup:
    """A row for each, with what to do and why."""
    columns = (
        Column("System", "text"),
        Column("Budget left", wide=True),
        Column(f"Cost, {COST_DAYS} days", "number"),
        Column("Used", "number", wide=True),
        Column("Idle", "number", wide=True),
        Column("So", "text"),
    )
    how = (
        "Budget: of the worst of its objectives. Used: of the CPU, memory or GPUs that its namespaces and "
        "workloads request, the one that is used most; systems: in costwatch.yaml says which are its."
    )
    return blocks.table(columns, map(_row, rows)) + blocks.note(how)


def _row(one: SystemReliability) -> tuple[blocks.Text, ...]:
    name = printable(one.name)
    busiest = one.busiest
    mark, tone = _ADVICE[one.decision.advice]
    return (
        blocks.link(name, "system", system=one.name) if one.is_system else Markup("<b>{}</b>").format(name),
        objectives.left(one.worst) if one.worst else blocks.toned("no events", "muted"),
        _costs(one),
        f"{_share(busiest[1])} of {_RESOURCES[busiest[0]]}" if busiest else _UNKNOWN,
        _share(1 - busiest[1]) if busiest else _UNKNOWN,
        Markup("{} {}").format(blocks.toned(mark, tone), _reason(one)),
    )


def _reason(one: SystemReliability) -> str:
    if not one.is_system:
        return f"{one.decision.reason}; its objectives name no system, so its cost is not known"
    return one.decision.reason


def _costs(one: SystemReliability) -> Markup:
    if not one.costs:
        return _UNKNOWN
    return Markup("<br>").join(_cost(currency, value) for currency, value in sorted(one.costs.items()))


def _cost(currency: str, value: Decimal) -> Markup:
    return blocks.amount(value, currency, money.short(value, currency), "system_cost")


def _share(of: float) -> str:
    return share(Decimal(str(round(of, 4))))
