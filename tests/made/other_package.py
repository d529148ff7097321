"""A package of someone else's, found by its entry points as if it were installed."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def installed(
    place: Path, patch: pytest.MonkeyPatch, entry_points: str, modules: Mapping[str, str]
) -> Iterator[None]:
    """acme-costs 1.2 below ``place``; modules: name, which begins with acme_ -> text."""
    info = place / "acme_costs-1.2.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-costs\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text(entry_points)
    for name, text in modules.items():
        (place / f"{name}.py").write_text(text)
    with patch.context() as patched:
        patched.syspath_prepend(place)
        yield
    for name in [name for name in sys.modules if name.startswith("acme_")]:
        del sys.modules[name]
