"""A made-up fintech company with thirteen months of AWS bills, in which sixteen known things happen."""

from costwatch.demo.configuration import write_configuration
from costwatch.demo.delivery import Round, rounds
from costwatch.demo.stories import CompanyPlan, plan
from costwatch.demo.truth import ground_truth, write_ground_truth

__all__ = [
    "CompanyPlan",
    "Round",
    "ground_truth",
    "plan",
    "rounds",
    "write_configuration",
    "write_ground_truth",
]
