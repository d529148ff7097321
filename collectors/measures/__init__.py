"""What systems that many share did on a day, by label: what their cost is split by, and divided by.

``tables.py`` holds the one table that all kinds of sources fill, ``days.py`` what those share that are asked
day by day; each kind is a file or a folder of its own beside this one.
"""

from collectors.measures.days import Failures, asked_days, day_batch
from collectors.measures.settings import MeasureSettings, MeasuresSettings, once_each
from collectors.measures.tables import MEASURE_DAYS, Measured, rows_of

__all__ = [
    "MEASURE_DAYS",
    "Failures",
    "MeasureSettings",
    "Measured",
    "MeasuresSettings",
    "asked_days",
    "day_batch",
    "once_each",
    "rows_of",
]
