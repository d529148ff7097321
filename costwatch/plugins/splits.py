"""The door for splits: how a pool of charges is given to teams."""

import json
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple, Protocol, Self, TypeAlias

from pydantic import Field, model_validator

from costwatch.model import Window
from costwatch.model.names import folded
from costwatch.plugins.settings import Settings

if TYPE_CHECKING:
    import pyarrow as pa

Matches = str | tuple[str, ...]
# Over which days charges are weighed: their own period, their billing period, or the day they begin on.
Over = Literal["period", "month", "day"]


class Match(Settings):
    """Which charges a pool takes: every condition must hold, each by equality with one of its values.

    Names are compared as docs/allocation.md says, ``ResourceId`` letter by letter. Keys are FOCUS columns
    (``ServiceName``, ``ChargeCategory``, ``SubAccountId``, ``ResourceId`` …);
    ``Tags`` holds tag key -> value or values.
    """

    ProviderName: Matches | None = None
    BillingAccountId: Matches | None = None
    SubAccountId: Matches | None = None
    ServiceName: Matches | None = None
    RegionId: Matches | None = None
    ChargeCategory: Matches | None = None
    ChargeClass: Matches | None = None
    CommitmentDiscountStatus: Matches | None = None
    ResourceId: Matches | None = None
    x_UsageType: Matches | None = None
    Tags: Mapping[str, Matches] = Field(default_factory=dict)


# What ``Split.columns`` may name.
KEY_COLUMNS = tuple(column for column in Match.model_fields if column != "Tags")


class Span(NamedTuple):
    """Charges of one pool that are weighed alike: over the same days, of one currency, equal in ``columns``.

    number: by which weights name it. first, after: the UTC days that they are weighed over, half-open; see
    ``SplitSettings.over``. key: the values of the split's ``columns``, in their order; empty text where a
    line has none.
    """

    number: int
    first: date
    after: date
    currency: str
    key: tuple[str, ...] = ()


class Carried(NamedTuple):
    """What a team, or a residual, carries on a UTC day before the pool is split, in nano-units."""

    team: str
    day: date
    currency: str
    BilledCostNano: int
    EffectiveCostNano: int


class Weight(NamedTuple):
    """A part of a span, as large as the weight is beside its others. Those of one team and tags add up.

    team: a team's name or one of ``model.RESIDUALS``. weight: negative ones of a team count as 0. One of a
    residual may be negative (machines that are asked for more than they have are idle by less than nothing):
    it gets a part of the other sign, and the others together more than the whole. Whole numbers whose sizes
    sum to at most 1e9 are exact, others become whole billionths of that sum.
    allocated_tags: what the part is for, as JSON text that ``tags_text`` writes: ``AllocatedTags`` of FOCUS
    1.3, by whose keys cost can be grouped; empty for none.
    """

    span: int
    team: str
    weight: float
    allocated_tags: str = ""


class Measured(NamedTuple):
    """What a team, or a residual, weighed in the window that was asked for, in the unit of the measure."""

    team: str
    measure: str
    unit: str
    value: float


Weights: TypeAlias = "Iterable[Weight | tuple[int, str, float] | tuple[int, str, float, str]] | pa.Table"


def tags_text(tags: Mapping[str, str]) -> str:
    """``AllocatedTags`` as they are stored: JSON with sorted keys and no blanks, without empty values."""
    told = {key: value for key, value in sorted(tags.items()) if value}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")) if told else ""


@lru_cache(100_000)
def tags_of(text: str) -> Mapping[str, str]:
    """The reverse; what is no such text has none."""
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        found = {}
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}


class Batches(Protocol):
    """What has been collected besides bills."""

    def versions(self, table: str, window: Window) -> Mapping[tuple[str, Window], str]:
        """The version of each batch of ``table`` that overlaps ``window``, by its source and window."""
        ...

    def rows(self, table: str, window: Window, columns: Collection[str] = ()) -> "pa.Table":
        """Their rows: the table's columns, after ``source``, ``window_start`` and ``window_end``.

        columns: only these of the table's, for a large one; none named: all.
        """
        ...


@dataclass(frozen=True, slots=True)
class Input:
    """One thing besides loads and configuration that a pool's weights depend on.

    name: of what, for people. window: what it measures, in UTC. version: changes whenever it may hold
    something else; empty while it is missing: what the pool takes on days of ``window`` stays estimated then,
    and spans that lie wholly in such days are ``unmeasured``.
    """

    name: str
    window: Window
    version: str


