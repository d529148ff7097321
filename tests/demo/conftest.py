"""Three companies of ``costwatch demo``, each through every step."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from costwatch import cli

COMPANIES = {
    "a Sunday": (1, datetime(2026, 11, 22, tzinfo=UTC)),
    "a Monday, the first settled day of a month": (2, datetime(2026, 6, 1, tzinfo=UTC)),
    "a leap day away": (3, datetime(2024, 3, 3, tzinfo=UTC)),
}


@pytest.fixture(scope="session", params=COMPANIES.values(), ids=COMPANIES)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    seed, now = request.param
    folder = tmp_path_factory.mktemp("stories") / "demo"
    words = [
        "demo",
        "--no-serve",
        "--days",
        "80",
        "--rows",
        "9000",
        "--seed",
        str(seed),
        "--folder",
        str(folder),
    ]
    assert cli.run(words, now) == 0
    return folder
