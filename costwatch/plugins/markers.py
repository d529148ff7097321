"""The table of markers: deploys, flags that were switched. Any collector may bring rows of it."""

from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from costwatch.model import Marker
from costwatch.plugins.tables import Table

if TYPE_CHECKING:
    import pyarrow as pa

# costwatch's own: it is kept in the table ``marker``. at, kind and title are never null nor empty.
MARKERS = Table(
    "marker",
    {
        "at": "instant",
        "kind": "text",
        "title": "text",
        "service": "text",
        "team": "text",
        "url": "text",
        "author": "text",
    },
)
_LONGEST_LINK = 2_000


def marker_rows(markers: Iterable[Marker]) -> "pa.RecordBatch":
    """All of them as rows of ``MARKERS``, oldest first, each once."""
    import pyarrow as pa

    rows = sorted({_key(one): one for one in markers}.values(), key=_key)
    return pa.RecordBatch.from_pylist(
        [{name: getattr(one, name) for name in MARKERS.columns} for one in rows],
        schema=MARKERS.schema(),
    )


def link_of(text: str) -> str:
    """An address that a page may link to. Raises ValueError for anything but http and https."""
    try:
        parts = urlsplit(text)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_address = False
    if not is_address or len(text) > _LONGEST_LINK or not text.isprintable() or " " in text:
        raise ValueError("must be an address such as https://ci.example/deploys/12")
    return text


def _key(of: Marker) -> tuple[object, ...]:
    return of.at.replace(microsecond=0), of.kind, of.title, of.service
