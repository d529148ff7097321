"""Asking Prometheus, and what speaks like it (Mimir, Thanos, VictoriaMetrics): one client for all.

    with Prometheus(self) as prometheus:
        answer = prometheus.query_range("up", window, step=timedelta(minutes=5))

Neither the client library nor numpy is imported before the first question.
"""

from collectors.prometheus.answers import Answer, Series
from collectors.prometheus.client import Prometheus
from collectors.prometheus.settings import PrometheusSettings

__all__ = ["Answer", "Prometheus", "PrometheusSettings", "Series"]
