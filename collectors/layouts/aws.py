"""Which manifest of AWS counts for a month, and where its files are: Data Exports and legacy CUR.

Sources: https://docs.aws.amazon.com/cur/latest/userguide/dataexports-export-delivery.html,
https://docs.aws.amazon.com/cur/latest/userguide/understanding-report-versions.html
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from collectors.aws.places import Entry
from collectors.layouts.manifests import Delivery, Manifest, Named, month
from costwatch.model import Window

# What lies between a month's folder and the manifest names one run (create new), nothing the current one.
_LAYOUTS = [
    re.compile(rf"(?P<root>(?:.*/)?){folder}/[^/]+", re.IGNORECASE)
    for folder in (
        r"metadata/billing_period=(?P<year>\d{4})-(?P<month>\d\d)(?:/.*)?",  # Data Exports
        r"(?P<year>\d{4})(?P<month>\d\d)\d\d-\d{8}(?P<run>/[^/]+)?",  # legacy CUR
        r"year=(?P<year>\d{4})/month=(?P<month>\d\d?)(?P<run>/[^/]+)?",  # legacy CUR, for Athena
    )
]
_MONTH_FOLDER = re.compile(r"billing_period=\d{4}-\d\d|\d{8}-\d{8}|year=\d{4}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class MonthManifest:
    """A manifest where AWS puts it."""

    manifest: Manifest
    period: Window
    is_current: bool  # by its place: legacy CUR overwrites it with each delivery


def in_its_place(entry: Entry) -> MonthManifest | None:
    """What the folders of a manifest say of it. Raises ValueError for a month that is none."""
    match = next((match for layout in _LAYOUTS if (match := layout.fullmatch(entry.key))), None)
    if match is None:
        return None
    year, number = int(match["year"]), int(match["month"])
    if not 1 <= number <= 12:
        raise ValueError(f"there is no month {match['month']}; remove that folder")
    is_current = "run" in match.groupdict() and match["run"] is None
    return MonthManifest(Manifest(entry, match["root"]), month(year, number), is_current)


def newest(found: Iterable[MonthManifest]) -> Iterator[Delivery]:
    """For each export and month the manifest that counts."""
    of: dict[tuple[str, Window], list[MonthManifest]] = defaultdict(list)
    for each in found:
        of[each.manifest.root, each.period].append(each)
    for (_, period), manifests in of.items():
        last = max(manifests, key=lambda one: (one.is_current, *_age(one.manifest.entry)))
        yield Delivery(period, (last.manifest,))


def _age(entry: Entry) -> tuple[datetime, str]:
    return entry.modified, entry.key


def files_of(manifest: Manifest, named: Sequence[Named], entries: Sequence[Entry]) -> list[Entry]:
    """The files called ``named``, wherever the delivery has been copied to; a file named twice is one.

    A name's longest end that exists below the manifest's root counts; the folder of the month belongs to
    it always, so that no month stands in for another one. Raises ValueError for a file that is not there.
    """
    known = {entry.key.lower(): entry for entry in entries} | {entry.key: entry for entry in entries}
    files = []
    for each in named:
        parts = [part for part in each.name.removeprefix("s3://").split("/") if part]
        folder = max((place for place, part in enumerate(parts) if _MONTH_FOLDER.fullmatch(part)), default=0)
        keys = [manifest.root + "/".join(parts[start:]) for start in range(folder + 1)]
        file = next((found for key in keys if (found := known.get(key) or known.get(key.lower()))), None)
        if file is None:
            raise ValueError(f"names {'/'.join(parts[max(folder - 1, 0) :])}, which is not there")
        files.append(file)
    return list(dict.fromkeys(files))
