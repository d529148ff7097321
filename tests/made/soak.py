"""Long loops are run whole by `make soak`, and shortened by `make test`."""

import os
from typing import TypeVar

_T = TypeVar("_T")


def in_soak(whole: _T, *, else_: _T) -> _T:
    """``whole`` in `make soak`, which runs only what is marked ``soak``."""
    return whole if os.environ.get("COSTWATCH_SOAK") == "1" else else_
