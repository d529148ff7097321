"""What sources of measures bring, made by hand and stored through collect."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from functools import partial

from pydantic import PrivateAttr

from collectors.measures import MEASURE_DAYS, Measured, MeasuresSettings, rows_of
from costwatch.model import Batch, Window
from costwatch.plugins import tags_text

DAY = timedelta(days=1)


def measured(
    day: date,
    measure: str,
    values: Mapping[tuple[tuple[str, str], ...], float] | float | None,
    *,
    coverage: float = 1.0,
    unit: str = "",
) -> Measured:
    """A measure on one day: by labels, as one value without any, or (None) unknown."""
    if values is None:
        return Measured(day, measure, unit)
    of = values if isinstance(values, Mapping) else {(): values}
    return Measured(day, measure, unit, {tags_text(dict(key)): value for key, value in of.items()}, coverage)


class Measures(MeasuresSettings):
    """What a source of measures would say: the measures of each day; a day without any is not delivered."""

    _said: dict[date, list[Measured]] = PrivateAttr(default_factory=dict)

    @property
    def lookback(self) -> timedelta:
        """Everything may be told anew."""
        return 400 * DAY

    def says(self, found: Iterable[Measured]) -> None:
        """Have exactly these."""
        self._said = {}
        for one in found:
            self._said.setdefault(one.day, []).append(one)

    def collect(self, window: Window) -> Iterator[Batch]:
        """One batch for each day of which something is said."""
        for day, found in sorted(self._said.items()):
            whole = Window.of_days(day, day + DAY)
            yield Batch(MEASURE_DAYS.name, whole, repr(found), partial(rows_of, found))
