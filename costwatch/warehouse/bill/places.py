"""What facts are summed by, so that pages are answered without them: slices with columns left out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter

from costwatch.model import charge_kind

SLICE_COLUMNS = (
    "source",
    "ProviderName",
    "BillingAccountId",
    "SubAccountId",
    "SubAccountName",
    "RegionId",
    "ChargeCategory",
    "ChargeClass",
    "x_UsageType",
    "BillingCurrency",
    "x_Pool",
    "x_System",
)
_CATEGORY, _CLASS, _CURRENCY = map(SLICE_COLUMNS.index, ("ChargeCategory", "ChargeClass", "BillingCurrency"))
Slice = tuple[str, ...]
Place = tuple[str, ...]  # the summary it is of, then ``SLICE_COLUMNS``, '' where one is left out
Carriers = tuple[bool, bool]  # whether rows are by team, and by service

_OF_ALL, _BY_TEAM, _BY_SERVICE, _BY_BOTH = (False, False), (True, False), (False, True), (True, True)


@dataclass(frozen=True, slots=True)
class Summary:
    """One way to sum facts by day: by ``columns`` of their slices, and that for each of ``carriers``."""

    name: str
    columns: frozenset[str]
    carriers: tuple[Carriers, ...] = (_OF_ALL, _BY_TEAM, _BY_SERVICE)


# Facts without usage types, in the order of places: for two filters at once, of which one names places.
PLACE = Summary("place", frozenset({*SLICE_COLUMNS} - {"x_UsageType"}), (_OF_ALL, _BY_BOTH))
_CURRENCY_OF = ("ProviderName", "BillingCurrency")
USAGE_TYPE = Summary("usage_type", frozenset({*_CURRENCY_OF, "x_UsageType"}), (_OF_ALL, _BY_SERVICE))
# Sums of ``PLACE``, the smallest first. Few are told by the kind of charge, which makes thrice as many rows.
COARSER = (
    Summary("currency", frozenset({"BillingCurrency"})),
    Summary("provider", frozenset(_CURRENCY_OF)),
    Summary(
        "charge",
        frozenset({*_CURRENCY_OF, "source", "BillingAccountId", "ChargeCategory", "ChargeClass"}),
    ),
    Summary("region", frozenset({*_CURRENCY_OF, "RegionId", "x_Pool"})),
    Summary("system", frozenset({*_CURRENCY_OF, "x_System"})),
    Summary("account", frozenset({*_CURRENCY_OF, "SubAccountId", "SubAccountName"})),
)
SUMMARIES = (*COARSER, USAGE_TYPE, PLACE)


@dataclass(frozen=True, slots=True)
class Numbered:
    """Which place each slice and each place of ``PLACE`` lies in: columns of numbers, by summary.

    slices: with ``slice``, BillingCurrency and x_ChargeKind. places: with ``place``, each once.
    """

    slices: Mapping[str, Sequence[int] | Sequence[str]]
    places: Mapping[str, Sequence[int]]


def kind_of(of: Slice) -> str:
    """What kind the charges of a slice are: its ``x_ChargeKind``."""
    return charge_kind(of[_CATEGORY], of[_CLASS])


def kind_in(place: Place) -> str:
    """The same of a place; '' where it is left out."""
    name, *columns = place
    told = next(of for of in SUMMARIES if of.name == name)
    return kind_of(tuple(columns)) if "ChargeCategory" in told.columns else ""


def numbered(slices: Sequence[Slice], slice_ids: Mapping[Slice, int], ids: Mapping[Place, int]) -> Numbered:
    """Of slices and places that have a number."""
    finest = [*dict.fromkeys(placed(PLACE, slices))]
    return Numbered(
        {
            "slice": [slice_ids[each] for each in slices],
            "BillingCurrency": [each[_CURRENCY] for each in slices],
            "x_ChargeKind": [*map(kind_of, slices)],
            **{of.name: [ids[place] for place in placed(of, slices)] for of in (PLACE, USAGE_TYPE)},
        },
        {
            PLACE.name: [ids[place] for place in finest],
            **{of.name: [ids[place] for place in placed(of, _slices(finest))] for of in COARSER},
        },
    )


def places_of(slices: Iterable[Slice]) -> set[Place]:
    """All places that slices lie in."""
    slices = [*slices]
    finest = {*placed(PLACE, slices)}
    coarser = (place for of in COARSER for place in placed(of, _slices(finest)))
    return {*finest, *placed(USAGE_TYPE, slices), *coarser}


def placed(summary: Summary, slices: Iterable[Slice]) -> Iterator[Place]:
    """Where each of the slices lies in a summary."""
    kept = [column in summary.columns for column in SLICE_COLUMNS]
    told_by = itemgetter(*(number for number, is_kept in enumerate(kept) if is_kept))
    known: dict[object, Place] = {}
    for each in slices:
        key = told_by(each)
        if key not in known:
            columns = zip(each, kept, strict=True)
            known[key] = (summary.name, *(value if is_kept else "" for value, is_kept in columns))
        yield known[key]


def _slices(places: Iterable[Place]) -> Iterator[Slice]:
    """What places are told by, without the summary."""
    return (place[1:] for place in places)
