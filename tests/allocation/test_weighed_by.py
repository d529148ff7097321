"""By what a pool splits, in the words that people are told."""

from collections.abc import Mapping
from typing import Any

import pytest

from costwatch.allocation.settings import Allocation
from costwatch.plugins import SplitSettings, Weighing, Weights

K8S = {"split": "kubernetes"}
CASES: Mapping[str, tuple[Mapping[str, Any], str, str]] = {
    "an owner": ({"split": "owner"}, "risk", "whole, to the owner by tag team, cost category team, account"),
    "an owner by accounts only": (
        {"split": "owner", "tags": [], "cost_categories": []},
        "risk",
        "whole, to the owner by account",
    ),
    "all teams alike": ({"split": "even"}, "risk", "even, among all teams"),
    "some alike": ({"split": "even", "teams": ["risk", "shop"]}, "risk", "even, among 2 teams"),
    "a percentage": ({"split": "fixed", "percent": {"risk": 20, "shop": 80}}, "risk", "fixed 20 %"),
    "a fraction of one": ({"split": "fixed", "percent": {"risk": 0.5, "shop": 99.5}}, "risk", "fixed 0.5 %"),
    "one that has none": ({"split": "fixed", "percent": {"risk": 100}}, "idle", "fixed percentages"),
    "what teams carry": ({"split": "proportional"}, "risk", "proportional to EffectiveCost"),
    "pods": (K8S, "risk", "max(request, usage) of pods, vCPU : GiB = 9 : 1"),
    "pods at other prices": (
        {**K8S, "prices": "opencost"},
        "risk",
        "max(request, usage) of pods, vCPU : GiB = 7.46 : 1",
    ),
    "pods by cores": (
        {**K8S, "prices": {"cpu": 1, "memory": 0}},
        "risk",
        "max(request, usage) of pods, vCPU only",
    ),
    "idle": (K8S, "idle", "what no pod requested or used, vCPU : GiB = 9 : 1"),
    "unmeasured": (
        {**K8S, "min_coverage": 0.25},
        "unmeasured",
        "no node known, or less than 25 % of its day measured",
    ),
    "the provider": ({"split": "provider"}, "risk", "as the provider splits its machines"),
}


@pytest.mark.parametrize(("pool", "team", "words"), CASES.values(), ids=CASES)
def test_a_pool_says_by_what_it_splits(pool: Mapping[str, Any], team: str, words: str) -> None:
    (made,) = Allocation.model_validate({"pools": [{"name": "one", **pool}]}).pools
    assert made.weighed_by(team) == words


def test_one_that_says_nothing_is_called_by_its_kind() -> None:
    class Other(SplitSettings):
        def weights(self, asked: Weighing) -> Weights:
            return ()

    assert Other(name="one", split="other").weighed_by("risk") == "split other"
