"""The suite for notifiers, and messages to send."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from costwatch.errors import NotifyError
from costwatch.model import About, Alert, AlertState, Group, Reason, Receipt, Severity, Window, labels
from costwatch.plugins import Notifier
from costwatch.testing.settings import check_settings, require

_FIRED_AT = datetime(2026, 11, 22, 9, tzinfo=UTC)
_DAY = Window.of_days(date(2026, 11, 19), date(2026, 11, 20))


def an_alert(**changes: Any) -> Alert:
    """A firing alert about a team's spend; any field of it can be given."""
    alert = Alert(
        fingerprint="0123456789abcdef",
        rule="TeamDailySpend",
        severity=Severity.TICKET,
        labels=labels(rule="TeamDailySpend", severity="ticket", team="ml-platform"),
        state=AlertState.FIRING,
        value=Decimal("6120.55"),
        threshold=Decimal(5000),
        unit="USD",
        summary="ml-platform spent $6,120.55 on 2026-11-19, over $5,000.00",
        runbook="https://runbooks.example/spend",
        evidence={},
        active_at=_FIRED_AT - timedelta(hours=1),
        fired_at=_FIRED_AT,
        resolved_at=None,
        about=About("EffectiveCost", ("team",), {"team": ("ml-platform",)}, _DAY, Decimal("6120.55")),
    )
    return replace(alert, **changes)


def a_group(**changes: Any) -> Group:
    """The first message about ``an_alert()``; any field of it can be given."""
    group = Group(
        id="message-1",
        key="conversation-1",
        receiver="default",
        labels=labels(rule="TeamDailySpend", team="ml-platform"),
        alerts=(an_alert(),),
        reason=Reason.FIRST,
        data_through=date(2026, 11, 19),
        links={"Costs of ml-platform": "http://127.0.0.1:8501/costs?team=ml-platform"},
        owners=("@ml-platform",),
    )
    return replace(group, **changes)


def check_notifier(
    notifier: Notifier, *, unavailable: Notifier | None = None, refusing: Notifier | None = None
) -> None:
    """Whether ``notifier`` sends, corrects and closes a conversation, whatever the texts in it.

    unavailable: one whose receiver is down for now (a timeout, a 503). refusing: one whose receiver
    will never take the message (a revoked token, a channel that is gone).
    """
    check_settings(notifier)
    corrected = an_alert(value=Decimal("5900.10"), summary="ml-platform spent $5,900.10 on 2026-11-19")
    resolved = replace(corrected, state=AlertState.RESOLVED, resolved_at=_FIRED_AT + timedelta(days=1))
    hostile = an_alert(
        labels=labels(team='<!channel> & "</b><script>alert(1)</script>', service="*bold* ```=1+1\n\u202e"),
        summary="<!here> " + "long & <b> " * 500,
        value=None,
        threshold=None,
    )
    receipt: Receipt | None = None
    for group in (
        a_group(),
        a_group(id="message-2", reason=Reason.CHANGED, alerts=(corrected,)),
        a_group(id="message-3", reason=Reason.RESOLVED, alerts=(resolved,)),
    ):
        receipt = _sent(notifier, group, receipt)
    _sent(
        notifier,
        a_group(key="conversation-2", alerts=(hostile,) * 100, data_through=None, owners=(), links={}),
        None,
    )
    for broken, permanent in ((unavailable, False), (refusing, True)):
        if broken is not None:
            _check_failure(broken, permanent=permanent)


def _sent(notifier: Notifier, group: Group, previous: Receipt | None) -> Receipt:
    receipt = notifier.notify(group, previous)
    texts = [*receipt.reference, *receipt.reference.values()]
    require(all(isinstance(text, str) for text in texts), f"a receipt holds texts only: {receipt.reference}")
    return receipt


def _check_failure(notifier: Notifier, *, permanent: bool) -> None:
    word = "permanent" if permanent else "temporary"
    try:
        notifier.notify(a_group(), None)
    except NotifyError as error:
        require(error.permanent is permanent, f"this failure is {word}: '{error}' says otherwise")
    else:
        raise AssertionError(f"a {word} failure raises NotifyError")
