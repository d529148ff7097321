"""Which machine, disk or load balancer of a cluster a ``ResourceId`` names, always by equality. Pure."""

import re
from collections.abc import Iterator
from functools import lru_cache

_KEPT = 100_000
# AWS names instances and disks so; a balancer's DNS name is its own, and a number that tells it apart.
_MACHINE_OR_DISK = re.compile(r"(i|vol)-[0-9a-z]+")
_BALANCER_ARN = re.compile(
    r"arn:[^:]*:elasticloadbalancing:([^:]*):[^:]*:loadbalancer/(?:(?:app|net|gwy)/)?([^/]+)"
)
_BALANCER_HOST = re.compile(
    r"(?:dualstack\.)?(?:internal-)?(.+)-[0-9a-z]+\.(?:elb\.([a-z0-9-]+)|([a-z0-9-]+)\.elb)\.amazonaws\."
)
_GOOGLE = re.compile(r".*?projects/([^/]+)/(?:zones|regions)/([^/]+)/[a-zA-Z]+/([^/]+)")


@lru_cache(_KEPT)
def identity(resource: str) -> str:
    """One spelling for all that bills and clusters have for one resource; what is of no kind known: itself.

    AWS: ``i-…``, ``vol-…`` and the name of anything else at the end of its ARN. Azure: the path from
    ``/subscriptions`` on in small letters. Google: project, zone or region, and name.
    """
    text = resource.strip()
    if text.startswith("arn:"):
        return text.rpartition(":")[2].rpartition("/")[2]
    if text.startswith("aws://"):
        return text.rpartition("/")[2]
    start = text.lower().find("/subscriptions/")
    if start >= 0:
        return text[start:].lower()
    if text.startswith("gce://"):
        return text.removeprefix("gce://").lower()
    if google := _GOOGLE.fullmatch(text):
        return "/".join(google.groups()).lower()
    return text


def identities(resource: str) -> Iterator[str]:
    """All by which a bill may name a node's machine, the surest first.

    Azure bills a scale set, not its machines; Google's bills may have the bare name.
    """
    known = identity(resource)
    yield known
    if known.startswith("/subscriptions/"):
        scale_set, found, _ = known.partition("/virtualmachines/")
        if found and "/virtualmachinescalesets/" in scale_set:
            yield scale_set
    elif known.count("/") == 2 and resource.startswith(("gce://", "projects/", "//compute")):
        yield known.rpartition("/")[2]


def is_machine_or_disk(resource: str) -> bool:
    """Whether a line of a bill is of what should be some cluster's node or volume, by its identity."""
    known = identity(resource)
    return bool(_MACHINE_OR_DISK.fullmatch(known)) or "/virtualmachinescalesets/" in known


def balancer(resource: str) -> str:
    """A load balancer as both the bill's ARN and the DNS name of an ingress name it: region and name."""
    text = resource.strip()
    if found := _BALANCER_ARN.match(text):
        return f"{found[1]}/{found[2].removeprefix('internal-')}".lower()
    if found := _BALANCER_HOST.match(text.lower()):
        return f"{found[2] or found[3]}/{found[1]}"
    return identity(text)
