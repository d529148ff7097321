"""What a place holds by manifests: a delivery for each billing period, whoever wrote them."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from collectors.aws.places import Entry, FileError
from collectors.layouts import aws, azure
from collectors.layouts.files import DATA_FILE
from collectors.layouts.manifests import (
    Contents,
    Delivery,
    Manifest,
    Manifests,
    UnknownManifestError,
    is_manifest,
)
from costwatch.model import Window

_PLAIN = re.compile(r"(?:.*/)?manifest\.json", re.IGNORECASE)  # as Azure calls it


def deliveries(entries: Sequence[Entry], manifests: Manifests, window: Window) -> list[Delivery] | None:
    """What overlaps ``window``, oldest first, what has no period last; None where there is no manifest.

    Whatever is wrong with one manifest refuses its period only. Raises SourceError where the place itself
    cannot be read.
    """
    found = _Found(manifests, window)
    for entry in _that_may_count(entries):
        found.take(entry)
    return sorted(found.deliveries(), key=_start) if found.is_any else None


def _start(delivery: Delivery) -> tuple[bool, str, str]:
    start = delivery.window.start.isoformat() if delivery.window else ""
    return delivery.window is None, start, delivery.refusal


@dataclass
class _Found:
    """The manifests of a place by what is in them, as far as that must be known to choose among them.

    Those that lie where AWS puts them, called as AWS calls them, are not opened: there may be one for each
    run, and the newest of a month is the one that counts.
    """

    manifests: Manifests
    window: Window
    of_aws: list[aws.MonthManifest] = field(default_factory=list)
    of_azure: list[azure.DatedRun] = field(default_factory=list)
    without_days: list[Manifest] = field(default_factory=list)
    refused: list[tuple[Entry, Delivery]] = field(default_factory=list)
    is_any: bool = False

    def take(self, entry: Entry) -> None:
        """Put a manifest where it belongs."""
        where, is_plain = self.manifests.place.name(entry.key), _PLAIN.fullmatch(entry.key) is not None
        try:
            in_its_place = aws.in_its_place(entry)
            folder = azure.range_folder(entry.key) if is_plain else None
        except ValueError as error:
            self._refuse(entry, None, f"{where}: {error}")
            return
        period = folder.window if folder else in_its_place.period if in_its_place else None
        if period and not period.overlaps(self.window):
            self.is_any = True
        elif in_its_place and not is_plain:
            self.is_any = True
            self.of_aws.append(in_its_place)
        else:
            self._open(entry, period, in_its_place)

    def _open(self, entry: Entry, period: Window | None, in_its_place: aws.MonthManifest | None) -> None:
        where = self.manifests.place.name(entry.key)
        try:
            self._sort(entry, in_its_place, self.manifests.contents(entry))
        except UnknownManifestError as error:
            if period or not error.is_json:
                self._refuse(entry, period, f"{where}: {error}; wait for the next delivery")
        except FileError as error:
            self._refuse(entry, period, str(error))
        except ValueError as error:
            self._refuse(entry, period, f"{where}: {error}; wait for the next delivery")

    def _sort(self, entry: Entry, in_its_place: aws.MonthManifest | None, contents: Contents) -> None:
        self.is_any = True
        if contents.run:
            run = azure.dated(entry, contents.run)
            if run is None:
                self.without_days.append(Manifest(entry, ""))
            elif run.folder.window.overlaps(self.window):
                self.of_azure.append(run)
        elif in_its_place:
            self.of_aws.append(in_its_place)
        else:
            where = self.manifests.place.name(entry.key)
            why = "a manifest, but in no folder where AWS puts one"
            self._refuse(
                entry, None, f"{where}: {why}; set location to the export's own folder or one above it"
            )

    def _refuse(self, entry: Entry, period: Window | None, why: str) -> None:
        self.is_any = True
        self.refused.append((entry, Delivery(period, (), why)))

    def deliveries(self) -> Iterator[Delivery]:
        """Those that count, and why others do not."""
        name = self.manifests.place.name("")
        read = [*aws.newest(self.of_aws), *azure.counted(azure.of_bills(self.of_azure), name)]
        yield from _one_for_each_period(read, name)
        for entry, delivery in self.refused:
            if not any(_is_newer(other, delivery, entry) for other in read):
                yield delivery
        if len(self.without_days) == 1 and not read:
            yield Delivery(None, (self.without_days[0],))
        elif self.without_days:
            keys = ", ".join(sorted(each.entry.key for each in self.without_days)[:3])
            yield Delivery(
                None, (), f"{name}: {keys}: no days in the manifest, nor in its folder; export it anew"
            )


def _is_newer(read: Delivery, refused: Delivery, entry: Entry) -> bool:
    """Whether a damaged manifest is an older one of a period that is read."""
    return read.window == refused.window and any(
        each.entry.modified > entry.modified for each in read.manifests
    )


def _one_for_each_period(found: Iterable[Delivery], name: str) -> Iterator[Delivery]:
    """Two exports that hold a period are not added: they may hold the same charges."""
    read: list[Delivery] = []
    for delivery in found:
        both = [
            other for other in read if _overlap(other, delivery) and other.manifests and delivery.manifests
        ]
        if not both:
            read.append(delivery)
            continue
        read = [other for other in read if other not in both]
        manifests = tuple(manifest for each in (*both, delivery) for manifest in each.manifests)
        windows = [each.window for each in (*both, delivery) if each.window]
        window = Window(min(each.start for each in windows), max(each.end for each in windows))
        why = azure.two_exports(name, window, (manifest.root for manifest in manifests))
        read.append(Delivery(window, manifests, why))
    yield from read


def _overlap(one: Delivery, other: Delivery) -> bool:
    return bool(one.window and other.window and one.window.overlaps(other.window))


def _that_may_count(entries: Sequence[Entry]) -> Iterator[Entry]:
    """All manifests, but of plain name only those beside data or in a folder of days.

    Of the runs of an export that keeps every run, which its folders date, the last one.
    """
    folders = {_folder(entry.key) for entry in entries if DATA_FILE.fullmatch(entry.key)}
    ranges: dict[tuple[str, str], list[tuple[str, Entry]]] = defaultdict(list)
    for entry in entries:
        if not is_manifest(entry.key):
            continue
        try:
            folder = azure.range_folder(entry.key)
        except ValueError:
            folder = None
        if folder and folder.stamp:
            ranges[folder.root, f"{folder.first}{folder.last}"].append((folder.stamp, entry))
        elif not _PLAIN.fullmatch(entry.key) or folder or _folder(entry.key) in folders or _in_month(entry):
            yield entry
    for stamped in ranges.values():
        last = max(stamp for stamp, _ in stamped)
        yield from (entry for stamp, entry in stamped if stamp == last)


def _in_month(entry: Entry) -> bool:
    try:
        return aws.in_its_place(entry) is not None
    except ValueError:
        return True


def _folder(key: str) -> str:
    return key[: key.rfind("/") + 1]
