"""Step 3: rules say what they find, findings become alerts: pending, firing, resolved."""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from pydantic import TypeAdapter

from costwatch.alerts import lifecycle
from costwatch.alerts.lifecycle import Step, fingerprint
from costwatch.alerts.restatement import restated, sum_over
from costwatch.answers.unmatched import unmatched_rules
from costwatch.errors import CostwatchError
from costwatch.model import COST_METRICS, Alert, AlertState, Finding, Verdict
from costwatch.plugins import Rule, Snapshot, explanation_of, queries_of
from costwatch.warehouse.alerts import alerts as stored_alerts
from costwatch.warehouse.alerts.clock import nothing_later
from costwatch.warehouse.facts.snapshot import Live, WarehouseSnapshot
from costwatch.warehouse.store import Warehouse, is_damage

_FINDING = TypeAdapter(Finding)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """``alerts``: pending or firing now. ``changes``: those whose state or text changed, as they are now.

    ``errors``: rule -> why it could not be evaluated; its alerts were kept as they are. ``unmatched``: rule
    -> why nothing that is known fits it.
    """

    alerts: tuple[Alert, ...]
    changes: tuple[Alert, ...]
    errors: Mapping[str, str]
    unmatched: Mapping[str, str]


def evaluate(
    warehouse: Warehouse,
    rules: Sequence[Rule],
    now: datetime,
    *,
    dry_run: bool = False,
    live: Mapping[str, Live] | None = None,
) -> Evaluation:
    """Evaluate all rules on one snapshot and store what became of their alerts, in one transaction.

    Doing it again at the same ``now`` changes nothing. ``dry_run`` stores nothing. live: by the name of a
    query, who asks its source, for what is asked once when an alert begins to fire. Raises BusyError while
    another evaluation runs, WarehouseError where what is stored cannot be read.
    """
    now = now.replace(microsecond=0)
    if dry_run:
        return _evaluated(warehouse, rules, now, live).evaluation
    with warehouse.job_lock("alerts-eval"):
        nothing_later(warehouse, now)
        evaluated = _evaluated(warehouse, rules, now, live)
        errors = {rule.name: evaluated.errors.get(rule.name, "") for rule in rules}
        with warehouse.write() as db:
            stored_alerts.save(db, evaluated.changed, evaluated.gone, evaluated.events, now)
            stored_alerts.save_evaluations(db, errors, now)
    return evaluated.evaluation


def evaluate_facts(
    facts: Snapshot, held: Mapping[str, Alert], rules: Sequence[Rule], now: datetime
) -> tuple[Mapping[str, Alert], Mapping[str, str]]:
    """The same on facts that need no store: all alerts after it, by fingerprint; rule -> its error.

    held: those before it, which the last evaluation answered.
    """
    evaluated = _Evaluator(facts, held, now)
    evaluated.evaluate_rules(rules)
    evaluated.correct_restated()
    return evaluated.after, evaluated.errors


def _evaluated(
    warehouse: Warehouse, rules: Sequence[Rule], now: datetime, live: Mapping[str, Live] | None
) -> "_Evaluator":
    with warehouse.read() as db:
        held = stored_alerts.current_alerts(db, now - lifecycle.REMEMBERED)
        facts = WarehouseSnapshot(db, now, queries=queries_of(rules), live=live)
        evaluated = _Evaluator(facts, held, now)
        evaluated.evaluate_rules(rules)
        evaluated.correct_restated()
        evaluated.unmatched = unmatched_rules(facts, rules, now)
    return evaluated


