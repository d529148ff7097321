"""Step 5: the weekly report. Reads one snapshot of the warehouse; the same inputs give the same bytes."""

import os
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from costwatch.model import Report
from costwatch.report.publication import publish
from costwatch.report.rendering import html, markdown
from costwatch.report.view import Weekly
from costwatch.report.weekly import weekly
from costwatch.wording import printable

__all__ = ["Weekly", "as_report", "html", "markdown", "publish", "weekly", "write"]


def write(report: Weekly, format: Literal["html", "md"], folder: Path) -> Path:
    """Write ``weekly-2026-W47[-team].html`` or ``.md`` into ``folder``, whole or not at all; its path."""
    text = html(report) if format == "html" else markdown(report)
    target = folder / f"{_name(report)}.{format}"
    part = target.with_name(f".{target.name}.{os.getpid()}")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return target


def as_report(report: Weekly) -> Report:
    """The week as it is sent."""
    title = f"{printable(report.team or 'Costs')}, week {report.week[-2:]} of {report.week[:4]}"
    return Report(_name(report), title, markdown(report), html(report))


def _name(report: Weekly) -> str:
    """``weekly-2026-W47[-team]``."""
    return f"weekly-{report.week}" + ("" if report.team is None else f"-{quote(report.team, safe='')}")
