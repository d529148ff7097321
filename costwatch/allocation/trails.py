"""What ``x_Pool`` says of a charge: the pool that took it and, where it was given on, those that did."""

from collections.abc import Sequence

from costwatch.allocation.settings import Allocation
from costwatch.model import GIVEN_ON


def passed_on(allocation: Allocation, trails: Sequence[str]) -> tuple[str, ...]:
    """Those of ``trails`` that no line shows: pools that are split, and what was given on."""
    split = {pool.name for pool in allocation.pools if not pool.is_owner}
    return tuple(trail for trail in trails if trail in split or GIVEN_ON in trail)
