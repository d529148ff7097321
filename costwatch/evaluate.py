"""Step 3: rules say what they find, findings become alerts: pending, firing, resolved."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pydantic import TypeAdapter

from costwatch.alerts import lifecycle
from costwatch.alerts.built_in import BuiltIn, Failure, Health, built_in_rules, failures
from costwatch.alerts.lifecycle import Step, fingerprint
from costwatch.alerts.limit import within_limit
from costwatch.alerts.restatement import restated
from costwatch.alerts.silencing import no_longer_expected
from costwatch.answers.alert_series import with_series
from costwatch.answers.missed import missed_days, rests_on_days
from costwatch.answers.restated_value import value_now
from costwatch.answers.unmatched import unmatched_rules
from costwatch.answers.watched import with_freshness
from costwatch.errors import CostwatchError
from costwatch.model import Alert, AlertState, Finding, Silence, Verdict
from costwatch.plugins import Rule, Snapshot, explanation_of, queries_of
from costwatch.warehouse.alerts import alerts as stored_alerts
from costwatch.warehouse.alerts import failures as stored_failures
from costwatch.warehouse.alerts.clock import nothing_later
from costwatch.warehouse.alerts.silences import end_out_of_band, silences
from costwatch.warehouse.facts.snapshot import Live, WarehouseSnapshot
from costwatch.warehouse.store import Warehouse, is_damage

_FINDING = TypeAdapter(Finding)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """``alerts``: pending or firing now. ``changes``: those whose state or text changed, as they are now.

    ``errors``: rule -> why it could not be evaluated; its alerts were kept as they are. ``unmatched``: rule
    -> why nothing that is known fits it. ``is_watched``: whether any of the rules watches a source.
    """

    alerts: tuple[Alert, ...]
    changes: tuple[Alert, ...]
    errors: Mapping[str, str]
    unmatched: Mapping[str, str]
    is_watched: bool = True


def evaluate(
    warehouse: Warehouse,
    rules: Sequence[Rule],
    now: datetime,
    *,
    dry_run: bool = False,
    live: Mapping[str, Live] | None = None,
    watches_itself: bool = False,
    mistakes: Mapping[str, Sequence[str]] | None = None,
) -> Evaluation:
    """Evaluate all rules on one snapshot and store what became of their alerts, in one transaction.

    What settled while no evaluation ran is looked at day by day. Doing it again at the same ``now`` changes
    nothing. ``dry_run`` stores nothing. live: by the name of a query, who asks its source, for what is asked
    once when an alert begins to fire. watches_itself: with the rules of ``alerts.built_in``, too.
    mistakes: by configuration file, why it is not the one gone by. Raises BusyError while another evaluation
    runs, WarehouseError where what is stored cannot be read.
    """
    now = now.replace(microsecond=0)
    own = (mistakes or {}) if watches_itself else None
    if dry_run:
        return _evaluated(warehouse, rules, now, live, own).evaluation
    with warehouse.job_lock("alerts-eval"):
        nothing_later(warehouse, now)
        evaluated = _evaluated(warehouse, rules, now, live, own)
        errors = {rule.name: evaluated.errors.get(rule.name, "") for rule in rules}
        with warehouse.write() as db:
            stored_alerts.save(db, evaluated.changed, evaluated.gone, evaluated.events)
            stored_alerts.save_evaluations(db, errors, now)
            stored_failures.replace_rule_failures(db, evaluated.failures)
            for silence in evaluated.out_of_band:
                end_out_of_band(db, silence)
    return evaluated.evaluation


def evaluate_facts(
    facts: Snapshot, held: Mapping[str, Alert], rules: Sequence[Rule], now: datetime
) -> tuple[Mapping[str, Alert], Mapping[str, str]]:
    """The same on facts that need no store: all alerts after it, by fingerprint; rule -> its error.

    held: those before it, which the last evaluation answered.
    """
    evaluated = _Evaluator(facts, held, now)
    evaluated.evaluate_rules(rules)
    evaluated.end_orphans()
    evaluated.correct_restated()
    return evaluated.after, evaluated.errors


def _evaluated(
    warehouse: Warehouse,
    rules: Sequence[Rule],
    now: datetime,
    live: Mapping[str, Live] | None,
    mistakes: Mapping[str, Sequence[str]] | None,
) -> "_Evaluator":
    """mistakes: None: without the rules of costwatch's own."""
    with warehouse.read() as db:
        held = stored_alerts.current_alerts(db, now - lifecycle.REMEMBERED)
        facts = WarehouseSnapshot(db, now, queries=queries_of(rules), live=live)
        evaluated = _Evaluator(facts, held, now)
        for then, day in missed_days(facts):
            past = WarehouseSnapshot(db, then, queries=queries_of(rules), data_through=day)
            evaluated.catch_up([rule for rule in rules if rests_on_days(rule)], past, then)
        in_force = with_freshness(facts, rules) if mistakes is not None else rules
        evaluated.is_watched = len(in_force) == len(rules)
        evaluated.evaluate_rules(in_force)
        evaluated.note_failures(stored_failures.rule_failures(db), stored_alerts.evaluated_at(db))
        if mistakes is not None:
            trouble = stored_failures.receiver_failures(db, now), stored_failures.last_clock_change(db, now)
            found = Health(mistakes, evaluated.failures, *trouble)
            evaluated.evaluate_rules(built_in_rules(found, now))
        evaluated.end_orphans()
        evaluated.correct_restated()
        evaluated.tell_unexpected(silences(db, now))
        evaluated.unmatched = unmatched_rules(facts, rules, now)
    return evaluated


