"""What Alertmanager 0.35 was seen to do, costwatch does: the unlike ones are those that are meant to be."""

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.made.alertmanager_scenarios import Heard, Player

FILE = Path(__file__).parents[3] / "shared" / "data" / "alertmanager" / "am_scenarios.yaml"
SCENARIOS = yaml.safe_load(FILE.read_text(encoding="utf-8")) if FILE.exists() else []
TOLERANCE = 0.8
AFTER_AN_OUTAGE = 4  # as the file says of those with failed attempts: "or at the next flush"

# Those that are unlike: which difference that is, and what costwatch sends.
UNLIKE: Mapping[str, tuple[str, Sequence[Heard]]] = {
    "i04": (
        "D1: the end of what was told is told, though inhibited",
        [
            Heard(2, "r", ("T",)),
            Heard(6, "r", ("P",)),
            Heard(12, "r", (), ("T",)),
            Heard(16, "r", (), ("P",)),
        ],
    ),
    "s05": ("D1: though silenced", [Heard(2, "r", ("A",)), Heard(7, "r", (), ("A",))]),
    "t04": ("D1: though muted by time", [Heard(2, "x", ("A",)), Heard(12, "x", (), ("A",))]),
    "s11": ("D2, D3: the silenced one is shown", [Heard(2, "r", ("A", "B")), Heard(12, "r", ("A",), ("B",))]),
    "s13": ("D3: and not told anew", [Heard(2, "r", ("A", "B")), Heard(12, "r", ("A",), ("B",))]),
    "d04": ("D4: told in one message after the outage", [Heard(15, "r", (), ("A",))]),
    "x02": ("D5: what was told is not told again", [Heard(2, "r", ("A",))]),
    "x08": ("D5: the silence survives", []),
    "g29": (
        "D6: repeats are exact",
        [
            Heard(2, "r", ("A",)),
            Heard(7, "r", ("A", "B")),
            Heard(16, "r", ("A", "B")),
            Heard(25, "r", ("A", "B")),
        ],
    ),
    "k01": (
        "Slack's titles count; what was told to be over is not told again",
        [
            Heard(2, "r", ("A",)),
            Heard(7, "r", ("A", "B")),
            Heard(12, "r", ("B",), ("A",)),
            Heard(17, "r", (), ("B",)),
        ],
    ),
    "k02": (
        "Slack's titles count; an edited message keeps what is over",
        [
            Heard(2, "r", ("A",)),
            Heard(7, "r", ("A", "B"), is_edit=True),
            Heard(12, "r", ("B",), ("A",), is_edit=True),
            Heard(17, "r", (), ("A", "B"), is_edit=True),
        ],
    ),
    "k05": ("Slack's titles count", [Heard(11, "r", ("A",))]),
    "k07": (
        "Slack's titles count",
        [Heard(2, "r", ("A",)), Heard(7, "r", (), ("A",), is_edit=True), Heard(16, "r", ("A",))],
    ),
}
UNLIKE = {**UNLIKE, "k04": ("an edit, and a reply only where it interrupts", UNLIKE["k02"][1])}


@pytest.mark.skipif(not SCENARIOS, reason="../shared/data/alertmanager is not here")
def test_there_are_as_many_scenarios_as_were_observed() -> None:
    assert len(SCENARIOS) == 71
    assert UNLIKE.keys() <= {scenario["id"] for scenario in SCENARIOS}


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[f"{it['id']} {it['sentence']}" for it in SCENARIOS])
def test_it_sends_what_alertmanager_sends(scenario: Mapping[str, Any], tmp_path: Path) -> None:
    heard = Player(copy.deepcopy(scenario), tmp_path).play()
    _, expected = UNLIKE.get(scenario["id"], ("", [expected_of(it) for it in scenario["expect"]]))
    tolerance = AFTER_AN_OUTAGE if "failed_attempts" in scenario else TOLERANCE
    require_like(heard, expected, tolerance)
    if scenario["id"] == "g19":
        assert [it.texts for it in heard] == [("A v=1",), ("A v=2",)]


def expected_of(message: Mapping[str, Any]) -> Heard:
    firing, over = message.get("firing", ()), message.get("resolved", ())
    return Heard(message["t"], message["to"], tuple(sorted(firing)), tuple(sorted(over)))


def require_like(heard: Sequence[Heard], expected: Sequence[Heard], tolerance: float) -> None:
    """The same messages at the same times; without order among those of one time."""
    left = list(heard)
    for message in expected:
        found = [it for it in left if _what(it) == _what(message) and abs(it.at - message.at) <= tolerance]
        assert found, f"{message} is not among {heard}"
        left.remove(min(found, key=lambda it: abs(it.at - message.at)))
    assert not left, f"not expected: {left}"


def _what(message: Heard) -> tuple[Any, ...]:
    return message.to, message.firing, message.resolved, message.is_edit
