"""Whether there is anything to say of a group, and what a message about it holds."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from costwatch.alerts.dedup import Circumstances, Limits, Told, digest, present, reason
from costwatch.model import Alert, AlertState, Reason, labels
from costwatch.testing import an_alert

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
FIRING, RESOLVED = AlertState.FIRING, AlertState.RESOLVED


def alert(name: str = "a", state: AlertState = FIRING, at: datetime = NOW, **changes: Any) -> Alert:
    given = {"team": "ml", "rule": "Spend", "severity": "ticket", **changes.pop("labels", {})}
    return an_alert(
        fingerprint=name,
        labels=labels(**given),
        state=state,
        fired_at=at,
        resolved_at=NOW if state is RESOLVED else None,
        summary=changes.pop("summary", name),
        **changes,
    )


def told(*alerts: Alert) -> Told:
    return Told(alerts, {}, digest(alerts), NOW)


A, B = alert("a"), alert("b")
A_OVER, B_OVER = alert("a", RESOLVED), alert("b", RESOLVED)
A_ANEW = alert("a", at=NOW + HOUR)


@pytest.mark.parametrize(
    ("previous", "now", "hours", "expected"),
    [
        pytest.param(told(), [], 0, None, id="nothing ever happened"),
        pytest.param(told(), [A], 0, Reason.FIRST, id="an alert fires"),
        pytest.param(told(), [A_OVER], 0, Reason.FIRST, id="it fired and was resolved before anyone heard"),
        pytest.param(told(A), [A], 0, None, id="told already"),
        pytest.param(told(A), [A], 24, Reason.REPEAT, id="it has gone on for repeat_interval"),
        pytest.param(told(A), [A, B], 0, Reason.NEW, id="another joins"),
        pytest.param(told(A), [A, B], 24, Reason.NEW, id="another joins when a repeat is due"),
        pytest.param(told(A), [A, B_OVER], 0, Reason.SOME_RESOLVED, id="another came and went"),
        pytest.param(told(A), [A_OVER], 0, Reason.RESOLVED, id="it is resolved"),
        pytest.param(told(A), [A_OVER, B_OVER], 0, Reason.RESOLVED, id="and another came and went"),
        pytest.param(told(A, B), [A, B_OVER], 0, Reason.SOME_RESOLVED, id="one of two is resolved"),
        pytest.param(told(A), [replace(A, summary="b")], 0, Reason.CHANGED, id="its text is corrected"),
        pytest.param(
            told(A), [replace(A, summary="b")], 24, Reason.REPEAT, id="a repeat tells the new text too"
        ),
        pytest.param(told(A), [replace(A, value=None)], 0, None, id="what nobody reads may change"),
        pytest.param(told(A, B), [A_ANEW, B], 0, Reason.NEW, id="one that was resolved meanwhile fires anew"),
        pytest.param(told(A_OVER), [A_OVER], 99, None, id="resolved is told once"),
        pytest.param(told(A_OVER), [replace(A_OVER, summary="b")], 0, Reason.CHANGED, id="and corrected"),
        pytest.param(told(A_OVER), [A_ANEW], 0, Reason.FIRST, id="firing anew begins a message"),
        pytest.param(
            told(A_OVER),
            [replace(A_ANEW, state=RESOLVED, resolved_at=NOW + 2 * HOUR)],
            0,
            Reason.FIRST,
            id="even if over already",
        ),
    ],
)
def test_the_reason(previous: Told, now: Sequence[Alert], hours: int, expected: Reason | None) -> None:
    limits = Limits(HOUR * 0, 24 * HOUR, can_edit=True)
    assert reason(previous, now, {}, Circumstances(), limits, NOW + hours * HOUR) is expected


@pytest.mark.parametrize(
    ("before", "owed", "stored", "expected"),
    [
        pytest.param([], set(), [A], [A], id="what fires"),
        pytest.param([], set(), [A_OVER], [], id="not what is over and known to have been told elsewhere"),
        pytest.param([], {"a"}, [A_OVER], [A_OVER], id="what is over and was never told"),
        pytest.param([A], set(), [A_OVER], [A_OVER], id="what was told, as it is now"),
        pytest.param([A, B], set(), [A_OVER, B], [B, A_OVER], id="firing ones first"),
        pytest.param([A], set(), [], [replace(A_OVER, summary="a")], id="gone from here: over"),
        pytest.param([A_OVER], set(), [], [A_OVER], id="over and forgotten: as it was told"),
        pytest.param([A_OVER], set(), [A_OVER, B], [B], id="a new message leaves out what an old one told"),
        pytest.param([A, B_OVER], set(), [A, B_OVER], [A, B_OVER], id="a message keeps all it told"),
        pytest.param([A, B], set(), [A_ANEW, B], [A_ANEW, B], id="an alert is told once, as it is now"),
        pytest.param(
            [], {"a"}, [replace(A, state=AlertState.PENDING, fired_at=None)], [], id="never what is pending"
        ),
    ],
)
def test_what_a_message_holds(
    before: list[Alert], owed: set[str], stored: list[Alert], expected: list[Alert]
) -> None:
    of = Circumstances(owed=owed)
    limits = Limits(HOUR * 0, 24 * HOUR, can_edit=True)
    assert list(present(told(*before), stored, of, limits, NOW)) == expected
