"""The words every part shares: windows, batches, series, findings, alerts. Imports nothing of ours."""

from costwatch.model.acts import Acknowledge, Act, Feedback, Silence, Snooze, Worth
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
from costwatch.model.reports import Report
from costwatch.model.time import Window, midnight

__all__ = [
    "DIMENSIONS",
    "IDLE",
    "METRICS",
    "RESIDUALS",
    "UNALLOCATED",
    "UNMEASURED",
    "Acknowledge",
    "Act",
    "Alert",
    "AlertState",
    "Amounts",
    "Batch",
    "Counted",
    "DeliveredFile",
    "Export",
    "Feedback",
    "Finding",
    "Group",
    "Labels",
    "Load",
    "Point",
    "Progress",
    "Reason",
    "Receipt",
    "Report",
    "Role",
    "Series",
    "SeriesByLabels",
    "Severity",
    "Silence",
    "Snooze",
    "State",
    "Verdict",
    "Window",
    "Worth",
    "labels",
    "midnight",
    "untold",
]
