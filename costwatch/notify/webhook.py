"""Receiver kind ``webhook``: any web server, told in Alertmanager's own words."""

import hashlib
import hmac
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field

from costwatch.model import Alert, AlertState, Group, Reason, Receipt
from costwatch.notify.web.addresses import AddressOrReference
from costwatch.notify.web.posting import json_text, post_json, secret
from costwatch.notify.web.prometheus_alerts import NEVER, annotations, common, instant, label_set, starts_at
from costwatch.plugins import Settings
from costwatch.secret import SecretReference, is_reference
from costwatch.wording import printable

_REASONS = {
    Reason.FIRST: "first notification",
    Reason.NEW: "new alerts added",
    Reason.CHANGED: "alerts changed",  # ours: Alertmanager tells no changes
    Reason.SOME_RESOLVED: "some alerts resolved",
    Reason.RESOLVED: "all alerts resolved",
    Reason.REPEAT: "repeat interval elapsed",
}


class Webhook(Settings):
    """A web server that takes what Alertmanager's webhooks send (version 4), with ``notification_reason``.

    name: as routes call it. url: where to post; or, where the address is itself the secret, a reference to
    it. secret: a reference to a secret that both ends share; then each request carries
    ``X-Costwatch-Timestamp`` (seconds since 1970) and ``X-Costwatch-Signature: sha256=…``, the HMAC of that
    timestamp, a full stop and the body. Take none that is older than five minutes. max_alerts: how many
    alerts a request holds at most; ``truncatedAlerts`` says how many more there are; 0: all.
    send_resolved: whether to tell what is over. timeout_seconds: how long a call may take.

    ``Idempotency-Key`` is the same when a message is sent again because its answer was lost, and another
    when it says something else. Text in labels and annotations comes from bills: whoever shows it escapes it.

    Example::

        - {name: hook, kind: webhook, url: "https://hooks.example.com/costs", secret: "${env:HOOK_SECRET}"}
    """

    name: str = Field(min_length=1)
    url: AddressOrReference
    secret: SecretReference | None = None
    max_alerts: int = Field(default=0, ge=0)
    send_resolved: bool = True
    timeout_seconds: int = Field(default=10, ge=1, le=120)

    def notify(self, group: Group, previous: Receipt | None) -> Receipt:
        """See ``plugins.Notifier``. The receipt says nothing: what is posted cannot be corrected."""
        alerts = [alert for alert in group.alerts if alert.is_firing or self.send_resolved]
        if not alerts:
            return Receipt({})
        body = json_text(self._written(group, alerts))
        url = secret(self.name, self.url) if is_reference(self.url) else self.url
        headers = {"Idempotency-Key": f"{group.id}-{hashlib.sha256(body).hexdigest()[:16]}"}
        post_json(self.name, "the webhook", url, body, self.timeout_seconds, headers | self._signed(body))
        return Receipt({})

    def _written(self, group: Group, alerts: list[Alert]) -> Mapping[str, Any]:
        kept = alerts[: self.max_alerts] if self.max_alerts else alerts
        sets = [label_set(alert, "utf8") for alert in kept]
        notes = [annotations(alert, group.remarks.get(alert.fingerprint, ()), group.note) for alert in kept]
        page = next((url for url in group.links.values() if url.startswith(("https://", "http://"))), "")
        is_firing = any(alert.is_firing for alert in alerts)
        return {
            "receiver": self.name,
            "status": "firing" if is_firing else "resolved",
            "alerts": [
                {
                    "status": "firing" if alert.is_firing else "resolved",
                    "labels": labels,
                    "annotations": texts,
                    "startsAt": instant(starts_at(alert)),
                    "endsAt": _ends_at(alert),
                    "generatorURL": printable(page),
                    "fingerprint": alert.fingerprint,
                }
                for alert, labels, texts in zip(kept, sets, notes, strict=True)
            ],
            "groupLabels": {printable(name): printable(value) for name, value in group.labels if value},
            "commonLabels": common(sets),
            "commonAnnotations": common(notes),
            "externalURL": _root(page),
            "version": "4",
            "groupKey": group.key,
            "truncatedAlerts": len(alerts) - len(kept),
            "notification_reason": _REASONS[group.reason],
        }

    def _signed(self, body: bytes) -> dict[str, str]:
        if self.secret is None:
            return {}
        # Now, and not when the message was planned: whoever checks it refuses what is old.
        at = str(int(time.time()))
        mac = hmac.new(secret(self.name, self.secret).encode(), f"{at}.".encode() + body, hashlib.sha256)
        return {"X-Costwatch-Timestamp": at, "X-Costwatch-Signature": f"sha256={mac.hexdigest()}"}


def _ends_at(alert: Alert) -> str:
    is_over = alert.state is AlertState.RESOLVED and alert.resolved_at is not None
    return instant(alert.resolved_at) if is_over and alert.resolved_at else NEVER


def _root(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
