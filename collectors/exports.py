"""Bills delivered as files, by AWS or by anyone: CSV, plain or packed, and Parquet."""

from collections.abc import Iterator
from datetime import timedelta

from collectors.aws.located import Located
from costwatch.model import Batch, Window


class Exports(Located):
    """A bill delivered as files, in a local folder or below ``s3://bucket/prefix``.

    location: the export's folder, or any folder above it. Where manifests are found (of AWS: Data Exports
    and the legacy Cost and Usage Report; of Azure: Cost Management exports; whether they overwrite or create
    new), exactly the files that the newest one of each billing period names are read, as one version of it: a
    period whose files are missing, short, damaged or just being delivered, or that two exports hold, is
    refused, the other ones are read. Elsewhere all CSV (also as gzip or zip) and Parquet files below the
    folder together are the bill, copies and earlier versions of one file counted once; of a billing period
    that is no longer among them, what was published stays.
    region, profile, role_arn, external_id: how to reach AWS; left out, the usual AWS chain decides.

        - {name: aws, kind: exports, location: "s3://acme-billing/focus", profile: billing}
    """

    @property
    def lookback(self) -> timedelta:
        """Thirteen months: AWS restates the month before this one for about two weeks, and any other
        when asked to; what is unchanged costs a look at its manifest.
        """
        return timedelta(days=400)

    def collect(self, window: Window) -> Iterator[Batch]:
        """One batch for each billing period that overlaps ``window``; see ``plugins.Collector``."""
        from collectors.layouts.reading import batches  # most commands read no bill

        yield from batches(self.place(), window)
