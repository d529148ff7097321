"""SLO files by hand, and how they are read."""

from collections.abc import Mapping
from pathlib import Path

from costwatch.allocation.teams import Team
from costwatch.config.files import SloFiles
from costwatch.config.slos.loading import Loaded, load_slos
from costwatch.config.slos.owners import Owners
from costwatch.cost.systems import System

TEAMS = (Team(name="platform", aliases=("SRE Guild",)), Team(name="risk"))
SYSTEMS = (System.model_validate({"name": "web-shop", "match": {"accounts": "1"}}),)

SLOTH = """\
version: prometheus/v1
service: web shop
labels: {owner: sre_guild, tier: "2"}
slos:
  - name: availability
    objective: 99.9
    labels: {category: availability}
    sli:
      events:
        error_query: sum(rate(http_requests_total{code=~"5.."}[{{.window}}]))
        total_query: sum(rate(http_requests_total[{{.window}}]))
    alerting:
      name: ShopErrors
      labels: {area: shop}
      annotations: {runbook: "https://runbooks.test/shop"}
      page_alert: {labels: {severity: page}}
      ticket_alert: {disable: true}
"""
SLOTH_RESOURCE = """\
apiVersion: sloth.slok.dev/v1
kind: PrometheusServiceLevel
metadata: {name: shop, namespace: prod, labels: {team: risk}, annotations: {costwatch.io/system: Web_Shop}}
spec:
  service: checkout
  slos:
    - name: latency
      objective: 99
      sli:
        events:
          errorQuery: >-
            clamp_min(sum by (request_host) (rate(latency_count[{{.window}}]))
            - sum by (request_host) (rate(latency_bucket{le="0.3"}[{{.window}}])), 0)
          totalQuery: sum by (request_host) (rate(latency_count[{{.window}}]))
      alerting: {pageAlert: {disable: true}}
"""
OPENSLO = """\
apiVersion: openslo/v1
kind: SLO
metadata: {name: search, displayName: Search, labels: {team: [risk]}}
spec:
  service: web-shop
  indicator:
    metadata: {name: search-errors}
    spec:
      ratioMetric:
        counter: true
        bad:
          metricSource:
            type: Prometheus
            spec: {query: 'sum by (zone) (search_requests_total{code="500"})'}
        total:
          metricSource:
            type: prometheus
            spec: {query: search_requests_total}
  timeWindow:
    - duration: 28d
      isRolling: true
  budgetingMethod: Occurrences
  objectives:
    - displayName: Good
      target: 0.99
"""
ALPHA = """\
apiVersion: openslo/v1alpha
kind: SLO
metadata: {name: search}
spec:
  service: web-shop
  budgetingMethod: Timeslices
  objectives:
    - ratioMetrics:
        good: {source: prometheus, queryType: promql, query: 'sum(rate(good_total[{{.window}}]))'}
        total: {source: prometheus, queryType: promql, query: 'sum(rate(all_total[{{.window}}]))'}
      target: 0.99
      timeSliceTarget: 0.95
      timeSliceWindow: 1m
  timeWindows:
    - count: 1
      unit: Month
      isRolling: false
      calendar: {startTime: "2026-01-01 00:00:00", timeZone: Europe/Berlin}
"""
PYRRA = """\
apiVersion: pyrra.dev/v1alpha1
kind: ServiceLevelObjective
metadata: {name: edge, namespace: pilot, labels: {pyrra.dev/team: platform, role: alert-rules}}
spec:
  target: "99.9"
  window: 12w
  indicator:
    ratio:
      errors: {metric: 'edge_bad{site="east"}'}
      total: {metric: 'edge_all{site="east"}'}
      grouping: [host]
"""


def loaded(folder: Path, files: Mapping[str, str], *entries: SloFiles) -> Loaded:
    """What is read of these files, of which the whole folder is an entry unless others are given."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return load_slos(entries or [SloFiles(path=str(folder))], Owners(TEAMS, SYSTEMS))


def mistakes_of(folder: Path, text: str) -> list[str]:
    """Those of a file, without the folder."""
    read = loaded(folder, {"a.yaml": text}, SloFiles(path=str(folder / "a.yaml")))
    assert not (read.mistakes and read.objectives), "half of a file was read"
    return [each.removeprefix(f"{folder}/") for each in read.mistakes]
