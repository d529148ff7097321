"""Rule kind quiet: dead rules and dead silences are told, and what lives is not."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from costwatch.config import check
from costwatch.evaluate import evaluate
from costwatch.model import AlertState, Labels, Silence, labels
from costwatch.rules.quiet import Quiet
from costwatch.rules.threshold import Threshold
from costwatch.testing import daily
from costwatch.warehouse.alerts.silences import save_silence
from tests.made.rule_facts import BREACH, NOW, OK, UNKNOWN, found
from tests.made.warehouse_rows import NOW as START
from tests.made.warehouse_rows import company

_DAY = timedelta(days=1)
RULES = {labels(rule=name): daily(NOW.date(), days) for name, days in {"Dead": 90.5, "Alive": 3}.items()}
SILENCE = labels(silence="s1", matchers='team="mll"', who="ann")


def rule(**settings: Any) -> Quiet:
    return Quiet.model_validate({"name": "Q", **settings})


def test_what_is_quiet_for_too_long_is_told() -> None:
    facts = {"rule_quiet_days": RULES, "silence_quiet_days": {SILENCE: daily(NOW.date(), 91)}}
    told = found(rule(), facts)
    assert {key: finding.verdict for key, finding in told.items()} == {
        labels(quiet_rule="Dead"): BREACH,
        labels(quiet_rule="Alive"): OK,
        labels(silence="s1"): BREACH,
    }
    assert [finding.summary for finding in told.values() if finding.verdict is BREACH] == [
        "rule Dead: no breach for 90 days; see whether it still can fire, or delete it",
        'silence s1 (team="mll"), by ann: no alert for 91 days; see whether it is spelt right, or expire it',
    ]
    assert found(rule(max_age="91d", silences=False), facts)[labels(quiet_rule="Dead")].verdict is OK
    assert (
        found(rule(rule=["Dead", "Unborn"], silences=False), facts)[labels(quiet_rule="Unborn")].verdict
        is UNKNOWN
    )
    assert found(rule(rule=[]), facts).keys() == {labels(silence="s1")}


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        pytest.param({"rule": [], "silences": False}, "looks at nothing", id="nothing to look at"),
        pytest.param({"rule": "Q"}, "is this very rule", id="itself"),
        pytest.param({"max_age": "2h"}, "at least 1d", id="at once"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(settings: dict[str, Any], error: str) -> None:
    with pytest.raises(ValidationError, match=error):
        rule(**settings)


def test_check_knows_the_rules_there_are(tmp_path: Path) -> None:
    (tmp_path / "costwatch.yaml").write_text("sources: []\nteams: [{name: ml}]\n")
    (tmp_path / "alerts.yaml").write_text(
        "route: {receiver: out}\nreceivers: [{name: out, kind: stdout}]\nrules:\n"
        "  - {name: Spend, kind: threshold, above: 5}\n"
        "  - {name: Q, kind: quiet, rule: Spent}\n"
    )
    (mistake,) = check(tmp_path / "costwatch.yaml")
    assert mistake.endswith("alerts.yaml:5: no rule is called 'Spent'; did you mean 'Spend'?")


def test_what_has_fired_is_quiet_from_then_on(tmp_path: Path) -> None:
    warehouse = company(tmp_path / "costwatch.db")
    with warehouse.write() as db:
        for id, matchers in (("hits", ('team="risk"',)), ("misses", ('team="rsik"',))):
            end = START + 60 * _DAY
            save_silence(db, Silence(id, matchers, "", START, end, "ann", "why", ""))
    spend = {"by": ("team",), "match": {"team": "risk"}}
    high = Threshold.model_validate({"name": "High", **spend, "above": 10**9})
    low = Threshold.model_validate({"name": "Low", **spend, "above": 1})

    def quiet(days: int, low: Threshold) -> dict[Labels, AlertState]:
        now = START + days * _DAY
        alerts = evaluate(warehouse, [high, low, rule(max_age="20d")], now).alerts
        return {
            tuple(pair for pair in alert.labels if pair[0] in ("quiet_rule", "silence")): alert.state
            for alert in alerts
            if alert.rule == "Q"
        }

    dead, unspelt = labels(quiet_rule="High"), labels(silence="misses")
    assert quiet(0, low) == quiet(19, low) == {}
    assert quiet(20, low).keys() == {dead, unspelt}
    none = low.model_copy(update={"above": Decimal(10**9)})
    assert quiet(21, none).keys() == {dead, unspelt}, "it was in breach until now"
    assert quiet(42, none).keys() == {dead, labels(quiet_rule="Low"), unspelt, labels(silence="hits")}
    assert quiet(43, low).keys() >= {dead, unspelt}
    assert quiet(44, low).keys() == {dead, unspelt}, "both live again"
