"""Which requests do not fit what is used, of the last 30 days of pods."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from costwatch.errors import CostwatchError, LedgerError
from costwatch.ledger.files import LedgerFiles
from costwatch.ledger.pod_hours import container_uses
from costwatch.model import Window
from costwatch.savings.hourly_rates import HourlyRates
from costwatch.savings.rightsizing import Advice, rightsizing
from costwatch.warehouse.intake.rows import ledger_files
from costwatch.warehouse.store import Warehouse

POD_HOURS = "pod_hours"
DAYS = 30


def advice_on(
    warehouse: Warehouse,
    files: LedgerFiles,
    now: datetime,
    cluster: str = "",
    namespace: str = "",
    rates: Mapping[str, HourlyRates] | None = None,
) -> list[Advice]:
    """Advice on every container that ran on one of the last 30 UTC days, the one of ``now`` included.

    cluster, namespace: only of these; '' is of all. rates: by cluster; without them nothing has a price.
    Raises CostwatchError where the ledger's files cannot be read.
    """
    after = now.date() + timedelta(days=1)
    with warehouse.read() as db:
        digests = ledger_files(db, POD_HOURS, Window.of_days(after - timedelta(days=DAYS), after))
    try:
        uses = container_uses([files.path(digest) for digest in digests], cluster, namespace)
    except LedgerError as error:
        raise CostwatchError(
            f"ledger {files.folder}: {error}; run `costwatch collect`, which reads what is missing again"
        ) from None
    return rightsizing(uses, rates or {})
