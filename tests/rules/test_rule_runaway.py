"""Rule kind runaway: which job runs away, what is said of it, and that it is provisional."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from costwatch.model import About, Impact, Labels, Point, Series, State, Verdict, Window, labels, midnight
from costwatch.rules.runaway import Runaway
from costwatch.testing import Example, FakeSnapshot, check_rule, daily
from tests.made.rule_facts import BREACH, OK, UNKNOWN, found, only

TODAY = date(2026, 11, 19)
TEN = datetime(2026, 11, 19, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)


def of(name: str, kind: str = "job", team: str = "ml", namespace: str = "ml") -> Labels:
    return labels(
        team=team,
        cluster="prod",
        namespace=namespace,
        workload_kind=kind,
        workload=name,
        currency="USD",
    )


def costs(*values: object, today: object = None) -> Series:
    """Billed costs of the days up to yesterday, then what is estimated of today."""
    billed = daily(TODAY - timedelta(days=len(values)), *values)
    return (*billed, *daily(TODAY, today, state=State.ESTIMATED))


def hourly(amount: object) -> Series:
    return (Point(TEN - HOUR, Decimal(str(amount)), State.ESTIMATED),)


def facts(workloads: Mapping[Labels, Series], running: Mapping[Labels, object]) -> dict[str, Any]:
    rates = {
        labels(**dict(key), instance_type="p4d.24xlarge"): hourly(amount) for key, amount in running.items()
    }
    return {"workload_cost": dict(workloads), "running_cost_per_hour": rates}


RULE = Runaway(name="Runaway", times=Decimal(3), min_cost=Decimal(50))
TRAIN, ETL = of("train"), of("etl", "cronjob")


def key(of_facts: Labels) -> Labels:
    return tuple(pair for pair in of_facts if pair[0] != "currency")


CASES: dict[str, tuple[dict[str, Any], Runaway, dict[Labels, Verdict]]] = {
    "a run that costs more than three times its usual most": (
        facts({ETL: costs(20, 30, 25, today=91)}, {ETL: 9}),
        RULE,
        {key(ETL): BREACH},
    ),
    "exactly three times is not more": (
        facts({ETL: costs(20, 30, 25, today=90)}, {ETL: 9}),
        RULE,
        {key(ETL): OK},
    ),
    "what does not run any more is over": (
        facts({ETL: costs(20, 30, 25, today=91)}, {}),
        RULE,
        {key(ETL): OK},
    ),
    "what has cost little is none": (
        facts({ETL: costs(1, 1, 1, today=49)}, {ETL: 9}),
        RULE,
        {key(ETL): OK},
    ),
    "days of a job on end are one run, and jobs of its namespace are its history": (
        facts(
            {
                TRAIN: costs(40, 40, today=40),
                of("a"): costs(20, None, None, None),
                of("b"): costs(30, None, None, None),
                of("c"): costs(10, 15, None, None, None),
            },
            {TRAIN: 4},
        ),
        RULE,
        {key(TRAIN): BREACH},
    ),
    "too few runs to compare with": (
        facts({TRAIN: costs(400, today=40), of("a"): costs(20, None, None)}, {TRAIN: 4}),
        RULE,
        {key(TRAIN): UNKNOWN},
    ),
    "an amount is too much whatever is usual": (
        facts({TRAIN: costs(400, today=40)}, {TRAIN: 4}),
        RULE.model_copy(update={"above": Decimal(400)}),
        {key(TRAIN): BREACH},
    ),
    "of two limits the smaller one counts": (
        facts({ETL: costs(20, 30, 25, today=80)}, {ETL: 9}),
        RULE.model_copy(update={"above": Decimal(70)}),
        {key(ETL): BREACH},
    ),
    "only what matches": (
        facts({ETL: costs(20, 30, 25, today=91), TRAIN: costs(1, today=2)}, {ETL: 9, TRAIN: 1}),
        RULE.model_copy(update={"match": {"workload": "train"}}),
        {key(TRAIN): UNKNOWN},
    ),
    "services are no jobs unless the rule says so": (
        facts({of("api", "deployment"): costs(20, 20, 20, today=91)}, {of("api", "deployment"): 9}),
        RULE.model_copy(update={"workload_kinds": ("deployment",)}),
        {key(of("api", "deployment")): BREACH},
    ),
    "what ended long ago is not told of": (
        facts({ETL: costs(20, 30, 25, today=20), TRAIN: costs(99, None, None, None)}, {ETL: 9}),
        RULE,
        {key(ETL): OK},
    ),
    "nobody's job has no team": (
        facts({of("x", "cronjob", ""): costs(20, 30, 25, today=91)}, {of("x", "cronjob", ""): 9}),
        RULE,
        {labels(cluster="prod", namespace="ml", workload_kind="cronjob", workload="x"): BREACH},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_runaway(case: str) -> None:
    given, rule, expected = CASES[case]
    check_rule(rule, [Example(given, TEN, expected)])


def test_a_kind_that_the_rule_does_not_look_at_is_none() -> None:
    api = of("api", "deployment")
    given = facts({api: costs(20, 20, 20, today=91)}, {api: 9})
    assert only(RULE, given, TEN).verdict is UNKNOWN


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param(
            facts({ETL: costs(20, 30, 25, today=91)}, {ETL: 9}),
            "provisional: ml · cronjob etl: $91.00 so far since 19 Nov 2026 (estimated); usual is at most "
            "$30.00 (its 3 runs before); $9.00 an hour on p4d.24xlarge; to stop it in prod: kubectl -n ml "
            """patch cronjob etl -p '{"spec":{"suspend":true}}'""",
            id="a cronjob against its own runs",
        ),
        pytest.param(
            facts(
                {
                    TRAIN: costs(340, 300, today=172.5),
                    **{of(f"j{number}"): costs(number, None, None, None) for number in range(1, 21)},
                },
                {TRAIN: "41.5"},
            ),
            "provisional: ml · job train: $812.50 so far since 17 Nov 2026, of which $172.50 is estimated; "
            "usual is at most $19.00 (20 runs of jobs in ml); $41.50 an hour on p4d.24xlarge; to stop it in "
            "prod: kubectl -n ml delete job train",
            id="a job of some days against those of its namespace",
        ),
        pytest.param(
            facts({ETL: costs(20, 30, 25, today=91)}, {}),
            "ml · cronjob etl: does not run, came to $91.00 (estimated)",
            id="one that is over",
        ),
        pytest.param(
            facts({TRAIN: costs(20, today=9)}, {TRAIN: 3}),
            "ml · job train: $29.00 so far since 18 Nov 2026, of which $9.00 is estimated, with nothing to "
            "compare with",
            id="one without history",
        ),
    ],
)
def test_runaway_says_what_it_costs_since_when_on_what_and_how_to_stop_it(
    given: dict[str, Any], said: str
) -> None:
    findings = found(RULE, given, TEN)
    assert said in {finding.summary for finding in findings.values()}


@pytest.mark.parametrize(
    "name",
    ["train; rm -rf /", "$(id)", "-A --force", "<!channel>", "Train", "a\nb", "", "'"],
)
def test_a_name_that_kubernetes_would_not_give_is_no_argument_of_a_command(name: str) -> None:
    given = facts({of(name, "cronjob"): costs(20, 30, 25, today=91)}, {of(name, "cronjob"): 9})
    finding = only(RULE, given, TEN)
    assert finding.verdict is BREACH
    assert "kubectl" not in finding.summary


def test_it_matters_as_much_as_it_costs_an_hour() -> None:
    finding = only(RULE, facts({ETL: costs(20, 30, 25, today=91)}, {ETL: 9}), TEN)
    assert finding.impact == Impact(Decimal("6574.5"), "USD")
    assert finding.evidence == {"provisional": True, "estimated": "91", "since": "2026-11-19"}


def test_a_run_of_one_day_that_is_over_rests_on_that_day_so_that_its_bill_corrects_it() -> None:
    running = only(RULE, facts({ETL: costs(20, 30, 25, today=91)}, {ETL: 9}), TEN).about
    over = only(RULE, facts({ETL: costs(20, 30, 25, today=91)}, {}), TEN).about
    days = Window(midnight(TODAY), midnight(TODAY) + timedelta(days=1))
    where = {name: (value,) for name, value in ETL}
    by = ("team", "cluster", "namespace", "workload_kind", "workload")
    assert running == About("workload_cost", by, where, days)
    assert over == About("workload_cost", by, where, days, Decimal(91))


def test_without_any_workload_it_speaks_once_for_all() -> None:
    (finding,) = RULE.evaluate(FakeSnapshot(), TEN)
    assert (finding.labels, finding.verdict) == ((), UNKNOWN)
