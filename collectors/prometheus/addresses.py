"""Addresses that are never asked: where machines keep their own credentials."""

import socket
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_REFUSED = tuple(
    map(
        ip_network,
        (
            "169.254.0.0/16",  # link-local: the metadata of AWS, Azure, GCP and others
            "fe80::/10",  # link-local
            "fd00:ec2::/32",  # the metadata of AWS: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-metadata.html
            "fd20:ce::254/128",  # the metadata of GCP: https://cloud.google.com/compute/docs/metadata/querying-metadata
            "100.100.100.200/32",  # the metadata of Alibaba Cloud
        ),
    )
)
_NAT64 = ip_network("64:ff9b::/96")


def is_refused(address: str) -> bool:
    """Whether an address, in any form that connects to it (such as 2852039166 or 0xa9fea9fe), is one of them.

    A name is no address: it is not looked up.
    """
    parsed = _parsed(address.rstrip("."))
    return parsed is not None and any(parsed in network for network in _REFUSED)


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    with suppress(ValueError):
        return _inner(ip_address(address))
    with suppress(OSError, ValueError):  # the decimal, hexadecimal, octal and short forms
        return IPv4Address(socket.inet_aton(address))
    return None


def _inner(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 one leads to, where it does."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
