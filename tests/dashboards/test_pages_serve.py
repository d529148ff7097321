"""How the pages are served: where, to whom, and what a mistake is answered with."""

import socket
from pathlib import Path

import pytest

from costwatch.config import UI
from costwatch.errors import ConfigError, CostwatchError
from dashboards import serve as serving
from dashboards.serve import serve
from tests.made import pages_company


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """The flags of each start, instead of starting."""
    flags: list[dict[str, object]] = []
    monkeypatch.setattr(serving, "_run", flags.append)
    monkeypatch.setattr(serving, "_warm", lambda: None)
    monkeypatch.setenv("COSTWATCH_CONFIG", "")  # serve sets it: undone with the test
    return flags


def test_nothing_leaves_the_machine_and_nobody_sees_a_traceback(
    tmp_path: Path, started: list[dict[str, object]]
) -> None:
    assert serve(pages_company.configured(tmp_path), "127.0.0.1", 8501) == 0
    (flags,) = started
    assert flags["browser_gatherUsageStats"] is False
    assert flags["server_fileWatcherType"] == "none"
    assert flags["client_toolbarMode"] == "viewer"
    assert flags["client_showErrorDetails"] == "none"
    assert flags["server_enableCORS"] is True
    assert flags["server_enableXsrfProtection"] is True
    assert flags["logger_hideWelcomeMessage"] is True


@pytest.mark.parametrize(
    ("host", "ui", "allowed"),
    [
        ("127.0.0.1", {}, {"127.0.0.1", "localhost", "::1"}),
        ("localhost", {}, {"127.0.0.1", "localhost", "::1"}),
        ("0.0.0.0", {}, set()),
        ("10.1.2.3", {}, set()),
        (
            "127.0.0.1",
            {"public_url": "https://costs.example.com/team"},
            {"costs.example.com", "127.0.0.1", "localhost", "::1"},
        ),
        (
            "0.0.0.0",
            {"public_url": "http://costs.example.com:8080"},
            {"costs.example.com", "0.0.0.0", "127.0.0.1", "localhost", "::1"},
        ),
    ],
)
def test_readers_come_by_known_names_only(host: str, ui: dict[str, str], allowed: set[str]) -> None:
    address = serving._address(host, 8501, UI(**ui))
    assert set(address["server_allowedHosts"]) == allowed
    assert address["server_address"] == host
    assert address["server_port"] == 8501
    assert address["browser_serverAddress"] == ("costs.example.com" if ui else host)


def test_a_taken_port_is_a_sentence(tmp_path: Path, started: list[dict[str, object]]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CostwatchError, match=rf"127.0.0.1:{port}: the port is taken; .* --port"):
            serve(pages_company.configured(tmp_path), "127.0.0.1", port)
    assert started == []


def test_a_host_that_is_not_ours_is_a_sentence(tmp_path: Path, started: list[dict[str, object]]) -> None:
    with pytest.raises(CostwatchError, match=r"192\.0\.2\.1:8501: cannot listen there"):
        serve(pages_company.configured(tmp_path), "192.0.2.1", 8501)
    assert started == []


def test_a_mistake_in_the_configuration_is_told_before_serving(
    tmp_path: Path, started: list[dict[str, object]]
) -> None:
    file = pages_company.configured(tmp_path)
    file.write_text("colour: red\n")
    with pytest.raises(ConfigError, match="colour"):
        serve(file, "127.0.0.1", 8501)
    assert started == []