@dataclass
class _Evaluator:
    """What becomes of the alerts ``held``, rule by rule."""

    facts: Snapshot
    held: Mapping[str, Alert]
    now: datetime
    after: dict[str, Alert] = field(default_factory=dict)
    events_by_alert: dict[str, Alert] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    unmatched: dict[str, str] = field(default_factory=dict)
    in_breach: set[str] = field(default_factory=set)

    def evaluate_rules(self, rules: Sequence[Rule]) -> None:
        """All rules; a rule that raises keeps its alerts, a rule no longer in the file loses them."""
        by_rule: dict[str, dict[str, Alert]] = defaultdict(dict)
        for key, alert in self.held.items():
            by_rule[alert.rule][key] = alert
        for rule in rules:
            mine = by_rule.pop(rule.name, {})
            try:
                findings = _findings(rule, self.facts, self.now)
            except Exception as error:  # a rule may be anyone's: none may keep the others from being heard
                if is_damage(error):
                    raise
                _log.debug("rule %s", rule.name, exc_info=True)
                self.errors[rule.name] = _said(error)
                self._keep_unanswered(rule, error, mine)
            else:
                self._take(rule, findings, mine)
        for orphans in by_rule.values():
            for key, alert in orphans.items():
                why = "its rule is no longer in the file"
                self._keep(key, lifecycle.without_breach(alert, timedelta(), self.now, why))

    def correct_restated(self) -> None:
        """Correct the texts of alerts that rest on a cost day which has been restated since."""
        for key, alert in self.after.items():
            if alert.state is AlertState.PENDING or key in self.in_breach:
                continue
            value = _value_now(alert, self.facts)
            corrected = alert if value is None else restated(alert, value)
            if corrected is not alert:
                self.after[key] = self.events_by_alert[key] = corrected

    @property
    def changed(self) -> list[Alert]:
        """Alerts to store."""
        return [alert for key, alert in self.after.items() if self.held.get(key) != alert]

    @property
    def gone(self) -> list[str]:
        """Fingerprints to forget: pending alerts whose breach went away before they fired."""
        return [key for key in self.held if key not in self.after]

    @property
    def events(self) -> tuple[Alert, ...]:
        """What is worth a line in the log."""
        return tuple(self.events_by_alert.values())

    @property
    def evaluation(self) -> Evaluation:
        """What the caller is told."""
        active = (alert for alert in self.after.values() if alert.state is not AlertState.RESOLVED)
        alerts = tuple(sorted(active, key=lambda alert: (alert.rule, alert.labels)))
        return Evaluation(alerts, self.events, self.errors, self.unmatched)

    def _keep_unanswered(self, rule: Rule, error: Exception, mine: Mapping[str, Alert]) -> None:
        """Its alerts stay; another may say that it cannot be evaluated."""
        self.after.update(mine)
        # Of a stranger's error only its type: its text may hold what receivers must not see.
        text = _said(error) if isinstance(error, CostwatchError) else type(error).__name__
        key = lifecycle.failure_fingerprint(rule.name)
        self._keep(key, lifecycle.not_evaluated(mine.get(key), rule, text, self.now))

    def _take(self, rule: Rule, findings: Mapping[str, Finding], mine: dict[str, Alert]) -> None:
        if mine:
            failure = lifecycle.failure_fingerprint(rule.name)
            self._keep(failure, lifecycle.without_breach(mine.pop(failure, None), timedelta(), self.now))
        for key, finding in findings.items():
            if lifecycle.in_breach(finding, rule):
                self.in_breach.add(key)
            step = lifecycle.advance(mine.pop(key, None), finding, rule, self.now)
            self._keep(key, self._explained(rule, finding, step))
        # A rule that knows nothing says so once, without labels: that speaks for all its instances.
        knows = rule.no_data == "ok" or all(
            finding.labels or finding.verdict is not Verdict.UNKNOWN for finding in findings.values()
        )
        for key, alert in mine.items():
            why = "no longer reported by its rule"
            step = (
                lifecycle.without_breach(alert, rule.keep_firing_for, self.now, why) if knows else Step(alert)
            )
            self._keep(key, step)

    def _explained(self, rule: Rule, finding: Finding, step: Step) -> Step:
        """An alert that begins to fire, with what its rule has to say of that; without, where that fails."""
        alert = step.alert
        begins = alert is not None and alert is step.event and alert.is_firing and alert.fired_at == self.now
        if alert is None or not begins or alert.verdict is not Verdict.BREACH:
            return step
        try:
            found = explanation_of(rule, finding, self.facts, self.now)
        except Exception as error:  # a rule may be anyone's, and its alert must go out all the same
            if is_damage(error):
                raise
            _log.debug("rule %s: no explanation", rule.name, exc_info=True)
            return step
        if found is None:
            return step
        alert = lifecycle.explained(alert, found)
        return Step(alert, alert)

    def _keep(self, key: str, step: Step) -> None:
        if step.alert is not None:
            self.after[key] = step.alert
        if step.event is not None:
            self.events_by_alert[key] = step.event


def _findings(rule: Rule, facts: Snapshot, now: datetime) -> dict[str, Finding]:
    found: dict[str, Finding] = {}
    for finding in rule.evaluate(facts, now):
        key = fingerprint(rule.name, finding.labels)
        if key in found:
            raise ValueError(f"two findings have the labels {dict(finding.labels)}")
        # What has another type than its field could be stored, and never be read again.
        _FINDING.dump_json(finding, exclude={"evidence"}, warnings="error")
        found[key] = finding
    return found


def _value_now(alert: Alert, facts: Snapshot) -> Decimal | None:
    """What the cost day an alert rests on costs in this snapshot; None: it rests on none, or is not known."""
    about = alert.about
    if about is None or about.window is None or (day := about.day) is None:
        return None
    try:
        sums = facts.totals(about.query, about.by, [about.window])[about.window]
    except Exception:  # a query may be anyone's, and one that was asked then may be gone
        _log.debug("alert %s: %s cannot be asked", alert.fingerprint, about.query, exc_info=True)
        return None
    value = sum_over(sums, about, alert.labels, alert.unit)
    is_settled = facts.data_through is not None and day <= facts.data_through
    return Decimal() if value is None and is_settled and about.query in COST_METRICS else value


def _said(error: Exception) -> str:
    text = str(error) if isinstance(error, CostwatchError) else f"{type(error).__name__}: {error}"
    return " ".join(text.split())[:500]
