"""A report is sent to a receiver once; written anew with another text, what was sent is corrected."""

import hashlib
import logging
from dataclasses import replace
from datetime import datetime

from costwatch.errors import NotifyError
from costwatch.model import Report
from costwatch.plugins import Publisher
from costwatch.warehouse.report_runs import begin_report_run, end_report_run, report_run
from costwatch.warehouse.store import Warehouse

_log = logging.getLogger(__name__)


def publish(warehouse: Warehouse, publisher: Publisher, report: Report, now: datetime) -> bool:
    """Send ``report`` unless this text of it has arrived; whether it was sent.

    Raises NotifyError, and BusyError while another run sends a report to the same receiver. The next run
    tries again, as what may have arrived.
    """
    name = publisher.name
    digest = hashlib.sha256(report.markdown.encode()).hexdigest()
    with warehouse.job_lock(f"report-{name}"):
        with warehouse.read() as db:
            last = report_run(db, name, report.name)
        is_same = last is not None and last.digest == digest
        if last is not None and is_same and last.is_sent:
            return False
        attempt = last.attempts + 1 if last is not None and (is_same or not last.is_sent) else 1
        with warehouse.write() as db:
            begin_report_run(db, name, report.name, digest, attempt)
        try:
            receipt = publisher.publish(replace(report, attempt=attempt), last.receipt if last else None)
        except NotifyError:
            raise
        except Exception as error:  # it may be anyone's, and its message may hold what must not be shown
            _log.debug("receiver %s", name, exc_info=error)
            what = f"receiver '{name}': its publisher failed with {type(error).__name__}"
            raise NotifyError(f"{what}; run it again, or report it there", permanent=False) from None
        with warehouse.write() as db:
            end_report_run(db, name, report.name, receipt, now)
    return True
