"""Debian's Alertmanager and costwatch, side by side in real time, are told the same and say the same."""

import copy
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import Request as Asked
from urllib.request import urlopen

import pytest

from tests.alerts.test_scenarios import SCENARIOS, TOLERANCE, UNLIKE, require_like
from tests.doubles.alertmanager_server import BINARY, real_alertmanager
from tests.doubles.web_server import Answer, Request, web_server
from tests.made.alertmanager_scenarios import ROUTE, Heard, Player
from tests.made.soak import in_soak

ALL = "g01 g02 g04 g05 g07 g10 g13 g16 g17 g20 g22 g26 g28 g31 r01 r02 r08 i01 i02 i11 s01 s04"
CHOSEN = in_soak(ALL, else_="g05 i02 s04").split()
EVERY_SECONDS = 0.2
AT_ONCE = 4

pytestmark = [
    pytest.mark.soak,
    pytest.mark.slow,
    pytest.mark.alertmanager,
    pytest.mark.skipif(not BINARY, reason="no prometheus-alertmanager"),
    pytest.mark.skipif(not SCENARIOS, reason="../shared/data/alertmanager is not here"),
]


def test_both_send_the_same_at_the_same_times(tmp_path: Path) -> None:
    chosen = [it for it in SCENARIOS if it["id"] in CHOSEN]
    assert len(chosen) == len(CHOSEN)
    assert not {it["id"] for it in chosen} & UNLIKE.keys()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        played = pool.map(lambda it: play(copy.deepcopy(it), tmp_path / it["id"]), chosen)
        both = list(zip(chosen, played, strict=True))
    for scenario, (theirs, ours) in both:
        try:
            require_like(ours, theirs, TOLERANCE)
        except AssertionError as error:
            raise AssertionError(f"{scenario['id']}: {error}") from error
    assert sum(len(theirs) for _, (theirs, _) in both) >= len(CHOSEN)


def play(scenario: Mapping[str, Any], folder: Path) -> tuple[list[Heard], list[Heard]]:
    """What Alertmanager and costwatch sent."""
    theirs: list[Heard] = []
    began = time.monotonic()

    def taken(request: Request) -> Answer:
        firing, over = (
            sorted(it["labels"]["a"] for it in request.json["alerts"] if it["status"] == status)
            for status in ("firing", "resolved")
        )
        theirs.append(Heard(time.monotonic() - began, request.path.strip("/"), tuple(firing), tuple(over)))
        return 200, {}, "{}"

    folder.mkdir()
    player = Player(scenario, folder)
    with (
        web_server(taken) as hook,
        real_alertmanager(folder / "am", configuration(scenario, hook.url)) as url,
    ):
        began = time.monotonic()
        told = Teller(url, scenario)
        steps = sorted({float(step["at"]) for step in scenario["steps"]})
        while (at := time.monotonic() - began) < scenario["until"]:
            while steps and steps[0] <= at:
                told.happen(steps[0])
                player.happen(steps.pop(0))
            player.deliver(at)
            time.sleep(EVERY_SECONDS)
    return theirs, player.heard


def configuration(scenario: Mapping[str, Any], url: str) -> str:
    names = scenario.get("receivers", ["r"])
    whole = {
        "route": {**ROUTE, **scenario.get("route", {})},
        "receivers": [
            {"name": name, "webhook_configs": [{"url": f"{url.rstrip('/')}/{name}", "send_resolved": True}]}
            for name in names
        ],
        "inhibit_rules": scenario.get("inhibit_rules", []),
    }
    return json.dumps(whole)


class Teller:
    """Tells Alertmanager what happens."""

    def __init__(self, url: str, scenario: Mapping[str, Any]) -> None:
        self._url, self._steps = url, scenario["steps"]
        self._silences: dict[str, str] = {}
        self._since: dict[str, datetime] = {}

    def happen(self, at: float) -> None:
        for step in self._steps:
            if step["at"] == at:
                self._post_alerts(list(self._alerts(step)))
                if silence := step.get("silence"):
                    self._silence(silence, at)
                if expired := step.get("expire"):
                    self._ask(f"silence/{self._silences[expired]}", "DELETE")

    def _alerts(self, step: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        now = datetime.now(UTC)
        for of in step.get("fire", ()):
            key = json.dumps(of)
            if step.get("fresh") or key not in self._since:
                self._since[key] = now + timedelta(seconds=step.get("startsAt", 0))
            yield self._alert(of, self._since[key], now + timedelta(hours=1))
        for of in step.get("resolve", ()):
            yield self._alert(of, self._since.get(json.dumps(of), now - timedelta(seconds=1)), now)

    def _alert(self, of: Mapping[str, str], start: datetime, end: datetime) -> dict[str, Any]:
        return {"labels": of, "startsAt": start.isoformat(), "endsAt": end.isoformat()}

    def _post_alerts(self, alerts: Sequence[dict[str, Any]]) -> None:
        if alerts:
            self._ask("alerts", "POST", alerts)

    def _silence(self, given: Mapping[str, Any], at: float) -> None:
        now = datetime.now(UTC)
        until = now + timedelta(seconds=given["to"] - at)
        body = {"matchers": given["matchers"], "startsAt": now.isoformat(), "endsAt": until.isoformat()}
        answer = self._ask("silences", "POST", {**body, "createdBy": "ann", "comment": "test"})
        self._silences[given["id"]] = answer["silenceID"]

    def _ask(self, path: str, method: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        with urlopen(Asked(f"{self._url}/api/v2/{path}", data, headers, method=method), timeout=10) as answer:
            text = answer.read()
        return json.loads(text) if text.strip() else None
