"""What systems that many share did on a day, by label: what their cost is split by, and divided by.

``tables.py`` holds the one table that all kinds of sources fill; each kind is a file of its own beside this
folder.
"""

from collectors.measures.settings import MeasureSettings, MeasuresSettings, once_each
from collectors.measures.tables import MEASURE_DAYS, Measured, rows_of

__all__ = ["MEASURE_DAYS", "MeasureSettings", "Measured", "MeasuresSettings", "once_each", "rows_of"]
