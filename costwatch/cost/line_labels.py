"""Labels that no stored sum knows: a cost can be asked by them where the lines of a bill are read. Pure."""

from collections.abc import Mapping

from costwatch.model import dimension_column

# The label, and the FOCUS column that it stands for.
LINE_LABELS: Mapping[str, str] = {
    "invoice": "InvoiceId",
    "commitment": "CommitmentDiscountId",
    "resource": "ResourceId",
}
# The same of labels that are followed by a key: ``tag:team``.
KEYED_LABELS: Mapping[str, str] = {"tag": "Tags", "cost_category": "x_CostCategories"}


def keyed(label: str) -> tuple[str, str] | None:
    """``tag:team`` as (``tag``, ``team``); None for a label without a key."""
    name, _, key = label.partition(":")
    return (name, key) if name in KEYED_LABELS and key else None


def is_of_lines(label: str) -> bool:
    """Whether only lines know it."""
    return label in LINE_LABELS or keyed(label) is not None


def column(label: str) -> str:
    """What a label's values are called in answers: a FOCUS column, one of ours, or ``Tags/team``."""
    if of := keyed(label):
        return f"{KEYED_LABELS[of[0]]}/{of[1]}"
    return LINE_LABELS.get(label) or dimension_column(label)
