"""What is to be known of one alert beside the sentence that its rule says. Pure.

No number is told twice: what the sentence says already is left out.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from costwatch.alerts.lifecycle import EXPLAINED
from costwatch.alerts.series import Days, onset_of, series_of
from costwatch.model import Alert, AlertState, Driver
from costwatch.money import short
from costwatch.wording import at_instant, on_day, printable, quantity, shortened

_TEXT_AT_MOST = 500
_DRIVERS_AT_MOST = 3
_QUERY = "query"  # among what a rule explains: an address, shown as a link
_CURRENCY = re.compile(r"[A-Z]{3}")
_NUMBER = re.compile(r"\d[\d.,]*")


@dataclass(frozen=True, slots=True)
class AlertLine:
    """One alert: what its rule says, and below it how much, since when, where, and what to do.

    ``remarks``: what is done about it: who sees to it, by what it is muted. ``series``: its last days.
    """

    is_firing: bool
    summary: str
    detail: str
    where: str = ""
    remarks: tuple[str, ...] = ()
    annotations: tuple[str, ...] = ()
    series: Days = ()

    @property
    def below(self) -> tuple[str, ...]:
        """What stands below the summary, line by line."""
        remarks = (f"— {remark}" for remark in self.remarks)
        return tuple(text for text in (self.detail, self.where, *remarks, *self.annotations) if text)


def line_of(
    alert: Alert, summary: str, said: str, remarks: Mapping[str, tuple[str, ...]], rule: str = ""
) -> AlertLine:
    """The line of an alert below, or beside, what is ``said`` of it; ``summary``: what it begins with.

    remarks: fingerprint -> sentences. rule: what names it, where nothing else does.
    """
    mine = remarks.get(alert.fingerprint, ())
    return AlertLine(
        is_firing=alert.state is AlertState.FIRING,
        summary=summary,
        detail=" · ".join(_details(alert, f"{said} {summary}", rule)),
        where=_where(alert),
        remarks=tuple(shortened(printable(remark), _TEXT_AT_MOST) for remark in mine),
        annotations=tuple(
            shortened(printable(f"{name}: {text}"), _TEXT_AT_MOST) for name, text in texts(alert)
        ),
        series=series_of(alert) if alert.state is AlertState.FIRING else (),
    )


def texts(alert: Alert) -> Iterator[tuple[str, str]]:
    """The annotations of its rule, and what was found out when it began to fire."""
    yield from alert.annotations.items()
    told = _explained(alert).items()
    yield from ((name, text) for name, text in told if name != _QUERY or not query_of(alert))


def query_of(alert: Alert) -> str:
    """The address of the query that its rule found it by; empty: it told none."""
    text = _explained(alert).get(_QUERY, "")
    return text if text.startswith(("https://", "http://")) else ""


def _explained(alert: Alert) -> dict[str, str]:
    found = alert.evidence.get(EXPLAINED)
    return {str(name): str(text) for name, text in found.items()} if isinstance(found, dict) else {}


def _details(alert: Alert, said: str, rule: str) -> Iterator[str]:
    yield from _how_much(alert, said)
    if alert.state is AlertState.FIRING:
        if onset := onset_of(alert):
            yield f"usually {quantity(onset.usual, alert.unit)}"
            yield f"since {on_day(onset.day)} {short(onset.more, alert.unit)} more"
        if alert.impact is not None:
            amount, currency = alert.impact.amount, alert.impact.currency
            if not _is_told_somehow(amount, currency, said):
                fell = " less" if alert.change is not None and alert.change < 0 else ""
                yield f"≈ {short(amount, currency)}{fell} a month if it stays"
    if alert.fired_at is not None:
        yield (
            f"firing since {at_instant(alert.fired_at)}"
            if _fires(alert)
            else f"fired {at_instant(alert.fired_at)}"
        )
    if alert.resolved_at is not None and not _fires(alert):
        yield f"resolved {at_instant(alert.resolved_at)}"
    if rule:
        yield rule


def _fires(alert: Alert) -> bool:
    return alert.state is not AlertState.RESOLVED


def _how_much(alert: Alert, said: str) -> Iterator[str]:
    """Value and threshold, where the sentence does not have them."""
    value = "" if alert.value is None else quantity(alert.value, alert.unit)
    limit = "" if alert.threshold is None else quantity(alert.threshold, alert.unit)
    if alert.value is not None and not _is_told_somehow(alert.value, alert.unit, said):
        yield f"{value} against {limit}" if limit and not _is_told(limit, said) else value
    elif limit and not _is_told(limit, said):
        yield f"the limit is {limit.removeprefix('burn ')}"


def _is_told_somehow(value: Decimal, unit: str, said: str) -> bool:
    """Whether a value stands in a sentence, exact or rounded as sentences round it."""
    spelled = [quantity(value, unit)]
    if unit == "burn":
        spelled.append(f"{value:.0f}")
    elif _CURRENCY.fullmatch(unit):
        spelled.append(short(value, unit))
    return any(_is_told(each, said) for each in spelled)


def _is_told(amount: str, said: str) -> bool:
    """Whether the numbers of an amount stand in a sentence, each as a number of its own."""
    numbers = [number.rstrip(".,") for number in _NUMBER.findall(amount)]
    return all(re.search(rf"(?<![\d.,]){re.escape(each)}(?![.,]?\d)", said) for each in numbers)


def _where(alert: Alert) -> str:
    """The largest parts of the change; where a rule has looked into them, its own texts tell."""
    named = [driver for driver in alert.drivers if driver.labels]
    if not named or EXPLAINED in alert.evidence:
        return ""
    largest = sorted(named, key=lambda driver: -abs(driver.amount))
    told = [f"{_name(driver)} {_signed(driver, alert.unit)}" for driver in largest[:_DRIVERS_AT_MOST]]
    left = len(largest) - _DRIVERS_AT_MOST
    return f"Where: {', '.join(told)}" + (f" and {left:,} more" if left > 0 else "")


def _name(driver: Driver) -> str:
    return shortened(printable(" · ".join(value for _, value in driver.labels)), 100)


def _signed(driver: Driver, unit: str) -> str:
    return f"{'-' if driver.amount < 0 else '+'}{quantity(abs(driver.amount), unit)}"
