"""The company's SLO files: Sloth's for what it counts in 30 days, OpenSLO for the others."""

import json
from collections.abc import Iterable
from pathlib import Path

from costwatch.demo.slos import CALENDAR_ZONE, SLOS, DemoSlo

FOLDER = "slos"  # beside costwatch.yaml
_WINDOW = "{{.window}}"

_SLOTH = """\
# For Sloth (https://sloth.dev), which makes rules of Prometheus of it.
version: prometheus/v1
service: {service}
labels: {{team: {team}}}
slos:
"""
_SLOTH_SLO = """\
  - name: {name}
    description: {percent} % {promise}.
    objective: {percent}
    sli:
      events:
        error_query: {bad}
        total_query: {total}
    alerting: {{page_alert: {{}}, ticket_alert: {{}}}}
"""
_OPENSLO = """\
# OpenSLO v1 (https://github.com/OpenSLO/OpenSLO).
apiVersion: openslo/v1
kind: SLO
metadata:
  name: {id}
  displayName: {name}
  labels: {{team: {team}}}
spec:
  service: {service}
  description: {percent} % {promise}.
  budgetingMethod: {method}
  timeWindow:
    - {window}
  objectives:
    - {objective}
  indicator:
    metadata: {{name: {id}}}
    spec:
      ratioMetric:
        {side}: {{metricSource: {{type: Prometheus, spec: {{query: {of_side}}}}}}}
        total: {{metricSource: {{type: Prometheus, spec: {{query: {total}}}}}}}
"""


def write_objectives(folder: Path) -> None:
    """Write them into a folder beside ``costwatch.yaml``, over what was there."""
    (folder / FOLDER).mkdir(exist_ok=True)
    by_service: dict[str, list[DemoSlo]] = {}
    for slo in SLOS:
        if _is_sloths(slo):
            by_service.setdefault(slo.service, []).append(slo)
        else:
            (folder / FOLDER / f"{slo.id}.yaml").write_text(_openslo(slo), encoding="utf-8")
    for service, slos in by_service.items():
        (folder / FOLDER / f"{service}.yaml").write_text(_sloth(slos), encoding="utf-8")


def _is_sloths(slo: DemoSlo) -> bool:
    return slo.form != "probe" and slo.days == 30 and not slo.is_calendar


def _sloth(slos: Iterable[DemoSlo]) -> str:
    first, *_ = slos
    told = (
        _SLOTH_SLO.format(
            name=slo.name,
            percent=slo.percent,
            promise=slo.promise,
            bad=_text(_bad(slo)),
            total=_text(_total(slo)),
        )
        for slo in slos
    )
    return _SLOTH.format(service=first.service, team=first.team) + "".join(told)


def _openslo(slo: DemoSlo) -> str:
    window = f"{{duration: {slo.days}d, isRolling: true}}"
    if slo.is_calendar:
        calendar = f'{{startTime: "2026-01-01 00:00:00", timeZone: {CALENDAR_ZONE}}}'
        window = f"{{duration: 1M, isRolling: false, calendar: {calendar}}}"
    slices = ", timeSliceTarget: 1, timeSliceWindow: 5m" if slo.is_sliced else ""
    return _OPENSLO.format(
        id=slo.id,
        service=slo.service,
        name=slo.name,
        team=slo.team,
        percent=slo.percent,
        promise=slo.promise,
        method="Timeslices" if slo.is_sliced else "Occurrences",
        window=window,
        objective=f"{{targetPercent: {slo.percent}{slices}}}",
        side="good" if slo.form == "probe" else "bad",
        of_side=_text(_good(slo) if slo.form == "probe" else _bad(slo)),
        total=_text(_total(slo)),
    )


def _good(slo: DemoSlo) -> str:
    return f"sum{_by(slo)} (sum_over_time({slo.metric}[{_WINDOW}]))"


def _bad(slo: DemoSlo) -> str:
    if slo.form == "latency":
        return f"{_total(slo)} - {_rate(slo, '_bucket', le=slo.le)}"
    return _rate(slo, code="500")


def _total(slo: DemoSlo) -> str:
    if slo.form == "probe":
        return f"sum{_by(slo)} (count_over_time({slo.metric}[{_WINDOW}]))"
    return _rate(slo, "_count" if slo.form == "latency" else "")


def _rate(slo: DemoSlo, ending: str = "", **more: str) -> str:
    told = ",".join(f'{name}="{value}"' for name, value in {**slo.labels, **more}.items())
    return f"sum(rate({slo.metric}{ending}{f'{{{told}}}' if told else ''}[{_WINDOW}]))"


def _by(slo: DemoSlo) -> str:
    return f" by ({slo.group[0]})" if slo.group[0] else ""


def _text(promql: str) -> str:
    """In quotes that YAML reads."""
    return json.dumps(promql)
