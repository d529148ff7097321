"""What a silence may say: about which alerts, for how long, why. Pure."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from pydantic import Field

from costwatch.alerts.matchers import Matcher, parsed
from costwatch.errors import UsageError
from costwatch.model import Alert, Band, Silence
from costwatch.plugins import Duration, Settings, duration_text
from costwatch.wording import at_instant, quantity, shortened

TOLERANCE = Decimal("0.2")  # by how much of itself the value of an alert may change while it is expected
_LONGEST_COMMENT = 1000
_LONGEST_NAME = 100
_MOST_MATCHERS = 50


class SilenceLimits(Settings):
    """How much may be silenced.

    max_silence: how long at most (default 90d): what must stay quiet for longer wants another rule or route.
    max_silences: how many that are not over there may be (default 1000).
    """

    max_silence: Duration = timedelta(days=90)
    max_silences: int = Field(default=1000, ge=1)

    def require_span(self, start: datetime, end: datetime, now: datetime) -> None:
        """Raises UsageError for a silence in [start, end) that has no time, too much, or begins far off."""
        most = duration_text(self.max_silence)
        if end <= start:
            raise UsageError(f"silence: it would end {at_instant(end)}, before it begins; name a later time")
        if end - start > self.max_silence:
            long = f"from {at_instant(start)} to {at_instant(end)}"
            raise UsageError(
                f"silence: {long} is too long; at most for {most}, longer wants a route or a rule"
            )
        if start < now:
            raise UsageError(f"silence: it would begin {at_instant(start)}, which is past; leave out --from")
        if start - now > self.max_silence:
            raise UsageError(f"silence: it would begin {at_instant(start)}; at most {most} from now")

    def require_room(self, count: int) -> None:
        """Raises UsageError where there are as many as there may be."""
        if count >= self.max_silences:
            what = f"silence: there are {count:,} that are not over, and may be {self.max_silences:,}"
            raise UsageError(f"{what}; end some by `costwatch alerts expire`, or name more in one matcher")


@dataclass(frozen=True, slots=True)
class Terms:
    """How long, by whom, why, and from when (UTC) on; None: from now."""

    span: timedelta
    who: str
    comment: str
    starts_at: datetime | None = None

    def silence(
        self, matchers: tuple[str, ...], fingerprint: str, now: datetime, band: Band | None = None
    ) -> Silence:
        """A silence on these terms. Raises UsageError for nobody, no comment, and an end beyond all dates."""
        start = (self.starts_at or now).replace(microsecond=0)
        try:
            end = (start + self.span).replace(microsecond=0)
        except OverflowError:
            raise UsageError("silence: it would end beyond all dates; name an earlier time") from None
        new = Silence(
            id="",
            matchers=matchers,
            fingerprint=fingerprint,
            starts_at=start,
            ends_at=end,
            who=checked_who(self.who),
            comment=checked_comment(self.comment, "expected" if band else "silence"),
            band=band,
        )
        return replace(new, id=_id(new))


def edited(
    old: Silence, who: str, now: datetime, matchers: Sequence[str], until: datetime | None, comment: str
) -> Silence:
    """``old`` with what is given changed; where it is over, another one that begins now.

    Other matchers count from now on: what was loud so far is not taken for muted. Raises UsageError for
    matchers of a silence of one alert, and for what is over and has no new end.
    """
    if matchers and old.fingerprint:
        raise UsageError(f"silence '{old.id}': it is about one alert; expire it, and make one with matchers")
    kept = checked_matchers(matchers) if matchers else old.matchers
    if old.ends_at <= now:
        if until is None:
            raise UsageError(f"silence '{old.id}': it is over, and would be made anew; say how long by --for")
        if old.band is not None:
            how = f"costwatch alerts expect {old.fingerprint}"
            raise UsageError(f"silence '{old.id}': it is over; to expect the alert again see: {how}")
        return Terms(until - now, who, comment or old.comment).silence(kept, old.fingerprint, now)
    return replace(
        old,
        matchers=kept,
        starts_at=old.starts_at if kept == old.matchers else max(old.starts_at, now),
        ends_at=(until or old.ends_at).replace(microsecond=0),
        who=checked_who(who),
        comment=checked_comment(comment, "silence") if comment else old.comment,
    )


def is_same(old: Silence, new: Silence) -> bool:
    """Whether ``new`` is ``old`` with another end; where alerts are expected, whether it is the same one."""
    if old.band or new.band:
        return bool(old.band and new.band) and old.fingerprint == new.fingerprint
    told = [(one.matchers, one.fingerprint, one.who, one.comment) for one in (old, new)]
    return told[0] == told[1] and old.starts_at <= new.starts_at <= old.ends_at


def _id(silence: Silence) -> str:
    parts = [silence.matchers, silence.fingerprint, silence.who, silence.comment, str(silence.starts_at)]
    return hashlib.sha256(json.dumps([*parts, bool(silence.band)]).encode()).hexdigest()[:12]


def checked_matchers(texts: Sequence[str]) -> tuple[str, ...]:
    """The matchers of a silence, each once. Raises UsageError for such as would take every alert."""
    if len(texts) > _MOST_MATCHERS:
        raise UsageError(f"silence: {len(texts):,} matchers are too many; at most {_MOST_MATCHERS}")
    found = {_storable(text): matchers_in(text) for text in texts}
    if all(matcher.takes_empty for several in found.values() for matcher in several):
        raise UsageError("silence: at least one matcher must need a label to be there; name what it is about")
    return tuple(found)


def checked_comment(text: str, what: str) -> str:
    """Why something is done. Raises UsageError where nothing is said, or a book."""
    if not (kept := allowed_comment(text, what)):
        raise UsageError(f"{what}: it has no comment; say why, for those who miss the messages")
    return kept


def allowed_comment(text: str, what: str) -> str:
    """A comment that may be left out. Raises UsageError for one that is too long to be read."""
    kept = _storable(text)
    if len(kept) > _LONGEST_COMMENT:
        long = f"its comment has {len(kept):,} characters"
        raise UsageError(f"{what}: {long}; at most {_LONGEST_COMMENT:,}, put the rest where a link leads")
    return kept


def checked_who(text: str) -> str:
    """Who does it. Raises UsageError for nobody, and for what is no name."""
    who = _storable(text)
    if not who:
        raise UsageError("who: nobody is named; an act needs someone who did it")
    if len(who) > _LONGEST_NAME:
        raise UsageError(f"who: a name of {len(who):,} characters; at most {_LONGEST_NAME}")
    return who


def described(silence: Silence) -> str:
    """What a silence does: ``silenced until …, by ann: why``; not escaped."""
    until, by = at_instant(silence.ends_at), f"by {silence.who}: {silence.comment}"
    if silence.band is None:
        return f"silenced until {until} {by}"
    band = silence.band
    low, high = quantity(band.low, band.unit), quantity(band.high, band.unit)
    return f"expected at {low} to {high} until {until} {by}"


def was_expected(alert: Alert, silences: Iterable[Silence], now: datetime) -> str:
    """Why an alert that fires is told though somebody expected it; empty: nobody did. Not escaped."""
    for silence in silences:
        band, is_its_end = silence.band, silence.ends_at == alert.fired_at
        if band is None or silence.fingerprint != alert.fingerprint or silence.expired_by:
            continue
        if is_its_end or (is_active(silence, now) and not band.holds(alert.value, alert.unit)):
            is_below = alert.value is not None and alert.unit == band.unit and alert.value < band.low
            limit = quantity(band.low if is_below else band.high, band.unit)
            said = f"was expected {'down' if is_below else 'up'} to {limit}"
            return f"{said} by {silence.who}: {silence.comment}"
    return ""


def no_longer_expected(
    silences: Iterable[Silence], alerts: Mapping[str, Alert], now: datetime
) -> Iterator[tuple[Alert, Silence]]:
    """What fires outside of the band in which it is expected, firing anew; and the silence, over as of now.

    alerts: by fingerprint.
    """
    for silence in silences:
        alert = alerts.get(silence.fingerprint)
        if alert is None or not alert.is_firing or silence.band is None or not is_active(silence, now):
            continue
        if not silence.band.holds(alert.value, alert.unit):
            yield replace(alert, fired_at=now), replace(silence, ends_at=now, left_at_value=alert.value)


def is_active(silence: Silence, now: datetime) -> bool:
    """Whether it has begun and is not over."""
    return silence.starts_at <= now < silence.ends_at


def matchers_in(text: str) -> tuple[Matcher, ...]:
    """The matchers of a text that a person wrote: one, or as ``{a="b", c!="d"}``. Raises UsageError."""
    try:
        return parsed([_storable(text)])
    except ValueError as error:
        raise UsageError(f"matcher {shortened(text, 60)!r}: {error}") from None


def matchers_of(silence: Silence) -> tuple[Matcher, ...] | None:
    """Its matchers; None: an older version took what this one cannot read, and it matches nothing."""
    try:
        return parsed(silence.matchers)
    except ValueError:
        return None


def _storable(text: str) -> str:
    # What a shell hands over that is no UTF-8 comes as halves of surrogate pairs, which cannot be stored.
    return text.strip().encode("utf-8", "replace").decode("utf-8").replace("\0", "")
