"""Where receivers are, as alerts.yaml gives it: no secret stands in it, and none is sent in the clear."""

from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

from costwatch.plugins.markers import link_of
from costwatch.secret import is_reference


def is_loopback(host: str) -> bool:
    """Whether what is sent there stays on this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_closed(url: str) -> bool:
    """Whether nobody on the way reads what is sent there."""
    parts = urlsplit(url)
    return parts.scheme == "https" or is_loopback(parts.hostname or "")


def _address(url: str) -> str:
    parts = urlsplit(link_of(url))
    if parts.username is not None or parts.password is not None:
        raise ValueError("must be without a user or password; name where the secret is in a key of its own")
    _ = parts.port  # raises ValueError where it is none
    return url


def _closed_address(url: str) -> str:
    if not is_closed(_address(url)):
        raise ValueError("must be https, as a secret is sent there; http is for this machine alone")
    return url


def _address_or_reference(text: str) -> str:
    return text if is_reference(text) else _address(text)


WebAddress = Annotated[str, AfterValidator(_address)]
ClosedAddress = Annotated[str, AfterValidator(_closed_address)]  # a secret goes there
AddressOrReference = Annotated[str, AfterValidator(_address_or_reference)]  # it may itself be the secret
