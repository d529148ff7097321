"""A pool or a system whose match no line can have is a mistake: told at its line, with the nearest name."""

from pathlib import Path

import pytest

from costwatch.config import check
from tests.made.command_line import ALERTS, configure

CONFIG = """\
sources: [{name: aws, kind: exports, location: bills}]
teams: [{name: payments, accounts: ["111122223333", {id: "012345670123", valid_from: 2026-10-01}]}]
"""
POOL = "pools:\n  - name: some\n    split: even\n    match: {%s}\n"
SYSTEM = "systems:\n  - name: shop\n    match: {%s}\n"
DEAD = {
    "a category": (
        POOL % "ChargeCategory: Taxx",
        "6: no ChargeCategory is called 'Taxx'; did you mean 'Tax'?",
    ),
    "one of several categories": (
        "pools:\n  - name: some\n    split: even\n    match:\n      ChargeCategory:\n"
        "        - Tax\n        - Kredit\n",
        "9: no ChargeCategory is called 'Kredit'; did you mean 'Credit'?",
    ),
    "a category like none": (
        POOL % "ChargeCategory: zzz",
        "6: no ChargeCategory is called 'zzz'; known here: Adjustment, Credit, Purchase, Tax, Usage",
    ),
    "an account with a digit too few": (
        POOL % 'SubAccountId: "11112222333"',
        "6: account '11112222333' has 11 digits; did you mean '111122223333'?",
    ),
    "a payer with a digit too many": (
        POOL % 'BillingAccountId: "1111222233334"',
        "6: account '1111222233334' has 13 digits; did you mean '111122223333'?",
    ),
    "an account of a system": (
        SYSTEM % 'accounts: ["111122223333", 11112222333]',
        "5: account '11112222333' has 11 digits; did you mean '111122223333'?",
    ),
}


@pytest.mark.parametrize(("section", "said"), DEAD.values(), ids=DEAD)
def test_a_match_that_no_line_can_have_is_refused_at_its_line(
    section: str, said: str, tmp_path: Path
) -> None:
    configure(tmp_path, CONFIG + section)
    assert check(tmp_path / "costwatch.yaml") == [f"{tmp_path}/costwatch.yaml:{said}"]


LIVE = {
    "all categories": POOL % "ChargeCategory: [Usage, Purchase, Tax, Credit, Adjustment]",
    "a category however it is written": POOL % "ChargeCategory: TAX",
    "accounts however they are written": POOL % 'SubAccountId: [1111-2222-3333, "12345670123"]',
    "an account that no team has": POOL % 'SubAccountId: ["111122223334", my-vendor-org, "42"]',
    "an account of a system": SYSTEM % "accounts: 1111-2222-3333",
    "what only a bill can tell": POOL % "ServiceName: Amazon Bedrok, RegionId: mars",
}


@pytest.mark.parametrize("case", LIVE)
def test_a_match_that_a_line_may_have_is_accepted(case: str, tmp_path: Path) -> None:
    configure(tmp_path, CONFIG + LIVE[case], ALERTS)
    assert check(tmp_path / "costwatch.yaml") == []
