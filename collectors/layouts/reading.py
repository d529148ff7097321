"""How a bill delivered as files is read: by its manifests, each delivery as one version, or file by file."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from collectors.aws.places import Entry, FileError, Place, ReplacedError
from collectors.layouts import aws, azure
from collectors.layouts.deliveries import deliveries
from collectors.layouts.files import DATA_FILE, FOREIGN_FILE, UNTOLD_FILE, holds_data, version_of
from collectors.layouts.manifests import Delivery, Manifest, Manifests, is_manifest
from costwatch.errors import SourceError
from costwatch.model import Batch, DeliveredFile, Export, Window

_READINGS = 3  # of a delivery that is replaced while it is read
_DELIVERY = timedelta(hours=1)  # longer than one takes
_UNREAD = "not read, as it is neither CSV (plain, gzip or zip) nor Parquet; deliver it as one of them"
_Found = TypeVar("_Found")


def batches(place: Place, window: Window) -> Iterator[Batch]:
    """One batch for each billing period at ``place`` that overlaps ``window``; see ``plugins.Collector``."""
    entries = place.entries()
    with TemporaryDirectory(prefix="costwatch-") as looked_at:
        manifests = Manifests(place, Path(looked_at))
        found = deliveries(entries, manifests, window)
        closed = [entry for entry in entries if entry.key.endswith("/")]
        if found is None and not closed:
            with TemporaryDirectory(prefix="costwatch-") as folder:
                yield _loose(place, entries, Path(folder))
        unnamed = _unnamed(place, entries)
        for number, delivery in enumerate(found or (), 1):
            # One folder for each: a year of bills need not lie here at once.
            with TemporaryDirectory(prefix="costwatch-") as folder:
                notes = unnamed if number == len(found or ()) else ()
                reading = _Reading(manifests, delivery, entries, window, Path(folder), notes)
                yield reading.batch()
                if reading.is_hopeless:
                    return
        for entry in closed:  # what is in it is not known: it may be a part of the bill
            raise FileError(f"{place.name(entry.key)}: {entry.trouble}")


def _loose(place: Place, entries: Sequence[Entry], folder: Path) -> Batch:
    """Files without a manifest: all of them are the bill."""
    # A copy of a file under another name is no second bill.
    kinds = (DATA_FILE, FOREIGN_FILE, UNTOLD_FILE)
    data = [entry for entry in entries if any(kind.fullmatch(entry.key) for kind in kinds)]
    found = {version_of(place, entry): entry for entry in reversed(data)}
    files = sorted(found.values(), key=lambda entry: entry.key)
    if not files:
        raise _nothing(place)
    return Batch("bill", None, _digest(found), lambda: _whatever_is_had(place, files, folder))


def _nothing(place: Place) -> SourceError:
    return SourceError(f"{place.name('')}: no manifest, CSV or Parquet file there; correct location")


class _Reading:
    """One delivery, read as one version of its manifest has it, never as a mix.

    A file that is replaced meanwhile, or a manifest that is another one at the end, has all of it read
    again from a new listing. The version of the batch is then still the one of the first listing: the next
    run finds another version and reads once more, which brings nothing new, as loads are known by content.
    """

    def __init__(
        self,
        manifests: Manifests,
        delivery: Delivery,
        entries: Sequence[Entry],
        asked: Window,
        folder: Path,
        notes: tuple[str, ...],
    ) -> None:
        self.manifests, self.delivery, self.entries = manifests, delivery, entries
        self.place, self.asked, self.folder, self.notes = manifests.place, asked, folder, notes
        self.is_hopeless = False  # the place itself cannot be read, so the other periods neither

    def batch(self) -> Batch:
        try:
            version = self._steadily(lambda: _digest(map(self.place.version, self._named())))
        except FileError as error:
            # To be read anyway, so that this period is refused and the others are not held up.
            version = str(error)
        return Batch("bill", self.delivery.window, version, self._read)

    def _read(self) -> Export:
        try:
            return self._steadily(self._whole)
        except FileError:
            raise
        except SourceError:
            self.is_hopeless = True
            raise

    def _steadily(self, look: Callable[[], _Found]) -> _Found:
        for _ in range(_READINGS):
            try:
                return look()
            except ReplacedError:
                self._list_again()
        raise FileError(
            f"{self.place.name('')}: the delivery of {self._period} is being replaced "
            "again and again; run it again"
        )

    @property
    def _period(self) -> str:
        window = self.delivery.window
        return f"{window.start:%Y-%m}" if window else "its manifest"

    def _list_again(self) -> None:
        window = self.delivery.window
        self.entries = self.place.entries()
        now = deliveries(self.entries, self.manifests, self.asked) or []
        gone = (
            f"{self.place.name('')}: the manifest of {self._period} is no longer there; "
            "wait for the next delivery"
        )
        self.delivery = next((each for each in now if each.window == window), Delivery(window, (), gone))

    def _whole(self) -> Export:
        files = self._named()
        export = Export(tuple(self.place.fetch(file, self.folder) for file in files), notes=self.notes)
        for manifest in self.delivery.manifests:
            if not self.place.is_current(manifest.entry):
                raise ReplacedError(f"{self.place.name(manifest.entry.key)}: was replaced; run it again")
        return export

    def _named(self) -> list[Entry]:
        """The files of the manifests that count."""
        if self.delivery.refusal:
            raise FileError(self.delivery.refusal)
        files = [file for manifest in self.delivery.manifests for file in self._files(manifest)]
        return list(dict.fromkeys(files))

    def _files(self, manifest: Manifest) -> list[Entry]:
        where = self.place.name(manifest.entry.key)
        try:
            contents = self.manifests.contents(manifest.entry)
            files_of = azure.files_of if contents.run else aws.files_of
            files = files_of(manifest, contents.files, self.entries)
        except ValueError as error:
            raise FileError(f"{where}: {error}; wait for the next delivery") from None
        # The manifest comes last. A bucket that was copied in another order is read once it has settled.
        for file in files:
            if file.age is not None and file.age < _DELIVERY and file.modified > manifest.entry.modified:
                raise FileError(
                    f"{where}: {file.key} is newer, so that a delivery is under way; run it again later"
                )
        return files


def _unnamed(place: Place, entries: Sequence[Entry]) -> tuple[str, ...]:
    """Of data beside the folders of exports that no manifest can name."""
    beside = [entry for entry in entries if "/" not in entry.key]
    if any(is_manifest(entry.key) for entry in beside):
        return ()
    return tuple(
        f"{place.name(entry.key)}: not read, for it lies beside exports with manifests; name a source for it"
        for entry in beside
        if DATA_FILE.fullmatch(entry.key) or FOREIGN_FILE.fullmatch(entry.key)
    )


def _whatever_is_had(place: Place, files: Sequence[Entry], folder: Path) -> Export:
    """Files each of which stands for itself; what cannot be had is told, and the others are read."""
    had = []
    for file in files:
        name = place.name(file.key)
        try:
            if FOREIGN_FILE.fullmatch(file.key):
                raise FileError(f"{name}: {_UNREAD}")
            fetched = place.fetch(file, folder)
            if not UNTOLD_FILE.fullmatch(file.key) or holds_data(fetched.path):
                had.append(fetched)
        except FileError as error:
            had.append(DeliveredFile(name, Path(), file.modified, trouble=str(error)))
    if not had:
        raise _nothing(place)
    return Export(tuple(had))


def _digest(versions: Iterable[str]) -> str:
    """Of the content alone: two files that swap names are the same bill."""
    return hashlib.sha256("\n".join(sorted(versions)).encode()).hexdigest()
