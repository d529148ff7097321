"""Which runs of Azure's Cost Management exports count, and where their files are.

An export lies in ``<folder>/<export>/<20261001-20261031>[/<yyyymmddhhmm>]/<run>/``: the days of its range,
both included, then the run, whose manifest and parts lie beside each other. A daily export of the month to
date writes the whole month's range from its first day on; a one-off has the range that was asked for.

Source: https://learn.microsoft.com/azure/cost-management-billing/costs/tutorial-improved-exports
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from collectors.aws.places import Entry
from collectors.layouts.manifests import Delivery, Manifest, Named, Run, month
from costwatch.model import Window

_RANGE = re.compile(r"(?P<root>(?:.*/)?)(?P<first>\d{8})-(?P<last>\d{8})(?P<run>/.+)?/[^/]+")
_RANGE_FOLDER = re.compile(r"\d{8}-\d{8}")
_STAMP = re.compile(r"/(\d{12})(?:/.*)?")
_DAY = timedelta(days=1)
_A_MONTH = 31 * _DAY
FOCUS = "FocusCost"


@dataclass(frozen=True, slots=True)
class RangeFolder:
    """The folder of the range that a manifest lies in: of which export, of which days, by which run."""

    root: str
    first: date
    last: date
    stamp: str  # when it ran, of an export that keeps every run; else empty

    @property
    def window(self) -> Window:
        """The months that the range touches."""
        return Window(
            month(self.first.year, self.first.month).start, month(self.last.year, self.last.month).end
        )


@dataclass(frozen=True, slots=True)
class DatedRun:
    """A run, and the days of which it has costs: no range reaches beyond the day on which it was written."""

    manifest: Manifest
    run: Run
    folder: RangeFolder

    @property
    def first(self) -> date:
        """Its first day."""
        return self.folder.first

    @property
    def last(self) -> date:
        """The last day, included."""
        told = [self.run.last, self.run.submitted.date() if self.run.submitted else None]
        return max(self.first, min([self.folder.last, *(day for day in told if day)]))

    @property
    def days(self) -> set[date]:
        """Every one of them."""
        return {self.first + number * _DAY for number in range((self.last - self.first).days + 1)}

    @property
    def rank(self) -> tuple[bool, int, datetime, str]:
        """The greater counts first: more days of a month, then the newer run; a longer range may be older."""
        entry = self.manifest.entry
        is_of_a_month = self.last - self.first < _A_MONTH
        return is_of_a_month, len(self.days), self.run.submitted or entry.modified, entry.key


def range_folder(key: str) -> RangeFolder | None:
    """The folder of a range that a file lies in. Raises ValueError for days that are none."""
    match = _RANGE.fullmatch(key)
    if match is None:
        return None
    try:
        first, last = (date.fromisoformat(match[name]) for name in ("first", "last"))
    except ValueError:
        raise ValueError(f"{match['first']}-{match['last']} are no days; remove that folder") from None
    stamp = _STAMP.fullmatch(match["run"] or "")
    return RangeFolder(match["root"], first, max(first, last), stamp[1] if stamp else "")


def dated(entry: Entry, run: Run) -> DatedRun | None:
    """A run by the days of its folder, else by those that its manifest says; None without either."""
    folder = range_folder(entry.key)
    if folder is None and run.first and run.last:
        folder = RangeFolder(_folder(entry.key), run.first, max(run.first, run.last), "")
    return DatedRun(Manifest(entry, folder.root), run, folder) if folder else None


def of_bills(runs: Iterable[DatedRun]) -> list[DatedRun]:
    """Without those of other datasets, such as price sheets and actual costs, beside a FOCUS one."""
    known = list(runs)
    focus = [each for each in known if each.run.dataset in ("", FOCUS)]
    return focus or known


def counted(runs: Iterable[DatedRun], name: str) -> list[Delivery]:
    """What is read of runs, so that no day counts twice: of each month the run that has most of it.

    A run whose days others have counts no more. One of which they have only some is refused, and so are two
    of different scopes that have the same days. name: of the place, for its sentences.
    """
    chosen: dict[DatedRun, str] = {}
    refused = []
    for run in sorted(runs, key=lambda each: each.rank, reverse=True):
        rivals = [other for other in chosen if other.days & run.days]
        strangers = [other for other in rivals if _other_scope(other, run)]
        if strangers:
            why = two_exports(name, run.folder.window, [run.folder.root, strangers[0].folder.root])
            chosen.update(dict.fromkeys([run, *strangers], why))
        elif not rivals:
            chosen[run] = ""
        elif run.days - set().union(*(other.days for other in rivals)):
            why = f"{name}: {_told(run)} and {_told(rivals[0])} have days in common; remove one of them"
            refused.append(Delivery(run.folder.window, (), why))
    return [*_joined(chosen), *refused]


def _other_scope(one: DatedRun, other: DatedRun) -> bool:
    return bool(one.run.scope and other.run.scope) and one.run.scope != other.run.scope


def two_exports(name: str, window: Window, roots: Iterable[str]) -> str:
    """Why a period is refused that two exports hold."""
    known = sorted(set(roots))
    return (
        f"{name}: {len(known)} exports lie below one location ({', '.join(known)}) and hold "
        f"{window.start:%Y-%m}; name one source for each"
    )


def _told(run: DatedRun) -> str:
    return f"{run.folder.root}{run.folder.first:%Y%m%d}-{run.folder.last:%Y%m%d}"


def _joined(chosen: dict[DatedRun, str]) -> Iterator[Delivery]:
    """Runs of the same month are one delivery: a later one of the same period would replace the other."""
    joined: list[Delivery] = []
    for run, why in sorted(chosen.items(), key=lambda item: (item[0].first, item[0].folder.root)):
        window = run.folder.window
        last = joined[-1] if joined else None
        if last and last.window and last.window.overlaps(window):
            whole = Window(last.window.start, max(last.window.end, window.end))
            manifests = (*last.manifests, run.manifest)
            joined[-1] = replace(last, window=whole, manifests=manifests, refusal=last.refusal or why)
        else:
            joined.append(Delivery(window, (run.manifest,), why))
    yield from joined


def files_of(manifest: Manifest, named: Sequence[Named], entries: Sequence[Entry]) -> list[Entry]:
    """The files called ``named``, wherever the export has been copied to.

    Found by a name's longest end: below the export's folder with that of the range, else beside the
    manifest. Raises ValueError for one that is not there, or is shorter than the manifest says.
    """
    known = {entry.key: entry for entry in entries}
    folder = _folder(manifest.entry.key)
    files = []
    for each in named:
        parts = [part for part in each.name.split("/") if part]
        ranges = [place for place, part in enumerate(parts) if _RANGE_FOLDER.fullmatch(part)]
        keys = [manifest.root + "/".join(parts[start:]) for start in range(max(ranges) + 1 if ranges else 0)]
        keys += [folder + "/".join(parts[start:]) for start in range(len(parts))]
        file = next((known[key] for key in keys if key in known), None)
        if file is None:
            raise ValueError(f"names {'/'.join(parts[-2:])}, which is not there")
        if file.size < each.size:
            raise ValueError(f"says that {parts[-1]} has {each.size} bytes, and it has {file.size}")
        files.append(file)
    return list(dict.fromkeys(files))


def _folder(key: str) -> str:
    return key[: key.rfind("/") + 1]
