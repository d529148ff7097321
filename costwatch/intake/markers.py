"""Markers: deploys, flags that were switched; a window of a source is replaced whole."""

from datetime import timedelta
from typing import Any

from costwatch.errors import RefusedError
from costwatch.intake.batches import Intake, Stores
from costwatch.model import Batch, Export, Marker
from costwatch.plugins import MARKERS, link_of
from costwatch.warehouse.intake.runs import cut_batch, record_batch
from costwatch.warehouse.markers import forget_markers, replace_markers
from costwatch.wording import shortened

KEPT = timedelta(days=400)
_LONGEST = 300  # characters of a text; a longer one is cut


def take_markers(stores: Stores, batch: Batch) -> Intake:
    """Have exactly these markers of the source in the batch's window, and none that ended 400 days before it.

    Raises RefusedError for one without an instant in the window, a kind or a title, and for an address that
    is none.
    """
    if batch.window is None or isinstance(content := batch.read(), Export):
        raise _refused(stores, "come as rows of a window")
    try:
        found = [_marker(row) for part in content for row in MARKERS.fitted(part).to_pylist()]
    except ValueError as error:
        raise _refused(stores, str(error)) from None
    if strange := [one for one in found if not batch.window.start <= one.at < batch.window.end]:
        raise _refused(stores, f"one at {strange[0].at} is outside the window that it came with")
    if not stores.dry_run:
        with stores.warehouse.write() as db:
            if cut_batch(db, stores.source, batch):
                raise _refused(stores, "a window would cut another one, stored before")
            replace_markers(db, stores.source, batch.window, found)
            forget_markers(db, batch.window.end - KEPT)
            record_batch(db, stores.source, batch)
    return Intake(len(found), is_new=True)


def _marker(row: dict[str, Any]) -> Marker:
    texts = {
        name: shortened(row[name] or "", _LONGEST) for name in MARKERS.columns if name not in ("at", "url")
    }
    if row["at"] is None or not texts["kind"].strip() or not texts["title"].strip():
        raise ValueError("one has no instant, no kind or no title")
    return Marker(at=row["at"], url=link_of(row["url"]) if row["url"] else "", **texts)


def _refused(stores: Stores, what: str) -> RefusedError:
    return RefusedError([f"{stores.source}: markers: {what}; correct its collector"])
