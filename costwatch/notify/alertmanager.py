"""Receiver kind ``alertmanager``: a Prometheus Alertmanager groups, mutes and sends what fires."""

import base64
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Self

from pydantic import Field, model_validator

from costwatch.errors import NotifyError
from costwatch.model import Alert
from costwatch.notify.web.addresses import WebAddress, is_closed
from costwatch.notify.web.posting import json_text, post_json, secret
from costwatch.notify.web.prometheus_alerts import LabelNames, annotations, instant, label_set, starts_at
from costwatch.plugins import Duration, Settings
from costwatch.secret import SecretReference

_ALERTS_AT_ONCE = 1_000
_PATH = "/api/v2/alerts"


class Alertmanager(Settings):
    """One or more Alertmanagers, each of which is handed all that fires at every run of `alerts deliver`.

    Grouping, silences, repeats and who is told are Alertmanager's then; what costwatch mutes is not handed
    on. An alert that is no longer handed on is over there after ``ends_after``: run `alerts deliver` at
    least three times as often, best every minute.

    name: as routes call it. urls: of all Alertmanagers of a cluster, without ``/api/v2/alerts``; each is
    handed everything, as they do not tell each other. ends_after: how long an alert lasts there when nothing
    more is heard of it. label_names: ``classic`` writes ``label_model`` for ``label:model``, ``utf8``
    leaves names as they are, which Alertmanager takes since 0.27. user, password: for basic
    authentication; token: for a bearer token; both passwords are references to where they are.
    timeout_seconds: how long a call may take.

    Labels are the alert's, with the rule as ``alertname``; annotations are ``summary``, ``runbook_url`` and
    the rule's own. Text in them comes from bills: a template that shows it escapes it for where it goes.

    Example::

        - {name: am, kind: alertmanager, urls: ["https://alertmanager.example.com"]}
        - {name: am, kind: alertmanager, urls: ["http://am-0:9093", "http://am-1:9093"], ends_after: 10m}
    """

    name: str = Field(min_length=1)
    urls: tuple[WebAddress, ...] = Field(min_length=1)
    ends_after: Duration = Field(default=timedelta(minutes=4), ge=timedelta(minutes=1))
    label_names: LabelNames = "classic"
    user: str = ""
    password: SecretReference | None = None
    token: SecretReference | None = None
    timeout_seconds: int = Field(default=10, ge=1, le=120)

    @model_validator(mode="after")
    def _is_safe(self) -> Self:
        if self.token and (self.user or self.password):
            raise ValueError("give user and password, or token, not both")
        if bool(self.user) != bool(self.password):
            raise ValueError("user and password go together; give both")
        if (self.token or self.password) and not all(map(is_closed, self.urls)):
            raise ValueError("urls must be https, as a secret is sent there; http is for this machine alone")
        return self

    def forward(self, alerts: Sequence[Alert], now: datetime) -> None:
        """See ``plugins.Forwarder``. One Alertmanager that does not answer keeps no other back."""
        firsts = range(0, len(alerts), _ALERTS_AT_ONCE)
        bodies = [
            json_text([*self._written(alerts[first : first + _ALERTS_AT_ONCE], now)]) for first in firsts
        ]
        headers, errors = self._headers() if bodies else {}, []
        for number, url in enumerate(self.urls, start=1):
            whom = "Alertmanager" if len(self.urls) == 1 else f"Alertmanager {number} of {len(self.urls)}"
            try:
                for body in bodies:
                    address = url.rstrip("/") + _PATH
                    post_json(self.name, whom, address, body, self.timeout_seconds, headers)
            except NotifyError as error:
                errors.append(error)
        if errors:
            permanent = all(error.permanent for error in errors)
            raise NotifyError("; ".join(map(str, errors)), permanent=permanent)

    def _written(self, alerts: Sequence[Alert], now: datetime) -> Iterator[dict[str, Any]]:
        for alert in alerts:
            yield {
                "labels": label_set(alert, self.label_names),
                "annotations": annotations(alert),
                "startsAt": instant(min(starts_at(alert), now)),
                "endsAt": instant(now + self.ends_after),
                "generatorURL": "",
            }

    def _headers(self) -> dict[str, str]:
        if self.token:
            return {"Authorization": f"Bearer {secret(self.name, self.token)}"}
        if self.password:
            pair = f"{self.user}:{secret(self.name, self.password)}"
            return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
        return {}
