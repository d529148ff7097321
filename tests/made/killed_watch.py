"""A run of collect on CloudWatch that is killed: FOLDER, ``asking`` or ``storing``, after how many times."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from costwatch.intake import rows as taking
from costwatch.warehouse.bill.spend import StoredSpendLimit
from tests.made import kafka_metrics

NOW = datetime(2026, 11, 21, 12, 20, tzinfo=UTC)


def die_after(times, owner, name, *, before):
    """Kill the process at that call of a function, before or after it has done its work."""
    whole, left = getattr(owner, name), times

    def dying(*arguments):
        nonlocal left
        left -= 1
        if before and left < 0:
            os._exit(9)
        whole(*arguments)
        if left < 0:
            os._exit(9)

    setattr(owner, name, dying)


if __name__ == "__main__":
    folder, where, times = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    kafka_metrics.one_day_at_a_time()
    if where == "asking":
        die_after(times, StoredSpendLimit, "pay", before=False)
    else:  # in the transaction, after the rows of a day
        die_after(times, taking, "record_batch", before=True)
    kafka_metrics.watched(folder, measures=[kafka_metrics.BYTES, kafka_metrics.MESSAGES]).collect(NOW)
