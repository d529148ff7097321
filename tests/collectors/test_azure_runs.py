"""Which of Azure's runs count, whatever runs there are."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from collectors.aws.places import Entry
from collectors.layouts import azure
from collectors.layouts.manifests import Manifest


@st.composite
def dated_runs(draw: st.DrawFn) -> list[azure.DatedRun]:
    """Runs of one scope, of any days of two months, written at any time."""
    made = []
    for number in range(draw(st.integers(1, 6))):
        first = date(2026, 10, 1) + timedelta(draw(st.integers(0, 60)))
        last = first + timedelta(draw(st.integers(0, 45)))
        written = datetime(2026, 10, 1, tzinfo=UTC) + timedelta(draw(st.integers(0, 90)))
        root = f"export-{draw(st.integers(0, 2))}/"
        entry = Entry(f"{root}{first:%Y%m%d}-{last:%Y%m%d}/{number}/manifest.json", "", 1, written)
        submitted = draw(st.sampled_from([None, written]))
        made.append(
            azure.DatedRun(
                Manifest(entry, root),
                azure.Run(scope=draw(st.sampled_from(["", "one"])), submitted=submitted),
                azure.RangeFolder(root, first, last, ""),
            )
        )
    return made


@given(dated_runs())
def test_whatever_runs_there_are_no_day_counts_twice_and_none_is_lost_unsaid(
    runs: list[azure.DatedRun],
) -> None:
    found = azure.counted(runs, "place")
    days_of = {run.manifest: run.days for run in runs}
    read = [days_of[manifest] for each in found if not each.refusal for manifest in each.manifests]
    counted = set().union(*read)
    assert sum(map(len, read)) == len(counted)
    refused = [each for each in found if each.refusal]
    lost = [run for run in runs if run.days - counted]
    assert all(any(each.window == run.folder.window for each in refused) for run in lost)
    windows = sorted((each.window for each in found if each.window and not each.refusal), key=str)
    assert not any(one.overlaps(other) for one, other in pairwise(windows))
