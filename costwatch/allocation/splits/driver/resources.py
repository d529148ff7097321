"""By what a measure may name a resource of the bill, always by equality. Pure."""

from collections.abc import Iterator


def ends(resource: str) -> Iterator[str]:
    """The whole, then all that its ARN ends with, the longest first; nothing of no resource.

    ``arn:aws:kafka:eu-west-1:1:cluster/events/f0`` ends with ``cluster/events/f0``, ``events/f0``, ``f0``.
    """
    text = resource.strip()
    if text:
        yield text
    end = text.rpartition(":")[2] if text.startswith("arn:") else ""
    while end:
        yield end
        end = end.partition("/")[2]
