"""Fixtures that several files use: command lines on a small company, and Slack's double."""

import gc
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import settings

from costwatch.model import Severity
from costwatch.notify.slack import Slack
from tests.doubles.slack import SlackDouble, settled, slack_double
from tests.made.command_line import Costwatch, commands, publish

# How long an example takes tells of the machine, not of the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
# As the program begins: what it writes is nobody else's.
os.umask(0o077)


def pytest_collection_finish() -> None:
    """Whatever stays until the end is not looked through again and again: it saves a twelfth of the time."""
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)


@pytest.fixture
def costwatch(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Costwatch:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COSTWATCH_CONFIG", raising=False)
    return commands(capsys)


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return publish(tmp_path_factory.mktemp("company"))


@pytest.fixture
def company(published: Path, tmp_path: Path) -> Path:
    """A company's folder after collect and allocate, for this test alone; it is also where commands run."""
    shutil.copytree(published, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture
def double(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlackDouble]:
    settled(monkeypatch)
    with slack_double() as running:
        yield running


@pytest.fixture
def slack(double: SlackDouble) -> Slack:
    return Slack(
        name="oncall",
        channel="C0123",
        token="${env:SLACK_BOT_TOKEN}",
        api_url=double.url,
        mention={Severity.PAGE: "<!subteam^S123>"},
    )


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """A certificate of 127.0.0.1 that only itself vouches for, and its key."""
    if not shutil.which("openssl"):
        pytest.skip("no openssl to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    made = {"cert_file": str(folder / "cert.pem"), "key_file": str(folder / "key.pem")}
    how = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=127.0.0.1"
    names = ["-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-out", made["cert_file"], "-keyout", made["key_file"]]
    subprocess.run(["openssl", *how.split(), *names, *files], check=True, capture_output=True)
    return made
