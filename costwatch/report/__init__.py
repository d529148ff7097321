"""Step 5: the weekly report. Reads one snapshot of the warehouse; the same inputs give the same bytes."""

import os
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from costwatch.report.rendering import html, markdown
from costwatch.report.view import Weekly
from costwatch.report.weekly import weekly

__all__ = ["Weekly", "html", "markdown", "weekly", "write"]


def write(report: Weekly, format: Literal["html", "md"], folder: Path) -> Path:
    """Write ``weekly-2026-W47[-team].html`` or ``.md`` into ``folder``, whole or not at all; its path."""
    text = html(report) if format == "html" else markdown(report)
    team = "" if report.team is None else f"-{quote(report.team, safe='')}"
    target = folder / f"weekly-{report.week}{team}.{format}"
    part = target.with_name(f".{target.name}.{os.getpid()}")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return target
