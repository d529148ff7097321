"""Pages of the made-up company."""

from datetime import datetime
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.made import pages_company
from tests.made.opened_pages import FAILED, Open, Page


@pytest.fixture
def open_page(monkeypatch: pytest.MonkeyPatch) -> Open:
    def opened(
        file: Path, page: str, now: datetime = pages_company.NOW, *, fails: bool = False, **query: str
    ) -> Page:
        monkeypatch.setenv("COSTWATCH_CONFIG", str(file))
        monkeypatch.setenv("COSTWATCH_NOW", now.isoformat())
        test = AppTest.from_string(
            "from dashboards import frame\nfrom dashboards.app import PAGES\n"
            f"frame.show(next(each.draw for each in PAGES if each.path == {page!r}))"
        )
        for name, value in query.items():
            test.query_params[name] = value
        test.run(timeout=30)
        assert not test.exception, test.exception
        shown = Page(test)
        assert (FAILED in shown.text) is fails, shown.text
        return shown

    return opened


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pages_company.full(tmp_path_factory.mktemp("full"))


@pytest.fixture(scope="module")
def stale(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pages_company.stale(tmp_path_factory.mktemp("stale"))
