"""The keys that all measures have, whoever is asked for them."""

from collections import Counter
from collections.abc import Sequence
from typing import ClassVar, TypeVar

from pydantic import Field

from collectors.measures.tables import MEASURE_DAYS, MEASURE_NAME
from costwatch.plugins import CollectorSettings, Settings, Table


class MeasureSettings(Settings):
    """One thing that is measured.

    name: what pools (``driver``) and unit costs (``volume``) call it; sources that bring measures of one name
    bring parts of it, which add up. unit: of its values, such as ``s``, ``bytes`` or ``predictions``.
    """

    name: str = Field(pattern=MEASURE_NAME)
    unit: str = ""


class MeasuresSettings(CollectorSettings):
    """What all sources of measures share: they bring no bill, and fill one table."""

    tables: ClassVar[tuple[Table, ...]] = (MEASURE_DAYS,)

    role: None = None


_Measure = TypeVar("_Measure", bound=MeasureSettings)


def once_each(measures: Sequence[_Measure]) -> Sequence[_Measure]:
    """The same. Raises ValueError where there is none, or two have one name."""
    if not measures:
        raise ValueError("name at least one measure")
    for name, count in Counter(measure.name for measure in measures).items():
        if count > 1:
            raise ValueError(f"two measures are called {name}; call one otherwise")
    return measures
