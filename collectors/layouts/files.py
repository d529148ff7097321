"""Which files of a place hold data: by their names, or where these say nothing, by how they begin."""

import re
from pathlib import Path

from collectors.aws.places import Entry, FileError, Place

_FLAGS = re.IGNORECASE | re.DOTALL  # a name may hold a line feed
DATA_FILE = re.compile(r".*\.(csv|tsv|gz|gzip|zip|parquet)", _FLAGS)
# As bills come, too, and in no way that is read.
FOREIGN_FILE = re.compile(
    r".*\.(zst|zstd|bz2|xz|lz4|snappy|br|7z|rar|tar|tgz|orc|avro|arrow|feather|xlsx?|xlsb|ods|jsonl|ndjson)",
    _FLAGS,
)
# What parts of an unload are called, or a file that was saved as text; and notes, licences, marks.
UNTOLD_FILE = re.compile(r"(?:.*/)?(?:[^/.]+|[^/]*\.txt)", _FLAGS)
_MAGIC = (b"PAR1", b"\x1f\x8b", b"PK\x03\x04")
_SEPARATORS = (b",", b";", b"\t", b"|")
_LEAST_COLUMNS = 5  # a bill has more, a sentence has fewer commas
_BYTES = 1 << 16


def holds_data(path: Path) -> bool:
    """Whether a file begins as Parquet, as something packed, or with a row of columns."""
    with path.open("rb") as file:
        start = file.read(_BYTES)
    header = start.replace(b"\0", b"").split(b"\n", 1)[0]
    return start.startswith(_MAGIC) or max(map(header.count, _SEPARATORS)) + 1 >= _LEAST_COLUMNS


def version_of(place: Place, entry: Entry) -> str:
    """Of a file; what cannot be read is told when it is to be, and does not hold up the others."""
    try:
        return place.version(entry)
    except FileError as error:
        return str(error)
