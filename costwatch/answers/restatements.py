"""Which deliveries took settled days, or much of their lines or cost, away, and wait for someone's word."""

from collections.abc import Sequence

from costwatch.proof.restatement import Restatement
from costwatch.warehouse.bill import restatements
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot


def doubted(facts: WarehouseSnapshot) -> Sequence[Restatement]:
    """By billing period and source; each says what is lost, since when, and what to do (``text``)."""
    return restatements.standing(facts.db, facts.as_of)
