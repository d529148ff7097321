"""Slack's double speaks Socket Mode as Slack does: Slack's own client is at home there."""

import json
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from slack_sdk import WebClient
from slack_sdk.socket_mode.builtin import SocketModeClient
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.doubles.slack import APP_TOKEN, TOKEN, SlackDouble, slack_double, socket_mode

CLICK = {"type": "block_actions", "actions": [{"action_id": "ack", "value": "0123456789abcdef"}]}


@pytest.fixture
def double() -> Iterator[SlackDouble]:
    with slack_double() as double, socket_mode() as mode:
        double.socket_mode = mode
        yield double


@pytest.fixture
def address(double: SlackDouble) -> str:
    return str(double.socket_mode.opened(f"Bearer {APP_TOKEN}")["url"])


def test_a_click_reaches_an_app_by_slacks_own_client_and_is_acknowledged(double: SlackDouble) -> None:
    heard: list[SocketModeRequest] = []

    def on_click(client: BaseSocketModeClient, request: SocketModeRequest) -> None:
        heard.append(request)
        client.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id))

    app = SocketModeClient(app_token=APP_TOKEN, web_client=WebClient(base_url=double.url))
    app.socket_mode_request_listeners.append(on_click)
    app.connect()
    try:
        assert double.socket_mode.click(CLICK)
    finally:
        app.close()
    assert [(each.type, each.payload) for each in heard] == [("interactive", CLICK)]
    assert double.socket_mode.acks == [{"envelope_id": heard[0].envelope_id}]


def test_what_is_not_acknowledged_in_time_comes_again_and_says_so(double: SlackDouble, address: str) -> None:
    double.socket_mode.ack_seconds = 0.05
    with connect(address) as app:
        assert json.loads(app.recv())["type"] == "hello"
        assert not double.socket_mode.click(CLICK, tries=2)
        first, again = json.loads(app.recv()), json.loads(app.recv())
    assert first["envelope_id"] == again["envelope_id"]
    assert (again["retry_attempt"], again["retry_reason"]) == (1, "timeout")


def test_slack_asks_for_a_new_connection_before_it_closes_one(double: SlackDouble, address: str) -> None:
    with connect(address) as app:
        app.recv()
        double.socket_mode.disconnect()
        assert json.loads(app.recv())["reason"] == "refresh_requested"
        with pytest.raises(ConnectionClosed):
            app.recv()


def test_an_address_is_good_for_one_connection(address: str) -> None:
    with connect(address) as app:
        app.recv()
    with connect(address) as late, pytest.raises(ConnectionClosed):
        late.recv()


def test_only_the_token_of_an_app_opens_one(double: SlackDouble) -> None:
    refused = double.socket_mode.opened(f"Bearer {TOKEN}")
    assert refused == {"ok": False, "error": "not_allowed_token_type"}
    assert urlsplit(double.socket_mode.url).scheme == "ws"
