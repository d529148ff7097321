"""Measures from CloudWatch: what ``source.py`` is asked, and how ``metrics.py`` asks and pays for it."""

from collectors.cloudwatch.source import CloudWatch

__all__ = ["CloudWatch"]
