"""Kubernetes usage from files: of clusters that costwatch cannot reach, written by whoever can."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from collectors.kubernetes.tables import JOB_DAYS, TABLES
from collectors.layouts.day_files import DayFiles, parquet_parts
from costwatch.plugins import Table

if TYPE_CHECKING:
    import pyarrow as pa


class UsageFiles(DayFiles):
    """What pods requested and used, from one Parquet file for each table and UTC day.

    For clusters whose Prometheus cannot be reached from here: a costwatch beside it collects by kind
    ``kubernetes`` and writes the files by ``costwatch export usage``; other tools may, too. The tables are
    those of kind ``kubernetes``, with exactly its columns: ``pod_hours``, ``node_days``, ``workload_days``,
    ``volume_days`` and ``service_days``, and ``job_days`` where runs of Jobs are to be told.

    location: a folder, or ``s3://bucket/prefix``, with files such as ``node_days/2026-11-21.parquet``. A day
    is read when the first five are there, one without rows where there is nothing to tell, and again whole
    when one of them changes in the last 35 days (older ones by ``costwatch collect --from --to``). A day
    is refused whole, the others are read, where a file is missing, cannot be read, has other columns or
    holds another day. The running day counts as incomplete.
    region, profile, role_arn, external_id: how to reach AWS; left out, the usual AWS chain decides.

        - {name: prod, kind: usage_files, location: "s3://acme-usage/prod"}
    """

    tables: ClassVar[tuple[Table, ...]] = TABLES
    forms: ClassVar[tuple[str, ...]] = ("<table>/<day>.parquet",)
    may_lack: ClassVar[tuple[Table, ...]] = (JOB_DAYS,)  # others may not write it

    def parts(self, path: Path, table: Table) -> "Iterable[pa.RecordBatch]":
        """See ``DayFiles``."""
        return map(table.fitted, parquet_parts(path))
