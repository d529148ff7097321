"""Measures from a SQL database: what ``source.py`` is asked, and how ``database.py`` asks it read-only."""

from collectors.sql.source import Sql

__all__ = ["Sql"]
