"""Questions in PromQL, cut so that no server and no memory is asked for too much."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from collectors.prometheus.answers import Answer, Part, joined
from collectors.prometheus.errors import TooMuchError
from collectors.prometheus.settings import PrometheusSettings
from costwatch.model import Window

if TYPE_CHECKING:
    from prometheus_api_client import PrometheusConnect

    from collectors.prometheus.session import LimitedSession

_MOST_POINTS = 11_000  # of a series in one answer; Prometheus refuses more
_MOST_SAMPLES = 1_000_000  # of one answer: some 30 MB
_FIRST_POINTS = 36  # asked for before it is known how many series there are


class Prometheus:
    """One Prometheus, or what speaks like it. Not for several threads at once.

    Everything that goes wrong between here and there is a SourceError, without a secret in it. What may pass
    (no connection, 429, 502, 503, 504) has been tried again by then.
    """

    def __init__(self, settings: PrometheusSettings) -> None:
        self._settings = settings
        self._points: dict[str, int] = {}  # query -> what one request should ask for

    def query_range(
        self, query: str, window: Window, step: timedelta, offset: timedelta = timedelta()
    ) -> Answer:
        """What ``query`` is at each t + offset, where t runs from the start of ``window`` by ``step`` up to,
        not including, its end. Times of the answer are those instants, as the server gives them.
        """
        return self._answer(list(self._parts(query, window, step, offset)))

    def query(self, query: str, at: datetime) -> Answer:
        """What ``query`` is at one instant (UTC): one sample a series, more with a range such as ``up[1h]``.

        ``query("1", now)`` is the cheapest way to learn whether the server answers.
        """
        part = self._connect.custom_query(query, params={"time": _seconds(at), **self._limit})
        return self._answer([part])

    def close(self) -> None:
        """Give the connection back; another question opens it anew."""
        if "_session" in self.__dict__:
            self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _parts(self, query: str, window: Window, step: timedelta, offset: timedelta) -> Iterator[Part]:
        left = -((window.start - window.end) // step)
        start, most = window.start + offset, _MOST_POINTS
        while left > 0:
            points = min(left, most, self._points.get(query, _FIRST_POINTS))
            try:
                part = self._part(query, start, start + (points - 1) * step, step)
            except TooMuchError:
                if points == 1:
                    raise
                self._points[query] = most = points // 2
                continue
            yield part
            self._points[query] = min(most, max(1, _MOST_SAMPLES // max(1, len(part.metrics))))
            start, left = start + points * step, left - points

    def _part(self, query: str, first: datetime, last: datetime, step: timedelta) -> Part:
        # The library rounds both to whole seconds: what stands in params is sent instead.
        params = {"start": _seconds(first), "end": _seconds(last), **self._limit}
        part: Part = self._connect.custom_query_range(
            query, first, last, f"{step.total_seconds():g}", params=params
        )
        return part

    def _answer(self, parts: Sequence[Part]) -> Answer:
        warnings = dict.fromkeys(text for part in parts for text in part.warnings)
        try:
            return Answer(joined(parts), tuple(warnings))
        except ValueError:
            raise self._session.refusals.error(
                "answers series without labels", "check that url leads to it"
            ) from None

    @property
    def _limit(self) -> dict[str, Any]:
        """The server gives up a little before we do, so that it can say so and less be asked of it."""
        return {"timeout": f"{900 * self._settings.timeout_seconds}ms"}

    @cached_property
    def _session(self) -> "LimitedSession":
        from collectors.prometheus.session import LimitedSession

        return LimitedSession(self._settings)

    @cached_property
    def _connect(self) -> "PrometheusConnect":
        from prometheus_api_client import PrometheusConnect

        # Its answers are what the session makes of them: see session.LimitedSession.
        return PrometheusConnect(self._settings.url, session=self._session, method="POST", retry=0)


def _seconds(instant: datetime) -> str:
    return f"{instant.timestamp():.3f}"
