"""Service level objectives from Prometheus: good and total by bucket and instance, and short burn windows."""

from collectors.slo.source import Slo

__all__ = ["Slo"]
