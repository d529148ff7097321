"""Markers: deploys and flags that were switched, from PromQL or from files of JSON lines."""

from collectors.markers.source import Markers

__all__ = ["Markers"]
