"""What is told of an instance against what is kept of it: what changes, and which gaps are closed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from costwatch.slo.collecting import Events, Growth, Kept, Told
from costwatch.slo.folding import QUANTUM, quantized

HOUR = 3600


@dataclass(frozen=True, slots=True)
class Changes:
    """removed: starts of buckets that others take the place of."""

    removed: Sequence[int]
    put: Sequence[Kept]

    def closing(self, gap: "Gap", growth: Growth, seconds: int, noted: frozenset[int]) -> "Changes":
        """With the buckets of a gap, each with its share of ``growth``, or as unknown.

        In the first one after it nothing counts from 0: it may have been there before the gap.
        """
        put = [each for each in self.put if each.start != gap.first]
        after = gap.first
        for each in self.put:
            if each.start != gap.first:
                continue
            if growth.first is None and growth.between is not None:
                after = gap.first + seconds  # what it counts is of the gap
            elif growth.first is not None and growth.first.total < each.total:
                good, total = quantized(growth.first.good), quantized(growth.first.total)
                put.append(each._replace(good=good, total=total))
            else:
                put.append(each)
        return Changes(self.removed, [*put, *_bridge(Gap(gap.last, after), growth.between, seconds, noted)])


def changes(kept: Mapping[int, Kept], told: Told) -> Changes:
    """What of ``told`` is newer or better than what is ``kept`` by start, around it.

    A known bucket is not replaced by one of which less is known; another value replaces. An hour that was
    made of buckets is replaced by these only where no less of it is known by them.
    """
    removed: list[int] = []
    put: list[Kept] = []
    for hour, group in groupby(told.buckets, lambda bucket: bucket.start // HOUR * HOUR):
        buckets = list(group)
        whole = kept.get(hour)
        if whole is None or whole.seconds != HOUR or buckets[0].seconds >= HOUR:
            put += [each for each in buckets if _is_better(each, kept, told.edges)]
        elif _is_better_than_hour(buckets, whole, told.edges):
            removed.append(hour)
            put += buckets
    return Changes(removed, put)


def _is_better(told: Kept, of: Mapping[int, Kept], edges: frozenset[int]) -> bool:
    kept, before = of.get(told.start), of.get(told.start - told.seconds)
    is_edge = told.start in edges
    if kept and kept.known_seconds and is_edge and before and _is_unmeasured(before):
        return False  # it was corrected when the gap before it was closed
    if kept is None or _is_unmeasured(kept):
        return told != kept
    if is_edge and told.total <= kept.total:
        return False  # it may lack a part, where the server has forgotten
    return told.known_seconds >= kept.known_seconds and told != kept


def _is_unmeasured(kept: Kept) -> bool:
    """A gap, or what is bridged of one."""
    return kept.known_seconds == kept.bridged_seconds


def _is_better_than_hour(buckets: Sequence[Kept], hour: Kept, edges: frozenset[int]) -> bool:
    known = sum(each.known_seconds for each in buckets)
    measured = hour.known_seconds - hour.bridged_seconds
    sums = tuple(sum(each[column] for each in buckets) for column in (2, 3))
    is_edge = any(each.start in edges for each in buckets) and measured > 0 and sums[1] <= hour.total
    return known >= hour.known_seconds and not is_edge and (*sums, known, 0) != tuple(hour[2:])


@dataclass(frozen=True, slots=True)
class Gap:
    """Buckets that are missing between two known ones, which begin at ``last`` and ``first``."""

    last: int
    first: int


def gaps(known: Iterable[int], told: Iterable[int], noted: frozenset[int], seconds: int) -> list[Gap]:
    """Between the sorted starts of known buckets; those that end with a bucket that is ``told``.

    noted: starts of gaps that are kept as such, since nothing could be learnt of them.
    """
    ends = set(told)
    found = []
    last: int | None = None
    for start in known:
        if (
            last is not None
            and start > last + seconds
            and start in ends
            and not noted.issuperset(range(last + seconds, start, seconds))
        ):
            found.append(Gap(last, start))
        last = start
    return found


def _bridge(gap: Gap, growth: Events | None, seconds: int, noted: frozenset[int]) -> list[Kept]:
    """The buckets of a gap, each with its share of ``growth``."""
    starts = list(range(gap.last + seconds, gap.first, seconds))
    if growth is None:
        return [Kept(start, seconds, 0.0, 0.0, 0) for start in starts if start not in noted]
    shares = zip(_shares(growth.good, len(starts)), _shares(growth.total, len(starts)), strict=True)
    return [
        Kept(start, seconds, good, total, seconds, seconds)
        for start, (good, total) in zip(starts, shares, strict=True)
    ]


def _shares(whole: float, count: int) -> list[float]:
    """``whole`` in so many parts that sum up to it, each a multiple of ``QUANTUM``."""
    quanta = round(whole / QUANTUM)
    each, rest = divmod(quanta, count)
    return [(each + (number < rest)) * QUANTUM for number in range(count)]
