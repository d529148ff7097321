"""What ``costwatch usage`` prints: amounts in hours, unknown where nobody knows, and lines to copy."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import click

from costwatch.answers.estimates import LiveEstimates
from costwatch.answers.usage import LABEL, Resource, UsageAnswer, UsageRow
from costwatch.commands.output import line, print_table
from costwatch.cost.live_estimate import Rate
from costwatch.savings.manifests import kubectl_line, kubectl_lines, yaml_lines
from costwatch.savings.quantities import MIB, cpu_text, memory_text
from costwatch.savings.rightsizing import Advice

UNKNOWN = "unknown"
_OF_CLUSTERS = ("CPU capacity", "CPU idle", "Memory capacity", "Memory idle")


def as_json(row: UsageRow) -> Mapping[str, Any]:
    """Every number of a row, in the unit that its name says; null is unknown."""
    return {
        **row.labels,
        **_as_json("cpu", "core_hours", row.cpu),
        **_as_json("memory", "gib_hours", row.memory),
        **_as_json("gpu", "hours", row.gpu),
        "coverage": row.coverage,
    }


def _as_json(name: str, unit: str, of: Resource) -> Mapping[str, Any]:
    amounts = {
        "requested": of.requested,
        "used": of.used,
        "larger": of.larger,
        "unused": of.unused,
        "capacity": of.capacity,
        "idle": of.idle,
    }
    return {
        **{f"{name}_{what}_{unit}": amount for what, amount in amounts.items()},
        f"{name}_efficiency": of.efficiency,
        f"{name}_use_is_partly_known": of.is_partly_known,
    }


def print_usage(answer: UsageAnswer) -> None:
    """A table; of clusters, with what they have and what is idle."""
    last = answer.after - timedelta(days=1)
    click.echo(
        f"Requests against use, {answer.first} to {last} (UTC days), in hours of cores, GiB and GPUs\n"
    )
    names = [*answer.rows[0].labels]
    has_gpus = any(map(_has_gpus, answer.rows))
    of_clusters = any(row.cpu.capacity is not None for row in answer.rows)
    columns = ["CPU requested", "CPU used", "CPU eff.", "Memory requested", "Memory used", "Memory eff."]
    columns += ["GPU requested", "GPU used", "GPU eff."] if has_gpus else []
    columns += [*_OF_CLUSTERS, *(["GPU idle"] if has_gpus else [])] if of_clusters else []
    columns.append("Coverage")
    rows = []
    for row in answer.rows:
        parts = [row.cpu, row.memory, *([row.gpu] if has_gpus else [])]
        cells = [cell for of in parts for cell in _requests(of, is_shown=of is not row.gpu or _has_gpus(row))]
        if of_clusters:
            cells += [cell for of in parts[:2] for cell in (hours(of.capacity), hours(of.idle))]
            cells += [hours(row.gpu.idle) if _has_gpus(row) else ""] if has_gpus else []
        rows.append([*(value or "(none)" for value in row.labels.values()), *cells, share(row.coverage)])
    titles = [name if name.startswith(LABEL) else name.capitalize() for name in names]
    print_table([*titles, *columns], rows, right={*columns})


def _has_gpus(row: UsageRow) -> bool:
    return bool(row.gpu.requested or row.gpu.capacity)


def _requests(of: Resource, *, is_shown: bool) -> tuple[str, ...]:
    return (hours(of.requested), used(of), share(of.efficiency)) if is_shown else ("", "", "")


def hours(amount: float | None) -> str:
    """``1,234.5``."""
    return UNKNOWN if amount is None else f"{amount:,.1f}"


def used(of: Resource) -> str:
    """What was used; ``≥`` where some of it was not measured."""
    return ("≥" if of.is_partly_known else "") + hours(of.used)


def share(of: float | None) -> str:
    """``57 %``."""
    return UNKNOWN if of is None else f"{of * 100:,.0f} %"


def advice_as_json(of: Advice) -> Mapping[str, Any]:
    """Amounts in cores and bytes, savings in the currency a month; null is unknown."""
    container, use = of.container, of.use
    return {
        "cluster": container.cluster,
        "namespace": container.namespace,
        "workload_kind": container.workload_kind,
        "workload": container.workload,
        "container": container.name,
        "days": use.days,
        "running_hours": use.running_hours,
        "cpu_requested_cores": use.cpu_requested_cores,
        "cpu_p95_cores": use.cpu_cores_p95,
        "cpu_advised_cores": None if of.cpu.advised is None else of.cpu.advised / 1000,
        "cpu_why": of.cpu.why,
        "memory_requested_bytes": use.memory_requested_bytes,
        "memory_max_bytes": use.memory_bytes_max,
        "memory_limit_bytes": use.memory_limit_bytes,
        "memory_advised_bytes": None if of.memory.advised is None else of.memory.advised * MIB,
        "memory_limit_advised_bytes": None if of.memory_limit is None else of.memory_limit * MIB,
        "memory_why": of.memory.why,
        "oom_kills": use.oom_kills,
        "gpu_hours": use.gpu_hours,
        "gpu_used_hours": use.gpu_used_hours,
        "gpu": of.gpu,
        "reason": of.reason,
        "saving_a_month": None if of.saving is None else float(of.saving),
        "gpu_saving_a_month": None if of.gpu_saving is None else float(of.gpu_saving),
        "currency": of.currency,
        "kubectl": kubectl_line(of),
        "yaml": yaml_lines(of),
    }


def print_advice(found: Sequence[Advice], limit: int) -> None:
    """A table, and below it a line for each row that kubectl can change."""
    from costwatch.money import exact

    shown, priced = found[:limit], any(each.saving is not None for each in found)
    right = ["CPU", "CPU advised", "Memory", "Memory advised", *(["Saving a month"] if priced else [])]
    rows = []
    for each in shown:
        container = each.container
        saving = [UNKNOWN if each.saving is None else exact(each.saving, each.currency)] if priced else []
        rows.append(
            [
                container.cluster,
                container.namespace,
                f"{container.workload_kind}/{container.workload}",
                container.name,
                *(_cpu(each.cpu.requested), _cpu(each.cpu.advised)),
                *(_memory(each.memory.requested), _memory(each.memory.advised)),
                *saving,
                why(each),
            ]
        )
    print_table(["Cluster", "Namespace", "Workload", "Container", *right, "Why"], rows, right={*right})
    if len(found) > limit:
        click.echo(f"({len(found) - limit:,} more; --limit shows them)")
    lines = kubectl_lines(shown)
    if lines:
        click.echo()
    for text in lines:
        line(text)


def why(of: Advice) -> str:
    """In words, what is advised and what is not."""
    said = of.reason or f"CPU: {of.cpu.why}; memory: {of.memory.why}"
    return f"{said}; {of.gpu_with_saving}" if of.gpu else said


def _cpu(millicores: int | None) -> str:
    return UNKNOWN if millicores is None else cpu_text(millicores)


def _memory(mebibytes: int | None) -> str:
    return UNKNOWN if mebibytes is None else memory_text(mebibytes)


def estimates_as_json(of: LiveEstimates) -> Mapping[str, Any]:
    """Amounts in units of their currency, an hour's in ``hourly``; null is unknown."""
    known = of.accuracy
    return {
        "rates": [{**kind._asdict(), **_rate_as_json(rate)} for kind, rate in of.rates.items()],
        "median_error": None if known is None else str(known.median),
        "p90_error": None if known is None else str(known.p90),
        "workload_days": 0 if known is None else known.count,
        "today": {currency: str(amount) for currency, amount in sorted(of.today.items())},
        "finding": of.finding,
        "unpriced": list(of.unpriced),
    }


