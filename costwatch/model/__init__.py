"""The words every part shares: windows, batches, series, findings, alerts. Imports nothing of ours."""

from costwatch.model.alerts import (
    Alert,
    AlertState,
    Finding,
    Group,
    Reason,
    Receipt,
    Severity,
    Verdict,
)
from costwatch.model.batches import Batch, DeliveredFile, Export, Progress, untold
from costwatch.model.facts import (
    DIMENSIONS,
    IDLE,
    METRICS,
    RESIDUALS,
    UNALLOCATED,
    UNMEASURED,
    Labels,
    Point,
    Series,
    SeriesByLabels,
    State,
    labels,
)
from costwatch.model.loads import Amounts, Counted, Load, Role
from costwatch.model.time import Window, midnight

__all__ = [
    "DIMENSIONS",
    "IDLE",
    "METRICS",
    "RESIDUALS",
    "UNALLOCATED",
    "UNMEASURED",
    "Alert",
    "AlertState",
    "Amounts",
    "Batch",
    "Counted",
    "DeliveredFile",
    "Export",
    "Finding",
    "Group",
    "Labels",
    "Load",
    "Point",
    "Progress",
    "Reason",
    "Receipt",
    "Role",
    "Series",
    "SeriesByLabels",
    "Severity",
    "State",
    "Verdict",
    "Window",
    "labels",
    "midnight",
    "untold",
]
