"""One module for each bill format; ``contract`` is what all of them turn their columns into."""

from typing import cast

from costwatch.ledger.formats import cur, cur2, focus
from costwatch.ledger.formats.contract import BillFormat

# In this order; a new format is one module and one entry here.
FORMATS = tuple(cast(BillFormat, each) for each in (focus, cur2, cur))


def format_named(name: str) -> BillFormat:
    """The format a stored load was read as."""
    return next(known for known in FORMATS if known.name == name)
