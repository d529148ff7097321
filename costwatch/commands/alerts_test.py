"""``costwatch alerts test``: the tests that a rules file holds."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from costwatch.commands.context import Context, pass_context
from costwatch.commands.options import Command, json_option
from costwatch.commands.output import complain, line, print_json
from costwatch.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from costwatch.alerts.rule_tests import Failure
    from costwatch.commands.rule_test_runs import TestRun
    from costwatch.config.alert_rules import AlertRules

FINDINGS = 3
_SHOWN = 5  # findings or alerts beside one failure


@click.command("test", cls=Command)
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--rule", "names", multiple=True, metavar="NAME", help="Only tests of this rule; repeatable.")
@click.option("--require-tests", is_flag=True, help="Exit 3, too, when a rule has no test.")
@json_option
@pass_context
def run_tests(
    context: Context, file: Path | None, names: tuple[str, ...], require_tests: bool, as_json: bool
) -> int:
    """Run the tests in the rules file: made-up facts, and the alerts that must come of them.

    FILE: another rules file than the one that costwatch.yaml names; where there is no costwatch.yaml, neither
    are its budgets, objectives and names. Reads nothing else and changes nothing.
    Exits 3 when an expectation fails, 2 for mistakes in the tests.

    \b
    Example: costwatch alerts test --require-tests
    """
    from costwatch.commands.rule_test_runs import run
    from costwatch.config import load_alerts

    config = None if file is not None and not _has_config(context) else context.config
    alerts = context.alerts if file is None else load_alerts(file, config.names if config else None)
    unknown = [name for name in names if name not in {rule.name for rule in alerts.rules}]
    if unknown:
        known = ", ".join(sorted(rule.name for rule in alerts.rules))
        raise UsageError(f"--rule: no rule is called '{unknown[0]}'; known here: {known}")
    tests = [test for test in alerts.tests if not names or {*test.rules} & {*names}]
    runs = [run(test, alerts.rules, config) for test in tests]
    if mistakes := [*_unread(alerts, runs)]:
        raise ConfigError(mistakes)
    tested = {name for test in alerts.tests for name in test.rules}
    untested = [
        rule.name for rule in alerts.rules if rule.name not in tested and (not names or rule.name in names)
    ]
    if as_json:
        print_json({"tests": [_as_json(each) for each in runs], "untested": untested})
    else:
        _print(alerts, runs)
    for name in untested if require_tests else ():
        complain(f"rule {name}: has no test; write one under 'tests', with {name} under 'expect'")
    failed = sum(not each.is_passed for each in runs)
    context.say(f"{len(runs) - failed} passed, {failed} failed, {len(untested)} rules without a test")
    return FINDINGS if failed or (require_tests and untested) else 0


def _has_config(context: Context) -> bool:
    try:
        return context.config_file.is_file()
    except UsageError:
        if context.config_name:
            raise
        return False


def _unread(alerts: "AlertRules", runs: "Sequence[TestRun]") -> Iterator[str]:
    """Data that no rule under test looked at: the test proves less than it seems to."""
    for each in runs:
        for name in each.unread:
            where = alerts.place("tests", each.test.name, "data", name)
            yield f"{where}: no rule under test reads '{name}'; remove it, or expect one that does"


def _print(alerts: "AlertRules", runs: "Sequence[TestRun]") -> None:
    for each in runs:
        if each.is_passed:
            line(f"ok    {each.test.name}")
            continue
        line(f"FAIL  {each.test.name}  ({alerts.place('tests', each.test.name)})")
        for text in _lines(each):
            line(f"      {text}")


def _lines(run: "TestRun") -> Iterator[str]:
    from costwatch.wording import at_instant

    yield f"at {at_instant(run.test.at)}"
    for rule, error in run.errors.items():
        yield f"! {rule} cannot be evaluated: {error}"
    for failure in run.failures:
        yield from _difference(failure)
        if failure.expected is not None and not failure.found:
            found = run.nearest(failure.expected)
            yield from (f"    found then: {one.verdict}: {one.summary}" for one in found[:_SHOWN])
            if not found:
                yield "    found then: nothing"


def _difference(failure: "Failure") -> Iterator[str]:
    """``-`` what is expected, ``+`` what there is."""
    from costwatch.alerts.rule_tests import shown

    if (expected := failure.expected) is not None:
        yield f"- {shown(expected.rule, expected.labels)} {expected.state}  ({failure.why})"
    for alert in failure.found[:_SHOWN]:
        own = {name: value for name, value in alert.labels if name not in ("rule", "severity")}
        not_expected = "  (not expected)" if expected is None else ""
        yield f"+ {shown(alert.rule, own)} {alert.state}: {alert.summary}{not_expected}"
    if len(failure.found) > _SHOWN:
        yield f"+ … and {len(failure.found) - _SHOWN} more"


def _as_json(run: "TestRun") -> dict[str, Any]:
    return {
        "name": run.test.name,
        "passed": run.is_passed,
        "failures": [text for failure in run.failures for text in _difference(failure)],
        "errors": dict(run.errors),
    }
