"""What a manifest says, told by what is in it and not by where it lies.

Sources: https://docs.aws.amazon.com/cur/latest/userguide/dataexports-export-delivery.html (``dataFiles``),
https://docs.aws.amazon.com/cur/latest/userguide/understanding-report-versions.html (``reportKeys``),
https://learn.microsoft.com/azure/cost-management-billing/costs/tutorial-improved-exports (``blobs``).
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from collectors.aws.places import Entry, FileError, Place
from costwatch.model import Window

_NAME = re.compile(r"(?:.*/)?(?:[^/]*-)?manifest\.json", re.IGNORECASE)  # not …-RedshiftManifest.json
_MAX_BYTES = 16 << 20  # those of the largest bills have a thousandth of it for each part
_UNKNOWN = "not a manifest of AWS (no dataFiles, no reportKeys) or of Azure (no blobs)"
_SCOPE = re.compile(r"(.*)/providers/microsoft\.costmanagement/exports/[^/]*", re.IGNORECASE)


class UnknownManifestError(ValueError):
    """A file that is no manifest of a bill; ``is_json``: but one of something else, perhaps."""

    def __init__(self, *, is_json: bool) -> None:
        super().__init__(_UNKNOWN)
        self.is_json = is_json


@dataclass(frozen=True, slots=True)
class Named:
    """A data file as a manifest names it. size: its bytes at least, 0 where the manifest does not say."""

    name: str
    size: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """What a manifest of Azure says of its run besides the files.

    dataset: ``FocusCost``, ``ActualCost`` …; scope: whose costs they are; first, last: days, both included;
    submitted: when it was asked for. Each is empty where the manifest does not say.
    """

    dataset: str = ""
    scope: str = ""
    first: date | None = None
    last: date | None = None
    submitted: datetime | None = None


@dataclass(frozen=True, slots=True)
class Contents:
    """The files that a manifest names; of one of Azure, its run."""

    files: tuple[Named, ...]
    run: Run | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """Where a manifest lies. root: the folder of its export, with a slash at its end, or empty."""

    entry: Entry
    root: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """What is read as a whole, or ``refusal``: why it is not, in a sentence.

    window: the billing periods that it holds; None where only its lines say.
    """

    window: Window | None
    manifests: tuple[Manifest, ...] = ()
    refusal: str = ""


def is_manifest(key: str) -> bool:
    """Whether a file is called as AWS and Azure call manifests, wherever it lies."""
    return _NAME.fullmatch(key) is not None


@dataclass
class Manifests:
    """The manifests of a place, each brought once while it stays as it is. folder: where they are put."""

    place: Place
    folder: Path
    _known: dict[tuple[str, str], Contents] = field(default_factory=dict)

    def contents(self, entry: Entry) -> Contents:
        """What one says.

        Raises UnknownManifestError, ValueError for one that contradicts itself, SourceError of the place.
        """
        key = entry.key, entry.tag
        if key not in self._known:
            if entry.size > _MAX_BYTES:
                raise FileError(
                    f"{self.place.name(entry.key)}: {entry.size} bytes are too many for a manifest; remove it"
                )
            self._known[key] = told(self.place.fetch(entry, self.folder).path.read_bytes())
        return self._known[key]


def told(content: bytes) -> Contents:
    """What the bytes of a manifest say. Raises as ``Manifests.contents``."""
    try:
        manifest = json.loads(content)
    except (ValueError, RecursionError):
        raise UnknownManifestError(is_json=False) from None
    if isinstance(manifest, dict):
        for key in ("dataFiles", "reportKeys"):
            if key in manifest:
                return Contents(tuple(map(Named, _names(manifest[key]))))
        if "blobs" in manifest:
            return Contents(_blobs(manifest), _run(manifest))
    raise UnknownManifestError(is_json=True)


def _names(named: Any) -> Sequence[str]:
    if not isinstance(named, list) or not all(isinstance(each, str) for each in named):
        raise ValueError("not a manifest of AWS (its files are no list of names)")
    return named


def _blobs(manifest: Mapping[str, Any]) -> tuple[Named, ...]:
    blobs, count = manifest["blobs"], manifest.get("blobCount")
    if not isinstance(blobs, list) or not all(
        isinstance(each, dict) and isinstance(each.get("blobName"), str) for each in blobs
    ):
        raise ValueError("not a manifest of Azure (its blobs are no list of names)")
    if isinstance(count, int) and count != len(blobs):
        raise ValueError(f"says that there are {count} files, and names {len(blobs)}")
    sizes = (each.get("byteCount") for each in blobs)
    return tuple(
        Named(each["blobName"], size if isinstance(size, int) else 0)
        for each, size in zip(blobs, sizes, strict=True)
    )


def _run(manifest: Mapping[str, Any]) -> Run:
    export, info = (manifest.get(key) for key in ("exportConfig", "runInfo"))
    export, info = (each if isinstance(each, dict) else {} for each in (export, info))
    first, last, submitted = (_instant(info.get(key)) for key in ("startDate", "endDate", "submittedTime"))
    scope = _SCOPE.fullmatch(str(export.get("resourceId", "")))
    return Run(
        dataset=str(export.get("type", "")),
        scope=scope[1].lower() if scope else "",
        first=first.date() if first else None,
        last=last.date() if last else None,
        submitted=submitted,
    )


def _instant(value: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def month(year: int, number: int) -> Window:
    """A calendar month. Raises ValueError for one that is none."""
    after = (year + 1, 1) if number == 12 else (year, number + 1)
    return Window(datetime(year, number, 1, tzinfo=UTC), datetime(*after, 1, tzinfo=UTC))
