"""No receiver's secret stands in an error, in a log or in the warehouse, however sending it fails."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import pytest

from costwatch.errors import NotifyError
from costwatch.notify.alertmanager import Alertmanager
from costwatch.notify.email import Email
from costwatch.notify.pagerduty import PagerDuty
from costwatch.notify.slack import Slack
from costwatch.notify.webhook import Webhook
from tests.doubles.smtp_server import mail_server
from tests.doubles.web_server import web_server
from tests.made.delivery_world import MINUTE, new_house
from tests.made.messages import SPEND

CANARY = "canary-0123456789-canary-0123456"
NOWHERE = "http://127.0.0.1:9/"


def receivers(url: str, port: int) -> dict[str, Any]:
    key = "${env:RECEIVER_SECRET}"
    mail = {"name": "default", "host": "127.0.0.1", "port": port, "tls": "none", "timeout_seconds": 1}
    mail |= {"user": "u", "password": key, "from": "a@x.example", "to": ["b@x.example"]}
    return {
        "slack": Slack(name="default", channel="C1", token=key, api_url=url, timeout_seconds=1),
        "pagerduty": PagerDuty(name="default", routing_key=key, url=url, timeout_seconds=1),
        "webhook": Webhook(name="default", url=url, secret=key, timeout_seconds=1),
        "webhook at a secret place": Webhook(name="default", url="${env:RECEIVER_URL}", timeout_seconds=1),
        "email": Email.model_validate(
            {**mail, "from": "a@x.example", "to": ["b@x.example"], "timeout_seconds": 1}
        ),
    }


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int | str], dict[str, Any]]]:
    """Receivers whose servers answer so, or are not there."""
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("RECEIVER_SECRET", CANARY)
    with ExitStack() as stack:
        web, mail = stack.enter_context(web_server()), stack.enter_context(mail_server())

        def made(answer: int | str) -> dict[str, Any]:
            web.answers = [answer] * 99
            mail.answers = {"AUTH": [f"535 wrong password {CANARY}"] * 99}
            is_away = answer == "nowhere"
            monkeypatch.setenv("RECEIVER_URL", f"{NOWHERE if is_away else web.url}{CANARY}")
            return receivers(NOWHERE, 9) if is_away else receivers(web.url, mail.port)

        yield made


@pytest.mark.parametrize("answer", ["nowhere", "drop", 302, 400, 401, 429, 503])
def test_a_failure_tells_no_secret(
    failing: Callable[[int | str], dict[str, Any]],
    answer: int | str,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(0)
    for receiver in failing(answer).values():
        with new_house(receiver=receiver, route={"group_wait": "0s", "group_interval": "1m"}) as house:
            house.find(ec2="a")
            done = house.deliver(budget=MINUTE)
            errors = [attempt.error for attempt in (*done.failed, *done.waiting)]
            assert errors
            with house.warehouse.read() as db:
                stored = [str(tuple(row)) for row in _rows(db)]
        assert CANARY not in "".join((*errors, *stored, caplog.text, *capsys.readouterr()))


def test_nor_does_handing_on_to_an_alertmanager(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECEIVER_SECRET", CANARY)
    key = "${env:RECEIVER_SECRET}"
    with web_server() as web:
        web.answers = [401, 401]
        for login in ({"token": key}, {"user": "u", "password": key}):
            am = Alertmanager.model_validate({"name": "am", "urls": [web.url], **login})
            with pytest.raises(NotifyError) as raised:
                am.forward((SPEND,), datetime(2026, 11, 20, tzinfo=UTC))
            assert CANARY not in str(raised.value)


def _rows(db: Any) -> Iterator[Any]:
    for (table,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
        yield from db.execute(f'SELECT * FROM "{table}"')
