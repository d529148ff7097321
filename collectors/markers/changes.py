"""Markers where a series of Prometheus changes: what is asked, and what is read out of the answer."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from pydantic import Field, field_validator

from costwatch.model import Marker, Window
from costwatch.plugins import Duration, Settings

if TYPE_CHECKING:
    from collectors.prometheus import Series

_LABEL = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_VALUE = "value"


class MarkerQuery(Settings):
    """One question of a source of kind ``markers``.

    kind: of its markers: ``deploy``, ``flag`` or another word. query: PromQL; each series that it returns
    tells of one thing. when: a marker stands where a series ``rises`` (counters, generations), ``changes`` (a
    flag that is 0 or 1) or ``appears`` (a filter such as ``increase(x[1h]) > 0``, which has no series
    otherwise). A series that was not there before tells nothing by that, unless it ``appears``.
    title, service, team, author, url: as texts; ``{name}`` becomes the label of that name, ``{value}`` the
    new value. every: how finely it is looked at; a marker stands at the first look that saw the change.

        - {kind: deploy, title: "{deployment} in {namespace}", service: "{deployment}",
           query: "kube_deployment_status_observed_generation"}
    """

    kind: str = Field(min_length=1, max_length=60)
    query: str = Field(min_length=1)
    title: str = Field(min_length=1)
    when: Literal["rises", "changes", "appears"] = "rises"
    service: str = ""
    team: str = ""
    author: str = ""
    url: str = Field(default="", pattern=r"^(https?://.*)?$")
    every: Duration = timedelta(minutes=1)

    @field_validator("every")
    @classmethod
    def _is_no_moment(cls, every: timedelta) -> timedelta:
        if not timedelta(seconds=15) <= every <= timedelta(hours=1):
            raise ValueError("must be from 15s to 1h")
        return every

    def changes(self, series: Sequence["Series"], window: Window) -> Iterator[Marker]:
        """The markers in ``window``. series: looked at ``every`` so often from one look before it on."""
        for one in series:
            before: float | None = None
            seen = None
            for second, value in zip(one.times.tolist(), one.values.tolist(), strict=True):
                if value != value:  # NaN: unknown
                    continue
                at = datetime.fromtimestamp(second, UTC)
                is_new = before is None or at - (seen or at) > 2 * self.every
                if window.start <= at < window.end and self._is_told(before, value, is_new):
                    yield self._marker(at, one.labels, value)
                before, seen = value, at

    def _is_told(self, before: float | None, value: float, is_new: bool) -> bool:
        if self.when == "appears":
            return is_new
        if before is None:
            return False
        return value > before if self.when == "rises" else value != before

    def _marker(self, at: datetime, labels: Mapping[str, str], value: float) -> Marker:
        known = {**labels, _VALUE: f"{value:g}"}

        def text(template: str) -> str:
            return _LABEL.sub(lambda found: known.get(found[1], ""), template).strip()

        return Marker(
            at,
            self.kind,
            text(self.title) or self.kind,
            text(self.service),
            text(self.team),
            _linkable(text(self.url)),
            text(self.author),
        )


def _linkable(url: str) -> str:
    """'' where a label made of it what no page may link to."""
    from costwatch.plugins import link_of

    try:
        return link_of(url) if url else ""
    except ValueError:
        return ""
