"""Split ``owner``: a charge is its owner's."""

from typing import ClassVar

from costwatch.plugins import SplitSettings, Weighing, Weights


class OwnerPool(SplitSettings):
    """Charges go to their owner: the first of tags, cost_categories, accounts that names a team."""

    is_owner: ClassVar[bool] = True

    tags: tuple[str, ...] = ("team",)
    cost_categories: tuple[str, ...] = ("team",)

    def weighed_by(self, team: str) -> str:
        """See ``SplitSettings``."""
        keys = [f"tag {key}" for key in self.tags] + [f"cost category {key}" for key in self.cost_categories]
        return f"whole, to the owner by {', '.join([*keys, 'account'])}"

    def weights(self, asked: Weighing) -> Weights:
        """An owned charge is not weighed."""
        return ()
