"""What the cost day that an alert rests on costs now, by which it is known to be restated."""

from decimal import Decimal

from costwatch.alerts.restatement import sum_over
from costwatch.model import COST_METRICS, Alert
from costwatch.plugins import Snapshot


def value_now(alert: Alert, facts: Snapshot) -> Decimal | None:
    """What the cost day an alert rests on costs in this snapshot; None: it rests on none, or is not known."""
    about = alert.about
    if about is None or about.window is None or (day := about.day) is None:
        return None
    try:
        sums = facts.totals(about.query, about.by, [about.window])[about.window]
    except Exception:  # a query may be anyone's, and one that was asked then may be gone
        return None
    value = sum_over(sums, about, alert.labels, alert.unit)
    is_settled = facts.data_through is not None and day <= facts.data_through
    return Decimal() if value is None and is_settled and about.query in COST_METRICS else value
