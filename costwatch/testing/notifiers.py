"""The suites for receivers, and messages, alerts and reports to send."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from costwatch.errors import NotifyError
from costwatch.model import (
    About,
    Alert,
    AlertState,
    Group,
    Reason,
    Receipt,
    Report,
    Severity,
    Window,
    labels,
)
from costwatch.plugins import Forwarder, Notifier, Publisher
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


def a_report(**changes: Any) -> Report:
    """A weekly report; any field of it can be given."""
    report = Report(
        name="weekly-2026-W47",
        title="Costs, week 47 of 2026",
        markdown="# Costs, week 47 of 2026\n\n$6.1k for Mon 16 to Sun 22 Nov.\n",
        html="<!doctype html><title>Costs, week 47 of 2026</title><p>$6.1k for Mon 16 to Sun 22 Nov.</p>",
    )
    return replace(report, **changes)


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
    receipt: Receipt | None = None
    for group in (
        a_group(),
        a_group(id="message-2", reason=Reason.CHANGED, alerts=(corrected,)),
        a_group(id="message-3", reason=Reason.RESOLVED, alerts=(resolved,)),
    ):
        receipt = _sent(notifier, group, receipt)
    _sent(
        notifier,
        a_group(
            key="conversation-2",
            alerts=(_hostile(),) * 100,
            data_through=None,
            owners=(),
            links={},
            note=_hostile().summary,
        ),
        None,
    )
    for broken, permanent in ((unavailable, False), (refusing, True)):
        if broken is not None:
            _check_failure(partial(broken.notify, a_group(), None), permanent=permanent)


def check_forwarder(
    forwarder: Forwarder, *, unavailable: Forwarder | None = None, refusing: Forwarder | None = None
) -> None:
    """Whether ``forwarder`` takes what fires at every run: again, more, less and nothing, whatever it says.

    unavailable: one whose receiver is down for now. refusing: one that will never take anything.
    """
    check_settings(forwarder)
    many = tuple(an_alert(fingerprint=f"{number:016x}") for number in range(500))
    first = (an_alert(),)
    runs = (first, first, many, (_hostile(),), ())
    for minute, alerts in enumerate(runs):
        forwarder.forward(alerts, _FIRED_AT + timedelta(minutes=minute))
    for broken, permanent in ((unavailable, False), (refusing, True)):
        if broken is not None:
            _check_failure(partial(broken.forward, first, _FIRED_AT), permanent=permanent)


def check_publisher(
    publisher: Publisher, *, unavailable: Publisher | None = None, refusing: Publisher | None = None
) -> None:
    """Whether ``publisher`` sends a report and corrects it, whatever the texts in it.

    unavailable: one whose receiver is down for now. refusing: one that will never take anything.
    """
    check_settings(publisher)
    receipt = _texts_only(publisher.publish(a_report(), None))
    receipt = _texts_only(publisher.publish(a_report(markdown="# Costs\n\nrestated\n"), receipt))
    _texts_only(publisher.publish(a_report(attempt=2), receipt))
    text = _hostile().summary
    _texts_only(publisher.publish(a_report(name="weekly-2026-W48", title=text, markdown=text * 20), None))
    for broken, permanent in ((unavailable, False), (refusing, True)):
        if broken is not None:
            _check_failure(partial(broken.publish, a_report(), None), permanent=permanent)


def _hostile() -> Alert:
    return an_alert(
        labels=labels(team='<!channel> & "</b><script>alert(1)</script>', service="*bold* ```=1+1\n\u202e"),
        summary="<!here> " + "long & <b> " * 500,
        value=None,
        threshold=None,
    )


def _sent(notifier: Notifier, group: Group, previous: Receipt | None) -> Receipt:
    return _texts_only(notifier.notify(group, previous))


def _texts_only(receipt: Receipt) -> Receipt:
    texts = [*receipt.reference, *receipt.reference.values()]
    require(all(isinstance(text, str) for text in texts), f"a receipt holds texts only: {receipt.reference}")
    return receipt


def _check_failure(send: Callable[[], object], *, permanent: bool) -> None:
    word = "permanent" if permanent else "temporary"
    try:
        send()
    except NotifyError as error:
        require(error.permanent is permanent, f"this failure is {word}: '{error}' says otherwise")
    else:
        raise AssertionError(f"a {word} failure raises NotifyError")
