"""Markers in files of JSON lines: one object a line, and all mistakes told with file and line."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from costwatch.model import Marker
from costwatch.plugins import MARKERS, link_of
from costwatch.wording import printable, shortened

_NEEDED = ("at", "kind", "title")
_EXAMPLE = '{"at": "2026-11-21T14:05:00Z", "kind": "deploy", "title": "checkout 1.4"}'
_MOST_MISTAKES = 20


def read_lines(path: Path, name: str) -> tuple[list[Marker], list[str]]:
    """The markers of a file, and what is wrong with other lines: ``name:line: what; what to do``.

    Empty lines are none. Raises OSError.
    """
    found, mistakes = [], []
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                found.append(_marker(line))
            except ValueError as mistake:
                mistakes.append(f"{name}:{number}: {mistake}")
    more = len(mistakes) - _MOST_MISTAKES
    if more > 0:
        mistakes = [*mistakes[:_MOST_MISTAKES], f"{name}: {more:,} more lines are wrong; mend those first"]
    return found, mistakes


def _marker(line: bytes) -> Marker:
    """Raises ValueError with all that is wrong with it."""
    try:
        given = json.loads(line)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise ValueError(f"is no JSON object; write a line such as {_EXAMPLE}")
    wrong = [*_unknown(given), *_missing(given), *_of_no_text(given)]
    at = None
    if isinstance(given.get("at"), str):
        try:
            at = _instant(given["at"])
        except ValueError as error:
            wrong.append(f"'at' {error}")
    if isinstance(url := given.get("url"), str) and url:
        try:
            link_of(url)
        except ValueError as error:
            wrong.append(f"'url' {error}")
    if wrong or at is None:
        raise ValueError("; ".join(wrong))
    return Marker(at, **{key: value for key, value in given.items() if key != "at" and value is not None})


def _unknown(given: dict[str, Any]) -> Iterator[str]:
    for key in given.keys() - MARKERS.columns.keys():
        near = get_close_matches(key, list(MARKERS.columns), 1)
        advice = f"did you mean '{near[0]}'?" if near else f"known are {', '.join(MARKERS.columns)}"
        yield f"'{printable(shortened(key, 40))}' is unknown; {advice}"


def _missing(given: dict[str, Any]) -> Iterator[str]:
    for key in _NEEDED:
        if given.get(key) is None or (isinstance(given[key], str) and not given[key].strip()):
            yield f"'{key}' is missing; write a line such as {_EXAMPLE}"


def _of_no_text(given: dict[str, Any]) -> Iterator[str]:
    for key in MARKERS.columns:
        if given.get(key) is not None and not isinstance(given[key], str):
            yield f"'{key}' must be a text in quotes"


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is None or not 1970 <= at.year <= 9000:
            raise ValueError
        return at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("must be an instant with its zone, such as 2026-11-21T14:05:00Z") from None
