"""Asking Prometheus, and what speaks like it (Mimir, Thanos, VictoriaMetrics): one client for all.

    with Prometheus(self) as prometheus:
        answer = prometheus.query_range("up", window, step=timedelta(minutes=5))

Neither the client library nor numpy is imported before the first question.
"""

from collectors.prometheus.answers import Answer, Series
from collectors.prometheus.client import Prometheus
from collectors.prometheus.days import LATE, day_version, days_to_read, last_whole_hour
from collectors.prometheus.errors import AskError
from collectors.prometheus.selectors import Label, Match, matchers, quoted
from collectors.prometheus.settings import PrometheusSettings

__all__ = [
    "LATE",
    "Answer",
    "AskError",
    "Label",
    "Match",
    "Prometheus",
    "PrometheusSettings",
    "Series",
    "day_version",
    "days_to_read",
    "last_whole_hour",
    "matchers",
    "quoted",
]