def _rate_as_json(rate: Rate | None) -> Mapping[str, str | None]:
    return {
        "hourly": str(rate.hourly) if rate else None,
        "currency": rate.currency if rate else "",
        "basis": rate.basis if rate else "",
        "rate_day": rate.day.isoformat() if rate and rate.day else None,
    }


def print_estimates(of: LiveEstimates) -> None:
    """The rates of kinds of nodes as a table; then today so far, and how far off estimates were."""
    from costwatch.money import exact

    click.echo("What usage that is not billed yet is priced at; estimates are in no sum of the bill\n")
    rows = [[*(part or "(none)" for part in kind), *_rate(rate)] for kind, rate in of.rates.items()]
    columns = ["Instance type", "Region", "Purchase", "An hour", "Basis", "Settled day"]
    print_table(columns, rows, right={"An hour"})
    click.echo()
    for currency, amount in sorted(of.today.items()):
        line(f"today so far, estimated: {exact(amount, currency)}")
    line(of.finding or of.sentence or "none of what was estimated is billed yet: nobody knows how far off")
    for text in of.unpriced:
        line(text)


def _rate(rate: Rate | None) -> tuple[str, str, str]:
    if rate is None:
        return UNKNOWN, "", ""
    hourly = f"{rate.hourly:,.4f} {rate.currency}"
    return hourly, "bill" if rate.basis == "settled" else "list price", f"{rate.day or ''}"
