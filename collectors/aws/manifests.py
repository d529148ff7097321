"""Which files are the bill of a month, as the manifests of AWS say: Data Exports and legacy CUR.

Sources: https://docs.aws.amazon.com/cur/latest/userguide/dataexports-export-delivery.html,
https://docs.aws.amazon.com/cur/latest/userguide/understanding-report-versions.html
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from collectors.aws.places import Entry
from costwatch.errors import SourceError
from costwatch.model import Window

_NAME = r"(?:[^/]*-)?manifest\.json"  # not the …-RedshiftManifest.json beside it
# What lies between a month's folder and the manifest names one run (create new), nothing the current one.
_LAYOUTS = [
    re.compile(rf"(?P<root>(?:.*/)?){folder}/{_NAME}", re.IGNORECASE)
    for folder in (
        r"metadata/billing_period=(?P<year>\d{4})-(?P<month>\d\d)(?:/.*)?",  # Data Exports
        r"(?P<year>\d{4})(?P<month>\d\d)\d\d-\d{8}(?P<run>/[^/]+)?",  # legacy CUR
        r"year=(?P<year>\d{4})/month=(?P<month>\d\d?)(?P<run>/[^/]+)?",  # legacy CUR, for Athena
    )
]
_MONTH_FOLDER = re.compile(r"billing_period=\d{4}-\d\d|\d{8}-\d{8}|year=\d{4}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Manifest:
    """The manifest of one billing period. root: folder of its export, with a slash at its end, or empty."""

    entry: Entry
    period: Window
    root: str
    is_current: bool  # by its place: legacy CUR overwrites it with each delivery


def newest_manifests(entries: Iterable[Entry]) -> dict[Window, Manifest]:
    """The manifest that counts, for each billing period.

    Raises SourceError for a month that is none and for several exports.
    """
    found = [manifest for entry in entries if (manifest := _manifest(entry))]
    roots = sorted({manifest.root for manifest in found})
    if len(roots) > 1:
        raise SourceError(
            f"{len(roots)} exports lie below one location ({', '.join(roots)}); name one source for each"
        )
    found.sort(key=lambda one: (one.is_current, one.entry.modified, one.entry.key))
    return {manifest.period: manifest for manifest in found}


def _manifest(entry: Entry) -> Manifest | None:
    match = next((match for layout in _LAYOUTS if (match := layout.fullmatch(entry.key))), None)
    if match is None:
        return None
    year, month = int(match["year"]), int(match["month"])
    if not 1 <= month <= 12:
        raise SourceError(f"{entry.key}: there is no month {match['month']}; remove that folder")
    is_current = "run" in match.groupdict() and match["run"] is None
    return Manifest(entry, _month(year, month), match["root"], is_current)


def _month(year: int, month: int) -> Window:
    after = (year + 1, 1) if month == 12 else (year, month + 1)
    return Window(datetime(year, month, 1, tzinfo=UTC), datetime(*after, 1, tzinfo=UTC))


def is_astray(key: str) -> bool:
    """Whether a file is named as AWS names manifests, wherever it lies."""
    return re.fullmatch(r"(?:.*/)?[^/]+-manifest\.json", key, re.IGNORECASE) is not None


def named_files(content: bytes) -> list[str]:
    """The data files that a manifest names. Raises ValueError where it is no manifest."""
    try:
        manifest = json.loads(content)
        named = manifest["dataFiles"] if "dataFiles" in manifest else manifest["reportKeys"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ValueError("not a manifest of AWS (no dataFiles, no reportKeys)") from None
    if not isinstance(named, list) or not all(isinstance(each, str) for each in named):
        raise ValueError("not a manifest of AWS (its files are no list of names)")
    return named


def files_of(manifest: Manifest, named: Sequence[str], entries: Sequence[Entry]) -> list[Entry]:
    """The files called ``named``, wherever the delivery has been copied to; a file named twice is one.

    A name's longest end that exists below the manifest's root counts; the folder of the month belongs to
    it always, so that no month stands in for another one. Raises ValueError for a file that is not there.
    """
    known = {entry.key.lower(): entry for entry in entries} | {entry.key: entry for entry in entries}
    files = []
    for name in named:
        parts = [part for part in name.removeprefix("s3://").split("/") if part]
        month = max((place for place, part in enumerate(parts) if _MONTH_FOLDER.fullmatch(part)), default=0)
        keys = [manifest.root + "/".join(parts[start:]) for start in range(month + 1)]
        file = next((found for key in keys if (found := known.get(key) or known.get(key.lower()))), None)
        if file is None:
            raise ValueError(f"names {'/'.join(parts[max(month - 1, 0) :])}, which is not there")
        files.append(file)
    return list(dict.fromkeys(files))
