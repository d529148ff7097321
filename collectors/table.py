"""A bill of whoever does not speak FOCUS: any CSV or Parquet whose columns someone names."""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from collectors.aws.located import Located
from collectors.aws.places import Entry, FileError, Place
from collectors.layouts.files import version_of
from collectors.layouts.focus_lines import COLUMNS, write
from collectors.layouts.foreign_rows import Reading, nearest, rows_of
from costwatch.errors import RefusedError, SourceError
from costwatch.model import Batch, DeliveredFile, Export, Window

_SUFFIXES = (".csv", ".parquet")
_TAG = "tag:"
_NEEDED = {
    "ChargePeriodStart": ("ChargePeriodStart",),
    "BilledCost": ("BilledCost", "EffectiveCost"),
    "BillingCurrency": ("BillingCurrency",),
}


def _known(name: str) -> str:
    if name not in COLUMNS and not (name.startswith(_TAG) and name != _TAG):
        raise ValueError(
            f"'{name}' is no FOCUS column that is read (a tag is written tag:KEY){nearest(name, COLUMNS)}"
        )
    return name


def _several(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Focus = Annotated[str, AfterValidator(_known)]


_TEXT_OR_LIST = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}


class Table(Located):
    """A bill in a vendor's own columns: CSV or Parquet, a file, a folder or what is below ``s3://bucket/prefix``.

    columns: their column -> the FOCUS column that it becomes, or a list of them; ``tag:KEY`` becomes a tag.
    constants: FOCUS column -> what it says in every line. Something must become ChargePeriodStart, BilledCost
    or EffectiveCost, and BillingCurrency. date_format: how days are written, such as ``%m/%d/%Y``; left out
    they are ISO 8601, or a whole month as 2026-10. decimal: the sign before decimals. delimiter: of CSV.
    location: relative to the file that names it. region, profile, role_arn, external_id: how to reach AWS.

    Left out, the costs are each other; ChargePeriodEnd is the end of the day or the month; the billing period
    is the calendar month; ProviderName and BillingAccountId are the source's name, ServiceName is the
    provider's, ChargeCategory is Usage. sparse: no day waits for this source to be settled, and its late days
    are not noticed; true unless it is said otherwise, as many vendors tell months.

        - name: datadog
          kind: table
          location: exports/datadog
          columns: {usage_date: ChargePeriodStart, cost: BilledCost, product: ServiceName, team: "tag:team"}
          constants: {ProviderName: Datadog, BillingCurrency: USD}
    """

    columns: Mapping[
        str, Annotated[tuple[Focus, ...], BeforeValidator(_several), WithJsonSchema(_TEXT_OR_LIST)]
    ] = Field(min_length=1)
    constants: Mapping[Focus, str] = Field(default_factory=dict)
    date_format: str = ""
    decimal: Literal[".", ","] = "."
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    sparse: bool = True

    @model_validator(mode="after")
    def _is_a_bill(self) -> Self:
        given = [focus for targets in self.columns.values() for focus in targets] + [*self.constants]
        for focus in dict.fromkeys(given):
            if given.count(focus) > 1:
                raise ValueError(f"{focus} is told twice; let one column or constant become it")
        for needed, ways in _NEEDED.items():
            if not {*ways} & {*given}:
                where = "'columns'" if needed != "BillingCurrency" else "'columns' or 'constants'"
                raise ValueError(f"nothing becomes {' or '.join(ways)}; name under {where} what does")
        return self

    @property
    def lookback(self) -> timedelta:
        """As of exports: all files are looked at in any case."""
        return timedelta(days=400)

    def collect(self, window: Window) -> Iterator[Batch]:
        """One batch: the files say themselves which months they hold; see ``plugins.Collector``."""
        place = self.place()
        files = [entry for entry in place.entries() if entry.key.lower().endswith(_SUFFIXES)]
        if not files:
            what = "no .csv or .parquet file there"
            raise SourceError(f"{place.name('')}: {what}; correct location, or unpack what is packed")
        # Read another way, the same files are another bill.
        versions = sorted({version_of(place, entry) for entry in files})
        version = hashlib.sha256("\n".join([self.model_dump_json(), *versions]).encode()).hexdigest()
        with TemporaryDirectory(prefix="costwatch-") as folder:
            yield Batch("bill", None, version, lambda: self._export(place, files, Path(folder)))

    def _export(self, place: Place, files: list[Entry], folder: Path) -> Export:
        reading = Reading(
            {theirs: (*targets,) for theirs, targets in self.columns.items()},
            dict(self.constants),
            self.date_format,
            self.decimal,
            self.delimiter,
            self.name,
        )
        return Export(
            tuple(_converted(place, file, reading, folder / str(n)) for n, file in enumerate(files))
        )


def _converted(place: Place, file: Entry, reading: Reading, folder: Path) -> DeliveredFile:
    """``file`` as FOCUS, or why it is none; each stands for itself."""
    name = place.name(file.key)
    folder.mkdir()
    target = folder / "focus.parquet"
    try:
        write(target, rows_of(name, place.fetch(file, folder).path, reading))
    except (FileError, RefusedError) as error:
        return DeliveredFile(name, Path(), file.modified, trouble=str(error))
    return DeliveredFile(name, target, file.modified)
