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
    "PricingUnit",
    "AllocatedTags",
)
# What few questions group or filter by is left out.
_OF_FACTS = ("x_UsageType", "PricingUnit", "AllocatedTags")
PLACE_COLUMNS = tuple(column for column in SLICE_COLUMNS if column not in _OF_FACTS)
_CATEGORY, _CLASS, _CURRENCY = map(SLICE_COLUMNS.index, ("ChargeCategory", "ChargeClass", "BillingCurrency"))
Slice = tuple[str, ...]
Place = tuple[str, ...]  # the summary it is of, then ``PLACE_COLUMNS``, '' where one is left out
Carriers = tuple[bool, bool]  # whether rows are by team, and by service

_OF_ALL, _BY_TEAM, _BY_SERVICE, _BY_BOTH = (False, False), (True, False), (False, True), (True, True)


@dataclass(frozen=True, slots=True)
class Summary:
    """One way to sum facts by day: by ``columns`` of their slices, and that for each of ``carriers``."""

    name: str
    columns: frozenset[str]
    carriers: tuple[Carriers, ...] = (_OF_ALL, _BY_TEAM, _BY_SERVICE)


# Facts without usage types, in the order of places: for two filters at once, of which one names places.
PLACE = Summary("place", frozenset(PLACE_COLUMNS), (_OF_ALL, _BY_BOTH))
_CURRENCY_OF = ("ProviderName", "BillingCurrency")
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
SUMMARIES = (*COARSER, PLACE)


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
    category, of_class = (place[1 + PLACE_COLUMNS.index(name)] for name in ("ChargeCategory", "ChargeClass"))
    return charge_kind(category, of_class) if category else ""


def numbered(slices: Sequence[Slice], slice_ids: Mapping[Slice, int], ids: Mapping[Place, int]) -> Numbered:
    """Of slices and places that have a number."""
    finest = [*_finest(slices)]
    distinct = [*dict.fromkeys(finest)]
    return Numbered(
        {
            "slice": [slice_ids[each] for each in slices],
            "BillingCurrency": [each[_CURRENCY] for each in slices],
            "x_ChargeKind": [*map(kind_of, slices)],
            PLACE.name: [ids[place] for place in finest],
        },
        {
            PLACE.name: [ids[place] for place in distinct],
            **{of.name: [ids[place] for place in _coarser(of, distinct)] for of in COARSER},
        },
    )


def places_of(slices: Iterable[Slice]) -> set[Place]:
    """All places that slices lie in."""
    finest = {*_finest(slices)}
    return finest.union(*(_coarser(of, finest) for of in COARSER))


def _finest(slices: Iterable[Slice]) -> Iterator[Place]:
    """Where each lies in ``PLACE``."""
    told_by = itemgetter(*map(SLICE_COLUMNS.index, PLACE_COLUMNS))
    return ((PLACE.name, *told_by(each)) for each in slices)


def _coarser(summary: Summary, places: Iterable[Place]) -> Iterator[Place]:
    """Where each place of ``PLACE`` lies in another summary."""
    kept = [column in summary.columns for column in PLACE_COLUMNS]
    for _, *columns in places:
        told = zip(columns, kept, strict=True)
        yield (summary.name, *(value if is_kept else "" for value, is_kept in told))
