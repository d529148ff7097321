"""Split ``owner``: a charge is its owner's."""

from typing import Literal

from costwatch.plugins import SplitSettings


class OwnerPool(SplitSettings):
    """Charges go to their owner: the first of tags, cost categories, accounts that names a team."""

    split: Literal["owner"]
    tags: tuple[str, ...] = ("team",)
    cost_categories: tuple[str, ...] = ("team",)