@dataclass(frozen=True)
class Weighing:
    """What a split is asked: the spans of a pool in one billing period, and by what it can weigh them.

    period: half-open. teams: who can be given something, in the order of the file. carried: what each of them
    and the residuals carry of owned charges and of the pools above. batches: what was collected. names: name
    or alias of a team, folded -> the days from which it is whose, ascending.
    """

    period: Window
    spans: Sequence[Span]
    teams: Sequence[str]
    batches: Batches
    carried: Sequence[Carried] = field(default=(), repr=False)
    names: Mapping[str, Sequence[tuple[date, str]]] = field(default_factory=dict, repr=False)

    def team_named(self, name: str, day: date) -> str | None:
        """Whose a charge with the tag value ``name`` would be on a UTC day; None: nobody's."""
        claims = self.names.get(folded(name), ())
        return next((team for since, team in reversed(claims) if since <= day), None)


class Split(Protocol):
    """One pool of ``costwatch.yaml``."""

    @property
    def name(self) -> str:
        """Unique; becomes ``x_Pool``."""
        ...

    @property
    def split(self) -> str:
        """The kind: the entry point that it was loaded by."""
        ...

    @property
    def match(self) -> Match:
        """Which charges it takes."""
        ...

    @property
    def carried_by(self) -> str:
        """The team or residual of whose cost it takes these; empty: it takes lines of the bill."""
        ...

    @property
    def over(self) -> Over | None:
        """Over which days its charges are weighed; None: usage over its own, all else over the month."""
        ...

    @property
    def is_owner(self) -> bool:
        """Whether each charge goes whole to the team that tags and accounts name: it is not weighed then."""
        ...

    @property
    def columns(self) -> tuple[str, ...]:
        """Of ``KEY_COLUMNS``, those that its lines must be told apart by to be weighed."""
        ...

    def inputs(self, period: Window, batches: Batches) -> Iterable[Input]:
        """What the weights of a billing period depend on besides loads and configuration.

        Asked at every run, so it looks at versions, not at rows.
        """
        ...

    def weights(self, asked: Weighing) -> Weights:
        """Weights for its spans, in any order: rows, or a pyarrow table of ``Weight``'s fields.

        The table may leave out ``allocated_tags``. A span whose weights sum to nothing or less is
        ``unmeasured``; so is one whose weights are 1e5 times as large as their sum. Equal questions have
        equal answers.
        """
        ...

    def notes(self, asked: Weighing) -> Iterable[str]:
        """What people should know of what it could not place, a sentence each, told after ``weights``."""
        ...


class SplitSettings(Settings, ABC):
    """What all pools share.

    name: unique; becomes ``x_Pool``. match: which charges it takes. split: the kind. carried_by: a team
    or a residual; the pool then takes no lines of the bill but, of what is carried so of owned charges and of
    the pools above, what its ``match`` says, and gives it to the other teams; ``x_Pool`` keeps the trail
    (``direct > platform``). A team whose cost was given on so is given nothing by such pools below it.
    over: the days that charges are weighed over: ``period``, those of their own ChargePeriod (of what a team
    carries, the day on which it does); ``month``, the whole billing period of their bill, wherever their own
    dates lie; ``day``, the one on which they begin. Left out: ``month`` for tax, purchases, credits,
    corrections, support and other fees, whose dates say little, and ``period`` for other usage.
    """

    is_owner: ClassVar[bool] = False
    columns: ClassVar[tuple[str, ...]] = ()

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_. -]*$")
    match: Match = Match()
    split: str
    carried_by: str = ""
    over: Over | None = None

    @model_validator(mode="after")
    def _owners_take_lines(self) -> Self:
        if self.is_owner and self.over:
            raise ValueError("over is for pools that are split, and the lines of this one go whole to owners")
        if self.is_owner and self.carried_by:
            raise ValueError("carried_by is for pools that are split, and the lines of this one have owners")
        return self

    def inputs(self, period: Window, batches: Batches) -> Iterable[Input]:
        """Nothing besides loads and configuration."""
        return ()

    def notes(self, asked: Weighing) -> Iterable[str]:
        """Nothing."""
        return ()

    def weighed_by(self, team: str) -> str:
        """By what it is split, in a few words, for whoever asks where a part of ``team`` comes from."""
        return f"split {self.split}"

    def measured(self, asked: Weighing) -> Iterable[Measured]:
        """What everyone weighed in ``asked.period``; nothing where nothing was measured."""
        return ()

    @abstractmethod
    def weights(self, asked: Weighing) -> Weights:
        """See ``Split``."""
