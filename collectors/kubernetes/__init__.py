"""Kubernetes usage from Prometheus: what every pod requested and used, on which node and instance.

A day is asked for (``reading``), put on a grid of steps (``grid``) and worked out: pods and nodes (``day``),
what containers requested and used (``amounts``), what they are called (``workloads``). Then it is written as
``rows`` of ``tables``. The other modules are the arithmetic, a question each.
"""

from collectors.kubernetes.source import Kubernetes

__all__ = ["Kubernetes"]
