"""Kubernetes usage from Prometheus: what every pod requested and used, on which node and instance.

A day is read (``reading``), put on a grid of steps (``grid``), and worked out (``day``, by ``pods``, ``life``,
``requests``, ``cadvisor``, ``nodes``, ``gpus``, ``volumes``), then written as rows (``rows``) of ``tables``.
"""

from collectors.kubernetes.source import Kubernetes

__all__ = ["Kubernetes"]
