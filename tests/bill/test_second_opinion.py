"""The bill beside what another source says of it: every difference has a name, and only some are findings."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costwatch import cli
from costwatch.model import METRICS
from costwatch.money import nanos, units
from costwatch.proof.second_opinion import (
    Cause,
    Compared,
    ComparedLine,
    Comparison,
    Tolerance,
    compare,
    family,
)
from costwatch.warehouse.bill import proof, second_opinion
from tests.made.bills import Line as BillLine
from tests.made.bills import of_month, on_day, write_csv
from tests.made.command_line import ALERTS, Costwatch, configure
from tests.made.company import NOW
from tests.made.rolled_back import undone

EC2, S3 = "Amazon Elastic Compute Cloud", "Amazon Simple Storage Service"
DAY = date(2026, 10, 3)


def line(
    service: str, billed: str, *, category: str = "Usage", effective: str = "", day: date = DAY
) -> ComparedLine:
    return ComparedLine(day, service, category, nanos(Decimal(billed)), nanos(Decimal(effective or billed)))


def told(
    bill: Sequence[ComparedLine],
    said: Sequence[ComparedLine],
    *,
    unsettled: Sequence[date] = (),
    currency: str = "USD",
    metric: str = "BilledCost",
) -> Comparison:
    opinions = compare(Compared("ce", date(2026, 10, 1), currency, bill, said, unsettled))
    return next(opinion for opinion in opinions if opinion.metric == metric)


def reasons(opinion: Comparison) -> dict[str, Decimal]:
    return {str(reason): units(nano) for reason, nano in opinion.reasons().items() if nano}


CREDIT = line(S3, "-4", category="Credit")
CASES = {
    "equal to the nano-unit is no difference": ([line(S3, "1.5")], [line(S3, "1.5")], {}),
    "a cent of a service and day is rounding": (
        [line(S3, "1.504999999")],
        [line(S3, "1.5")],
        {"rounding": "0.004999999"},
    ),
    "more than a cent is not": ([line(S3, "1.511")], [line(S3, "1.5")], {"unexplained": "0.011"}),
    "tax is told by service on one side, in one line on the other": (
        [line(S3, "1", category="Tax"), line(EC2, "2", category="Tax")],
        [line("Tax", "3", category="Tax")],
        {},
    ),
    "tax that only one side has is named": (
        [line(S3, "10"), line(S3, "2", category="Tax")],
        [line(S3, "10")],
        {"tax": "2"},
    ),
    "credits that the other side has netted are no difference": (
        [line(S3, "10"), CREDIT],
        [line(S3, "6")],
        {},
    ),
    "credits that the other side leaves out are named": (
        [line(S3, "10"), CREDIT],
        [line(S3, "10")],
        {"credits": "-4"},
    ),
    "credits that explain only a part explain nothing": (
        [line(S3, "10"), CREDIT],
        [line(S3, "9")],
        {"unexplained": "-3"},
    ),
    "credits that both tell are held against each other": (
        [line(S3, "10"), CREDIT],
        [line(S3, "10"), line(S3, "-1", category="Adjustment")],
        {"credits": "-3"},
    ),
    "compute and the rest of EC2 are one service": (
        [line(EC2, "10")],
        [line("Amazon Elastic Compute Cloud - Compute", "7"), line("EC2 - Other", "3")],
        {},
    ),
    "the same money under a name nobody knows is naming": (
        [line("Amazon New Thing", "10"), line(S3, "1")],
        [line("AmazonThingNew", "10"), line(S3, "1")],
        {},
    ),
    "money that is missing stays unexplained": (
        [line("Amazon New Thing", "10")],
        [line("AmazonThingNew", "10"), line(S3, "8")],
        {"unexplained": "-8"},
    ),
    "amortised on one side, as billed on the other": (
        [line(EC2, "0", effective="5")],
        [line(EC2, "5")],
        {"commitment": "-5"},
    ),
    "no line at all on one side": ([line(S3, "2")], [], {"unexplained": "2"}),
}


@pytest.mark.parametrize(("bill", "said", "expected"), CASES.values(), ids=CASES)
def test_a_difference_has_a_name(
    bill: list[ComparedLine], said: list[ComparedLine], expected: dict[str, str]
) -> None:
    assert reasons(told(bill, said)) == {reason: Decimal(amount) for reason, amount in expected.items()}


def test_a_day_that_either_side_calls_estimated_is_not_yet_settled() -> None:
    bill = [line(S3, "2"), line(S3, "1", category="Tax")]
    opinion = told(bill, [line(S3, "9")], unsettled=[DAY])
    assert reasons(opinion) == {"not yet settled": Decimal(-7), "tax": Decimal(1)}
    assert opinion.finding(Tolerance()) is None


def test_naming_keeps_the_services_apart_and_sums_to_nothing() -> None:
    opinion = told(*CASES["the same money under a name nobody knows is naming"][:2])
    assert [(one.ServiceName, units(one.nano), one.reason) for one in opinion.differences] == [
        ("Amazon New Thing", Decimal(10), Cause.NAMING),
        ("AmazonThingNew", Decimal(-10), Cause.NAMING),
    ]


def test_rounding_is_by_the_smallest_unit_of_the_currency() -> None:
    assert reasons(told([line(S3, "100.6")], [line(S3, "100")], currency="JPY")) == {
        "rounding": Decimal("0.6")
    }


@pytest.mark.parametrize(
    ("lost", "tolerance", "is_finding"),
    [
        pytest.param("1", Tolerance(), False, id="a unit may stay unexplained"),
        pytest.param("1.1", Tolerance(), True, id="more may not"),
        pytest.param("1.1", Tolerance(Decimal("0.02")), False, id="a share of a larger bill may"),
        pytest.param("1.1", Tolerance(amount=Decimal(2)), False, id="or what was asked for"),
        pytest.param("0.5", Tolerance(Decimal(0), Decimal("0.1")), True, id="also less"),
    ],
)
def test_only_what_nothing_explains_beyond_the_tolerance_is_a_finding(
    lost: str, tolerance: Tolerance, is_finding: bool
) -> None:
    said = line(S3, str(100 - Decimal(lost)))
    finding = told([line(S3, "100")], [said]).finding(tolerance)
    assert (finding is not None) is is_finding
    if finding:
        assert finding.period == "2026-10-01"
        assert f"{lost} USD on 3 Oct 2026, most of it {S3}" in finding.text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Elastic Load Balancing", "Amazon Elastic Load Balancing"),
        ("AmazonCloudWatch", "Amazon CloudWatch"),
        ("awskms", "AWS Key Management Service"),
        ("Amazon Elastic Kubernetes Service", "Amazon Elastic Container Service for Kubernetes"),
        ("AmazonEC2", "EC2 - Other"),
    ],
)
def test_a_service_is_known_by_all_its_names(one: str, other: str) -> None:
    assert family(one) == family(other)


def test_services_of_other_names_stay_apart() -> None:
    names = [
        EC2,
        S3,
        "Amazon",
        "AWS",
        "Amazon Elastic Container Service",
        "AWS Lambda",
        "Tax",
        "AWS WAF",
        "(-)",
    ]
    assert len({family(name) for name in names}) == len(names)


_LINES = st.lists(
    st.builds(
        ComparedLine,
        st.sampled_from([DAY, date(2026, 10, 4)]),
        st.sampled_from([EC2, "EC2 - Other", S3, "Tax", "x"]),
        st.sampled_from(["Usage", "Purchase", "Tax", "Credit", "Adjustment"]),
        st.integers(-(10**11), 10**11),
        st.integers(-(10**11), 10**11),
    ),
    max_size=8,
)


@settings(max_examples=150, deadline=None)
@given(bill=_LINES, said=_LINES, unsettled=st.booleans())
def test_reasons_add_up_to_the_whole_difference(
    bill: list[ComparedLine], said: list[ComparedLine], unsettled: bool
) -> None:
    for metric in METRICS:
        opinion = told(bill, said, unsettled=[DAY] if unsettled else [], metric=metric)
        whole = sum(each.nano(metric) for each in bill) - sum(each.nano(metric) for each in said)
        assert sum(opinion.reasons().values()) == whole
        assert sum(opinion.bill.values()) - sum(opinion.said.values()) == whole


# --- as it is read from the warehouse -------------------------------------------------------------

CONFIG = """\
sources:
  - {name: aws, kind: exports, location: bill}
  - {name: gcp, kind: exports, location: gcp}
  - {name: ce, kind: exports, role: check, location: ce}
