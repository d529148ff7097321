"""Amounts of CPU and memory as Kubernetes writes them. Pure.

Source: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
"""

from math import ceil

MIB = 2**20
# Measured amounts are sums of floats: what exceeds a whole unit by less than this does so by rounding.
_NOISE = 1e-6


def whole_millicores(cores: float) -> int:
    """Rounded up: ``cores`` are within it."""
    return ceil(cores * 1000 - _NOISE)


def whole_mebibytes(size_bytes: float) -> int:
    """Rounded up: ``size_bytes`` are within it."""
    return ceil(size_bytes / MIB - _NOISE)


def cpu_text(millicores: int) -> str:
    """``250m``, ``2000m``: in one unit, to be compared."""
    return f"{millicores}m"


def memory_text(mebibytes: int) -> str:
    """``512Mi``, ``2048Mi``: in one unit, to be compared."""
    return f"{mebibytes}Mi"
