"""Bills that AWS Data Exports, or anyone, delivers as files: FOCUS as CSV, CSV.gz or Parquet."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from pydantic import ValidationInfo, field_validator

from collectors.places import Entry, LocalFolder, Place, s3_place
from costwatch.errors import SourceError
from costwatch.model import Batch, DeliveredFile, Export, Window
from costwatch.plugins import CollectorSettings

# https://docs.aws.amazon.com/cur/latest/userguide/dataexports-export-delivery.html; some deliveries
# write the partition in lower case, and create-new ones put a folder for each run in between.
_MANIFEST = re.compile(
    r"(?P<root>(?:.*/)?)metadata/(?P<partition>billing_period=(?P<year>\d{4})-(?P<month>\d{2}))/"
    r"(?:.*/)?[^/]*manifest\.json",
    re.IGNORECASE,
)
_DATA_FILE = re.compile(r".*\.(csv|csv\.gz|parquet)", re.IGNORECASE)


class Exports(CollectorSettings):
    """A bill delivered as files, in a local folder or below ``s3://bucket/prefix``.

    location: the export's folder, or any folder above it. Where AWS manifests are found, exactly the
    files they name are read, by billing period; elsewhere all CSV and Parquet files below the folder
    together are the bill; of a billing period that is no longer among them, what was published stays.
    region, profile, role_arn, external_id: how to reach AWS; left out, the usual AWS chain decides.

        - {name: aws, kind: exports, location: "s3://acme-billing/focus", profile: billing}
    """

    location: str
    region: str = ""
    profile: str = ""
    role_arn: str = ""
    external_id: str = ""

    @field_validator("location")
    @classmethod
    def _beside_the_file(cls, location: str, info: ValidationInfo) -> str:
        """A relative folder is relative to the file that names it."""
        folder = (info.context or {}).get("folder")
        if location.startswith("s3://") or folder is None:
            return location
        return str(Path(folder) / Path(location).expanduser())

    @property
    def lookback(self) -> timedelta:
        """Thirteen months: AWS restates the month before this one for about two weeks, and any other
        when asked to; what is unchanged costs a look at its manifest.
        """
        return timedelta(days=400)

    def collect(self, window: Window) -> Iterator[Batch]:
        """One batch for each billing period that overlaps ``window``; see ``plugins.Collector``."""
        place = self._place()
        entries = {entry.key: entry for entry in place.entries()}
        manifests = _newest_manifests(entries.values())
        if not manifests:
            with TemporaryDirectory(prefix="costwatch-") as folder:
                yield _loose(place, list(entries.values()), Path(folder))
        for period, manifest in manifests:
            if period.overlaps(window):
                # One folder for each: a year of bills need not lie here at once.
                with TemporaryDirectory(prefix="costwatch-") as folder:
                    yield _delivery(place, entries, period, manifest, Path(folder))

    def _place(self) -> Place:
        if not self.location.startswith("s3://"):
            return LocalFolder(Path(self.location))
        return s3_place(
            self.location,
            region=self.region,
            profile=self.profile,
            role_arn=self.role_arn,
            external_id=self.external_id,
        )


def _newest_manifests(entries: Iterable[Entry]) -> list[tuple[Window, Entry]]:
    """The latest manifest of each export and billing period, by period."""
    newest: dict[tuple[Window, str], Entry] = {}
    for entry in entries:
        match = _MANIFEST.fullmatch(entry.key)
        if match:
            if not 1 <= int(match["month"]) <= 12:
                raise SourceError(f"{entry.key}: there is no month {match['month']}; remove that folder")
            key = (_month(int(match["year"]), int(match["month"])), match["root"])
            if key not in newest or newest[key].modified <= entry.modified:
                newest[key] = entry
    roots = {root for _, root in newest}
    if len(roots) > 1:
        raise SourceError(
            f"{len(roots)} exports lie below one location ({', '.join(sorted(roots))}); "
            "name one source for each"
        )
    return sorted((period, entry) for (period, _), entry in newest.items())


def _month(year: int, month: int) -> Window:
    after = (year + 1, 1) if month == 12 else (year, month + 1)
    return Window(datetime(year, month, 1, tzinfo=UTC), datetime(*after, 1, tzinfo=UTC))


def _loose(place: Place, entries: Sequence[Entry], folder: Path) -> Batch:
    """Files without a manifest: all of them are the bill."""
    # A copy of a file under another name is no second bill.
    found = {entry.version: entry for entry in reversed(entries) if _DATA_FILE.fullmatch(entry.key)}
    files = sorted(found.values(), key=lambda entry: entry.key)
    if not files:
        raise SourceError(f"{place.name('')}: no manifest, CSV or Parquet file there; correct location")
    return Batch("bill", None, _version(files), _reader(place, files, folder))


def _delivery(
    place: Place, entries: dict[str, Entry], period: Window, manifest: Entry, folder: Path
) -> Batch:
    """One billing period, exactly the files its manifest names."""
    match = _MANIFEST.fullmatch(manifest.key)
    root = match["root"] if match else ""
    by_lower = {key.lower(): entry for key, entry in entries.items()}
    files = []
    for uri in _data_files(place, manifest, folder):
        key = root + _below_data(uri)
        entry = by_lower.get(key.lower())
        if entry is None:
            # Read anyway, so that this period is refused and the others are not held up.
            return Batch("bill", period, f"missing {key}", _missing(place, manifest, key))
        files.append(entry)
    return Batch("bill", period, _version(files), _reader(place, files, folder))


def _data_files(place: Place, manifest: Entry, folder: Path) -> list[str]:
    try:
        named = json.loads(place.fetch(manifest, folder).read_text(encoding="utf-8"))["dataFiles"]
        if not isinstance(named, list):
            raise TypeError("dataFiles is no list")
        return [str(uri) for uri in named]
    except (ValueError, KeyError, TypeError):
        raise SourceError(
            f"{place.name(manifest.key)}: not a manifest of AWS Data Exports (no dataFiles); deliver it again"
        ) from None


def _below_data(uri: str) -> str:
    """``data/BILLING_PERIOD=…/file`` of an URI, wherever the delivery has been copied to."""
    parts = PurePosixPath(uri.removeprefix("s3://")).parts
    starts = [number for number, part in enumerate(parts) if part.lower() == "data"]
    return "/".join(parts[starts[-1] :] if starts else parts[-1:])


def _missing(place: Place, manifest: Entry, key: str) -> Callable[[], Export]:
    def refuse() -> Export:
        raise SourceError(
            f"{place.name(manifest.key)}: names {key}, which is not there; wait for the next delivery"
        )

    return refuse


def _version(files: Sequence[Entry]) -> str:
    """Of the content alone: two files that swap names are the same bill."""
    return hashlib.sha256("\n".join(sorted(entry.version for entry in files)).encode()).hexdigest()


def _reader(place: Place, files: Sequence[Entry], folder: Path) -> Callable[[], Export]:
    def read() -> Export:
        return Export(tuple(DeliveredFile(place.name(file.key), place.fetch(file, folder)) for file in files))

    return read
