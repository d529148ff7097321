"""Public bug reports rebuilt as small clusters, which lie beside the repository; without them tests skip."""

import re
from pathlib import Path

import pytest

from tests.made.kubernetes_told import Told, openmetrics

SHARED_DATA = Path(__file__).parents[3] / "shared" / "data"
CASES = {path.name[:3]: path for path in (SHARED_DATA / "cases").glob("k*.md")}


def series_of(case: str) -> list[Told]:
    """What the exporters of a case tell, which begins with ``k01`` or the like."""
    if case not in CASES:
        pytest.skip("the shared cases are not there")
    found = re.search(r"## Input `in.om`\n```\n(.*?)```", CASES[case].read_text(encoding="utf-8"), re.DOTALL)
    assert found
    return openmetrics(found[1])
