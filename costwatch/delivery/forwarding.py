"""Receivers that group and repeat by themselves are handed all that fires, at every run."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from costwatch.delivery.sending import explained
from costwatch.model import Alert
from costwatch.plugins import Forwarder, Receiver


def forwarders(receivers: Iterable[Receiver], only: str | None) -> Iterator[Forwarder]:
    """Those among ``receivers``; ``only``: if it is the one of that name."""
    for receiver in receivers:
        if isinstance(receiver, Forwarder) and only in (None, receiver.name):
            yield receiver


def forward(
    receivers: Iterable[Forwarder], firing: Mapping[str, Mapping[str, Alert]], now: datetime
) -> dict[str, str]:
    """Hand each what fires for it; receiver -> why it did not take it. None keeps the others back.

    firing: by receiver and fingerprint.
    """
    errors = {}
    for receiver in receivers:
        try:
            receiver.forward(tuple(firing.get(receiver.name, {}).values()), now)
        except Exception as error:  # a forwarder may be anyone's
            errors[receiver.name] = str(explained(error, receiver.name, "forwarder"))
    return errors