@dataclass
class _Evaluator:
    """What becomes of the alerts ``held``, rule by rule."""

    facts: Snapshot
    held: Mapping[str, Alert]
    now: datetime
    after: dict[str, Alert] = field(default_factory=dict)
    past_events: list[tuple[datetime, Alert]] = field(default_factory=list)
    events_by_alert: dict[str, Alert] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    causes: dict[str, str] = field(default_factory=dict)  # errors, in words that receivers may see
    failures: dict[str, Failure] = field(default_factory=dict)
    unmatched: dict[str, str] = field(default_factory=dict)
    is_watched: bool = True
    in_breach: set[str] = field(default_factory=set)
    out_of_band: list[Silence] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.before: dict[str, dict[str, Alert]] = defaultdict(dict)
        for key, alert in self.held.items():
            self.before[alert.rule][key] = alert

    def catch_up(self, rules: Sequence[Rule], facts: Snapshot, then: datetime) -> None:
        """What became of the alerts of these rules at an earlier instant; ``evaluate_rules`` goes on."""
        names = {rule.name for rule in rules}
        held = {key: alert for name in names for key, alert in self.before.pop(name, {}).items()}
        past = _Evaluator(facts, held, then)
        past.evaluate_rules(rules)
        for key, alert in past.after.items():
            self.before[alert.rule][key] = alert
        self.past_events += past.events

    def evaluate_rules(self, rules: Sequence[Rule]) -> None:
        """All of these; a rule that raises keeps its alerts."""
        for rule in rules:
            mine = self.before.pop(rule.name, {})
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

    def note_failures(self, before: Mapping[str, Failure], evaluated_at: Mapping[str, datetime]) -> None:
        """Which rules fail, how often in a row. before: as it was. evaluated_at: when each last was."""
        self.failures = failures(before, evaluated_at, self.causes, self.now)

    def end_orphans(self) -> None:
        """Alerts of rules that are no longer in the file, or not that any more, are over."""
        for orphans in self.before.values():
            for key, alert in orphans.items():
                why = "its rule is no longer in the file"
                self._keep(key, lifecycle.without_breach(alert, timedelta(), self.now, why))

    def correct_restated(self) -> None:
        """Correct the texts of alerts that rest on a cost day which has been restated since."""
        for key, alert in self.after.items():
            if alert.state is AlertState.PENDING or key in self.in_breach:
                continue
            value = value_now(alert, self.facts)
            corrected = alert if value is None else restated(alert, value)
            if corrected is not alert:
                self.after[key] = self.events_by_alert[key] = corrected

    def tell_unexpected(self, silences: Iterable[Silence]) -> None:
        """An alert whose value leaves the band that somebody expects fires anew: what they expect is over."""
        for alert, silence in no_longer_expected(silences, self.after, self.now):
            self.after[alert.fingerprint] = self.events_by_alert[alert.fingerprint] = alert
            self.out_of_band.append(silence)

    @property
    def changed(self) -> list[Alert]:
        """Alerts to store."""
        return [alert for key, alert in self.after.items() if self.held.get(key) != alert]

    @property
    def gone(self) -> list[str]:
        """Fingerprints to forget: pending alerts whose breach went away before they fired."""
        return [key for key in self.held if key not in self.after]

    @property
    def events(self) -> list[tuple[datetime, Alert]]:
        """What is worth a line in the log, and when that was."""
        return [*self.past_events, *((self.now, alert) for alert in self.events_by_alert.values())]

    @property
    def evaluation(self) -> Evaluation:
        """What the caller is told."""
        active = (alert for alert in self.after.values() if alert.state is not AlertState.RESOLVED)
        alerts = tuple(sorted(active, key=lambda alert: (alert.rule, alert.labels)))
        changes = tuple(alert for _, alert in self.events)
        return Evaluation(alerts, changes, self.errors, self.unmatched, self.is_watched)

    def _keep_unanswered(self, rule: Rule, error: Exception, mine: Mapping[str, Alert]) -> None:
        """Its alerts stay; another may say that it cannot be evaluated."""
        self.after.update(mine)
        # Of a stranger's error only its type: its text may hold what receivers must not see.
        text = _said(error) if isinstance(error, CostwatchError) else type(error).__name__
        self.causes[rule.name] = text
        key = lifecycle.failure_fingerprint(rule.name)
        self._keep(key, lifecycle.not_evaluated(mine.get(key), rule, text, self.now))

    def _take(self, rule: Rule, findings: Mapping[str, Finding], mine: dict[str, Alert]) -> None:
        if mine:
            failure = lifecycle.failure_fingerprint(rule.name)
            self._keep(failure, lifecycle.without_breach(mine.pop(failure, None), timedelta(), self.now))
        for key, finding in within_limit(rule, findings, mine).items():
            if lifecycle.in_breach(finding, rule):
                self.in_breach.add(key)
            before = mine.pop(key, None)
            step = self._explained(rule, finding, lifecycle.advance(before, finding, rule, self.now))
            self._keep(key, with_series(step, before, self.facts))
        # A rule that knows nothing says so once, without labels: that speaks for all its instances.
        knows = rule.no_data == "ok" or all(
            finding.labels or finding.verdict is not Verdict.UNKNOWN for finding in findings.values()
        )
        for key, alert in mine.items():
            why = rule.over if isinstance(rule, BuiltIn) else "no longer reported by its rule"
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


def _said(error: Exception) -> str:
    text = str(error) if isinstance(error, CostwatchError) else f"{type(error).__name__}: {error}"
    return " ".join(text.split())[:500]
