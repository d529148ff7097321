"""costwatch: what the infrastructure costs, per team, and how reliably it runs."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from costwatch.notebook import frame

__all__ = ["__version__", "frame"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """``frame``, imported when it is asked for: the commands do without."""
    if name == "frame":
        from costwatch.notebook import frame

        return frame
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