settle: {age_hours: 0, min_line_share: 0}
"""


def days(*amounts: str, **columns: str) -> list[BillLine]:
    return [
        on_day(number, BilledCost=amount, EffectiveCost=amount, **columns)
        for number, amount in enumerate(amounts, start=1)
    ]


def publish(folder: Path, bill: Sequence[BillLine], said: Sequence[BillLine]) -> Path:
    """A company with two payers, of which the other source knows one."""
    configure(folder, CONFIG, ALERTS)
    write_csv(folder / "bill" / "bill.csv", bill)
    write_csv(folder / "gcp" / "bill.csv", [on_day(2, BillingAccountId="7", BilledCost="1000")])
    write_csv(folder / "ce" / "ce.csv", said)
    for step in ("collect", "allocate"):
        assert cli.run(["-c", str(folder / "costwatch.yaml"), step], NOW) == 0
    return folder


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """October and September are billed, and said of October is the same."""
    said = days("10", "20", "30", ServiceName="EC2 - Other")
    return publish(tmp_path_factory.mktemp("company"), [*days("10", "20", "30"), of_month("2026-09")], said)


def read(company: Path, *statements: str) -> dict[tuple[str, str], Comparison]:
    """What is said, by month and currency, once the warehouse is altered so."""
    with undone(company / "costwatch.db") as db:
        for statement in statements:
            assert db.execute(statement).rowcount > 0
        every = [
            each
            for said in second_opinion.compared_bills(db, proof.published_bills(db).periods)
            for each in compare(said)
        ]
    return {(f"{each.period:%Y-%m}", each.currency): each for each in every if each.metric == "BilledCost"}


OCTOBER = ("2026-10", "USD")
ALTERED = {
    "only the payers and months that the other source knows are compared": ((), {}),
    "a day that the bill lost": (
        ("UPDATE place_day SET BilledCostNano = 0, EffectiveCostNano = 0 WHERE day = 20261001",),
        {"unexplained": "-10"},
    ),
    "days that the other source does not reach yet": (
        ("DELETE FROM check_cost WHERE day = 20261003",),
        {"not yet settled": "30"},
    ),
    "days that the bill does not reach yet": (
        ("DELETE FROM place_day WHERE day > 20261001",),
        {"not yet settled": "-50"},
    ),
    "a day that the other source calls estimated": (
        ("UPDATE check_cost SET estimated = 1, BilledCostNano = 0 WHERE day = 20261001",),
        {"not yet settled": "10"},
    ),
    "a day that the bill calls estimated": (
        (
            "UPDATE day_state SET state = 'estimated' WHERE day = 20261001 AND source = 'aws'",
            "UPDATE check_cost SET BilledCostNano = 0 WHERE day = 20261001",
        ),
        {"not yet settled": "10"},
    ),
    "a day of another payer's that is estimated": (
        (
            "UPDATE day_state SET state = 'estimated' WHERE day = 20261002 AND source = 'gcp'",
            "UPDATE check_cost SET BilledCostNano = 0, EffectiveCostNano = 0 WHERE day = 20261002",
        ),
        {"unexplained": "20"},
    ),
    "an account that the bill does not hold": (
        ("UPDATE load SET accounts = '[\"8\"]' WHERE source = 'ce'",),
        {"unexplained": "-60"},
    ),
    "a charge billed a month later counts on its day": (
        (
            "UPDATE place_day SET period = 20260901 WHERE day = 20261001",
            "INSERT INTO day_line VALUES (20260901, 'aws', 20261001, 1, 0)",
        ),
        {},
    ),
    "a day that is none": (
        ("UPDATE place_day SET day = 20261099 WHERE day = 20261001",),
        {"unexplained": "-10"},
    ),
    "a month that is none": (
        ("UPDATE check_cost SET period = 20261099 WHERE day = 20261003",),
        {"not yet settled": "30"},
    ),
}


@pytest.mark.parametrize(("statements", "expected"), ALTERED.values(), ids=ALTERED)
def test_what_is_said_is_held_against_the_bill_of_the_same_days(
    company: Path, statements: tuple[str, ...], expected: dict[str, str]
) -> None:
    found = read(company, *statements)
    assert [*found] == [OCTOBER]
    assert reasons(found[OCTOBER]) == {reason: Decimal(amount) for reason, amount in expected.items()}


def test_currencies_are_compared_each_by_itself(company: Path) -> None:
    found = read(company, "UPDATE check_cost SET BillingCurrency = 'EUR' WHERE day = 20261001")
    assert {key[1]: reasons(opinion) for key, opinion in found.items()} == {
        "EUR": {"unexplained": Decimal(-10)},
        "USD": {"unexplained": Decimal(10)},
    }


def test_a_day_that_the_export_lost_is_a_finding(costwatch: Costwatch, tmp_path: Path) -> None:
    publish(tmp_path, days("10", "0", "30"), days("10", "20", "30"))
    answer = costwatch("cost", "verify")
    assert answer.code == 3
    assert "FINDING 2026-10: BilledCost of the bill less what ce says: -20 USD on 2 Oct 2026" in answer.out
    tolerant = costwatch("cost", "verify", "--tolerance-amount", "20")
    assert tolerant.code == 0
    assert "unexplained -20" in tolerant.out
