"""Split ``owner``: a charge is its owner's."""

from typing import ClassVar

from costwatch.plugins import SplitSettings, Weighing, Weights


class OwnerPool(SplitSettings):
    """Charges go to their owner: the first of tags, cost_categories, accounts that names a team."""

    is_owner: ClassVar[bool] = True

    tags: tuple[str, ...] = ("team",)
    cost_categories: tuple[str, ...] = ("team",)

    def weights(self, asked: Weighing) -> Weights:
        """An owned charge is not weighed."""
        return ()
