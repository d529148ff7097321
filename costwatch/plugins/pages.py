"""The door for pages: what readers look at."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the bar, registered as this object in the entry-point group ``costwatch.pages``.

    path: its address below the pages' own, such as ``costs``; links in messages name it. title, icon: as the
    bar shows them; an icon reads ``:material/payments:``. is_in_bar: False for a page that only links lead
    to. draw: draws it with Streamlit, each time anew;
    what it raises as CostwatchError is told to the reader as a sentence.
    """

    path: str
    title: str
    icon: str
    draw: Callable[[], None]
    is_in_bar: bool = True
