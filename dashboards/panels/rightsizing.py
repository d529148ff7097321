"""Requests that would fit what containers used, and lines that ask for them."""

from collections import Counter
from collections.abc import Callable, Sequence

import streamlit as st
from markupsafe import Markup

from costwatch import money
from costwatch.answers.cluster_rates import cluster_rates
from costwatch.answers.rightsizing import DAYS, advice_on
from costwatch.errors import CostwatchError
from costwatch.ledger.files import LedgerFiles
from costwatch.savings.manifests import kubectl_line, kubectl_lines, yaml_lines
from costwatch.savings.quantities import cpu_text, memory_text
from costwatch.savings.rightsizing import Advice, Request
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from costwatch.warehouse.store import Warehouse
from costwatch.wording import printable
from dashboards import blocks, frame
from dashboards.blocks import Column
from dashboards.reading import ask, configured

_SHOWN = 25
_UNKNOWN = "unknown"


def advised_requests(cluster: str, namespace: str) -> None:
    """Draws the card. cluster, namespace: only of these; '' is of all."""
    with frame.card("Requests that would fit", f"hourly maxima of the last {DAYS} days, by container"):
        try:
            with st.spinner("Reading the hours of pods"):
                found = ask(advice, cluster, namespace)
        except CostwatchError as error:
            st.html(blocks.note(f"They cannot be read here: {error}"))
            return
        advised = [one for one in found if not one.reason]
        if advised:
            st.html(_table(advised[:_SHOWN]))
            if len(advised) > _SHOWN:
                st.html(
                    blocks.note(f"and {len(advised) - _SHOWN:,} more: costwatch usage rightsize has them")
                )
            _lines(advised[:_SHOWN])
        for reason, count in Counter(one.reason for one in found if one.reason).most_common(3):
            st.html(blocks.note(f"{blocks.plural(count, 'container')} without advice: {reason}."))
        if not found:
            st.html(blocks.note(f"No pod ran in the last {DAYS} days."))


def advice(facts: WarehouseSnapshot, cluster: str, namespace: str) -> Sequence[Advice]:
    """A question for ``ask``."""
    config = configured()
    files, rates = LedgerFiles(config.ledger), cluster_rates(facts)
    return advice_on(Warehouse(config.warehouse), files, facts.now, cluster, namespace, rates)


def _table(advised: Sequence[Advice]) -> Markup:
    priced = any(one.saving is not None for one in advised)
    columns = [
        Column("Container", "text"),
        Column("CPU", "text"),
        Column("Memory", "text"),
        *([Column("Saving a month", "number")] if priced else []),
        Column("Why", "text", wide=True),
    ]
    return blocks.table(columns, (_row(one, priced=priced) for one in advised))


def _row(of: Advice, *, priced: bool) -> tuple[blocks.Text, ...]:
    container = of.container
    whose = Markup("<b>{}</b> · {}<br>{}").format(
        printable(container.name),
        printable(f"{container.workload_kind}/{container.workload}"),
        blocks.toned(printable(f"{container.cluster} · {container.namespace}"), "muted"),
    )
    saving = _UNKNOWN if of.saving is None else money.exact(of.saving, of.currency)
    why = [
        f"CPU: {of.cpu.why}.",
        f"Memory: {of.memory.why}.",
        f"GPU: {of.gpu_with_saving}." if of.gpu else "",
    ]
    memory = _change(of.memory, memory_text)
    return (
        whose,
        _change(of.cpu, cpu_text),
        blocks.toned(memory, "bad") if of.is_too_small else memory,
        *([saving] if priced else []),
        " ".join(filter(None, why)),
    )


def _change(of: Request, text: Callable[[int], str]) -> str:
    """``500m → 120m``."""
    asked, advised = (_UNKNOWN if amount is None else text(amount) for amount in (of.requested, of.advised))
    return f"{asked} → {advised}"


def _lines(advised: Sequence[Advice]) -> None:
    """In the order of the table, to be copied."""
    form = frame.choose("Lines", "lines", ("kubectl", "yaml"), "kubectl")
    if form == "kubectl":
        lines = kubectl_lines(advised)
        if not all(map(kubectl_line, advised)):
            st.html(
                blocks.note("What is made anew rather than changed, such as a job, has no line; see yaml.")
            )
    else:
        lines = [f"{_whose(one)}\n{text}" for one in advised if (text := yaml_lines(one))]
    if lines:
        st.code("\n".join(lines), language="bash" if form == "kubectl" else "yaml")


def _whose(of: Advice) -> str:
    container = of.container
    names = (container.cluster, container.namespace, f"{container.workload_kind}/{container.workload}")
    return printable(f"# {', '.join(names)}")
