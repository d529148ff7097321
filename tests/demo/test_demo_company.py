"""The made-up company: its files are AWS', and its ground truth is what an outsider sums from them."""

import json
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
import yaml

from costwatch import demo
from costwatch.allocation.settings import Allocation
from costwatch.demo import delivery
from costwatch.errors import UsageError
from costwatch.plugins import accepted
from tests.made import fleet_dollars
from tests.made.cluster_dollars import Dollars, cluster_dollars, listed_files

pytestmark = pytest.mark.slow

NOW = {
    "a Sunday": datetime(2026, 11, 22, tzinfo=UTC),
    "a Monday": datetime(2026, 11, 23, tzinfo=UTC),
    "the 1st of March of a leap year": datetime(2024, 3, 1, tzinfo=UTC),
    "January the 2nd": datetime(2026, 1, 2, tzinfo=UTC),
    "when the 1st has just settled": datetime(2026, 10, 4, tzinfo=UTC),
    "when the last of a month has just settled": datetime(2026, 6, 3, tzinfo=UTC),
    "when the runaway day is the 1st": datetime(2026, 12, 7, tzinfo=UTC),
    "when the restated day is the last of February": datetime(2029, 3, 6, tzinfo=UTC),
}
SUNDAY = NOW["a Sunday"]
TEXT = """BillingAccountId BillingAccountName BillingCurrency ChargeCategory ChargeDescription ChargeFrequency
    InvoiceIssuerName ProviderName PublisherName ServiceCategory ServiceName SubAccountId SubAccountName"""
NULLABLE_TEXT = """ChargeClass CommitmentDiscountCategory CommitmentDiscountId CommitmentDiscountName
    CommitmentDiscountStatus CommitmentDiscountType ConsumedUnit InvoiceId PricingCategory PricingUnit
    RegionId ResourceId ResourceName SkuId SkuMeter x_UsageType"""
DAY, WEEK = timedelta(days=1), timedelta(days=7)

Facts = Mapping[tuple[str, str, str, date], int]  # pool, owner, service, day -> EffectiveCost in nano-dollars


class Delivered:
    """A folder with everything in it, read as an outsider would: ``before`` the last round, and after."""

    def __init__(self, folder: Path, plan: demo.CompanyPlan) -> None:
        self.folder, self.plan = folder, plan
        demo.write_configuration(folder, plan)
        demo.write_ground_truth(folder, plan)
        read = yaml.safe_load((folder / "costwatch.yaml").read_text(encoding="utf-8"))
        told = ("teams", "pools", "systems", "budgets", "settle")
        self.settings = Allocation(**{key: read[key] for key in told})
        *early, last = demo.rounds(plan)
        for round_ in early:
            round_.write(folder)
        self.before = self._facts()
        last.write(folder)
        self.facts = self._facts()
        self.of_clusters: Dollars = cluster_dollars(folder)
        self.of_fleets = fleet_dollars.fleet_dollars(folder, self.settings.pools)

    def ask(self, sql: str) -> list[Any]:
        """The rows of a query of the view ``line``."""
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.read_parquet(listed_files(self.folder)).create_view("line")
            return connection.execute(sql).fetchall()

    def story(self, name: str) -> dict[str, Any]:
        """A story of the ground truth."""
        truth = json.loads((self.folder / "ground-truth.json").read_text(encoding="utf-8"))
        return next(story for story in truth["stories"] if story["story"] == name)

    def _facts(self) -> Facts:
        """Every line's pool and owner, told by the written configuration alone."""
        teams = self.settings.teams
        owners = {name.lower(): team.name for team in teams for name in (team.name, *team.aliases)}
        accounts = {account: team.name for team in teams for account in team.accounts}
        rows = self.ask("""
            SELECT {'ServiceName': ServiceName, 'SubAccountId': SubAccountId,
                    'ChargeCategory': ChargeCategory, 'CommitmentDiscountStatus': CommitmentDiscountStatus},
              {'eks:cluster-name': Tags['eks:cluster-name'], 'fleet': Tags['fleet']},
              lower(Tags['team']), ChargePeriodStart::DATE, sum(round(EffectiveCost * 1e9)::BIGINT)
            FROM line GROUP BY ALL""")
        pools = [
            (
                pool.name,
                pool.match.model_dump(exclude_defaults=True, exclude={"Tags"}).items(),
                accepted(pool.match.Tags).items(),
            )
            for pool in self.settings.pools
        ]
        facts: dict[tuple[str, str, str, date], int] = defaultdict(int)
        for columns, tags, tag, day, nano in rows:
            pool = next(
                name
                for name, wanted, of_tags in pools
                if wanted <= columns.items() and all(tags[key] in values for key, values in of_tags)
            )
            owner = owners[tag] if tag else accounts.get(columns["SubAccountId"], "unallocated")
            facts[pool, owner, columns["ServiceName"], day] += int(nano)
        return facts


def carried(facts: Facts, team: str, service: str, first: date, last: date) -> int:
    """What the team's own charges for the service come to, first and last day included."""
    return sum(
        nano
        for (pool, owner, name, day), nano in facts.items()
        if (pool, owner, name) == ("direct", team, service) and first <= day <= last
    )


def spent_by_team(delivered: Delivered, first: date, last: date) -> dict[str, Fraction]:
    """What each team carries, the pools split as the written configuration says."""
    facts = {key: nano for key, nano in delivered.facts.items() if first <= key[3] <= last}
    spent: dict[str, Fraction] = defaultdict(Fraction)
    owned: dict[date, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for (pool, owner, _, day), nano in facts.items():
        if pool == "direct":
            spent[owner] += nano
            owned[day][owner] += nano
    for settings in delivered.settings.pools:
        for (pool, _, _, day), nano in facts.items():
            if pool != settings.name or settings.split == "owner":
                continue
            if settings.split in ("kubernetes", "driver"):
                continue
            weights = dict(settings.percent if settings.split == "fixed" else owned[day])
            weights.pop("unallocated", None)
            for team, weight in weights.items():
                spent[team] += nano * Fraction(weight) / Fraction(sum(weights.values()))
    for (_, team, day), share in delivered.of_clusters.items():
        spent[team] += share if first <= day <= last else 0
    for (_, team, _, day), share in delivered.of_fleets.items():
        spent[team] += share if first <= day <= last else 0
    assert sum(spent.values()) == sum(facts.values())
    return spent


@pytest.fixture(scope="module", params=[f"{name}, seed {seed}" for name in NOW for seed in (1, 2, 3)])
def delivered(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Delivered:
    name, seed = request.param.split(", seed ")
    return Delivered(tmp_path_factory.mktemp("demo"), demo.plan(NOW[name], int(seed), days=75, rows=12_000))


@pytest.fixture(scope="module")
def default(tmp_path_factory: pytest.TempPathFactory) -> Delivered:
    return Delivered(tmp_path_factory.mktemp("default"), demo.plan(SUNDAY))


def nano(text: str) -> int:
    return int(Decimal(text).scaleb(9))


def settled_week(plan: demo.CompanyPlan) -> tuple[date, date]:
    return plan.monday, min(plan.last_settled, plan.monday + 6 * DAY)


def test_each_amount_of_a_story_is_that_of_its_delivered_lines(delivered: Delivered) -> None:
    monday, last = settled_week(delivered.plan)
    for name in ("runaway-training", "nat-leak", "untagged-account", "restated-day"):
        story = delivered.story(name)
        team, service, day = story["team"], story["service"], date.fromisoformat(story["day"])
        this_week = carried(delivered.facts, team, service, monday, last)
        week_before = carried(delivered.facts, team, service, monday - WEEK, last - WEEK)
        assert nano(story["amount"]) == carried(delivered.facts, team, service, day, day)
        assert nano(story["week_change"]) == this_week - week_before
        # No team's total for the service has a share of a pool in it.
        shared = {pool for pool, _, other, _ in delivered.facts if other == service} - {"direct"}
        assert not shared or team == "unallocated"


def test_the_restated_day_differs_between_deliveries_and_nothing_else_does(delivered: Delivered) -> None:
    story = delivered.story("restated-day")
    service, day = story["service"], date.fromisoformat(story["day"])
    first = carried(delivered.before, "payments", service, day, day)
    assert first == nano(story["first_amount"])
    assert first > 3 * nano(story["amount"])
    changed = {key for key, amount in delivered.before.items() if delivered.facts[key] != amount}
    assert changed == {("direct", "payments", service, day)}


def test_the_month_to_date_over_budget_is_what_the_configuration_gives_the_team(delivered: Delivered) -> None:
    story = delivered.story("over-budget")
    last = date.fromisoformat(story["day"])
    assert last == delivered.plan.last_settled
    assert story["month"] == f"{last:%Y-%m}"
    spent = spent_by_team(delivered, last.replace(day=1), last)["experimentation"]
    assert abs(spent - nano(story["spent"])) <= 1


def test_only_experimentation_goes_over_its_budget_and_by_about_an_eighth(delivered: Delivered) -> None:
    budgets = {budget.team: budget.amount * 10**9 for budget in delivered.settings.budgets}
    last = delivered.plan.last_settled.replace(day=1) - DAY
    spent = spent_by_team(delivered, last.replace(day=1), last)
    spent["*"] = sum(spent.values(), Fraction())
    used = {team: spent[team] / Fraction(budget) for team, budget in budgets.items()}
    assert Fraction("1.10") < used.pop("experimentation") < Fraction("1.14")
    assert max(used.values()) < Fraction("0.90")
    # A month at the rate of the stories' week, leak and all; the runaway job happens once.
    monday, last = settled_week(delivered.plan)
    rate = spent_by_team(delivered, monday, last)
    if monday.month == last.month and monday.day > 1:  # no monthly fees in it
        days = (last - monday).days + 1
        lasting = budgets.keys() - {"*", "ml-platform"}
        used = {team: rate[team] * 31 / days / Fraction(budgets[team]) for team in lasting}
        assert used.pop("experimentation") > Fraction("1.05")
        assert max(used.values()) < 1


def test_the_rules_catch_the_stories_and_nothing_else(delivered: Delivered) -> None:
    plan = delivered.plan
    rules = yaml.safe_load((delivered.folder / "alerts.yaml").read_text(encoding="utf-8"))["rules"]
    leak = [plan.monday + number * DAY for number in range((plan.now.date() - plan.monday).days)]
    for facts, restated in ((delivered.before, False), (delivered.facts, True)):
        last = max(day for *_, day in facts)
        expected = {
            "TrainingSpend": {("ml-platform", plan.runaway_day)},
            "NatGatewaySpend": {("feature-store", day) for day in leak if day <= last},
            "UnallocatedSpend": {("unallocated", day) for day in leak if day <= last},
            "DynamoDBSpend": set() if restated else {("payments", plan.restated_day)},
        }
        for rule in (rule for rule in rules if rule["name"] in expected):
            sums: dict[tuple[str, date], int] = defaultdict(int)
            for (pool, owner, service, day), amount in facts.items():
                if pool == "direct" and rule["match"].items() <= {"team": owner, "service": service}.items():
                    sums[owner, day] += amount
            breaches = {key for key, amount in sums.items() if amount > rule["above"] * 10**9}
            assert breaches == expected[rule["name"]]


def test_the_rules_of_what_is_measured_catch_their_stories_and_nothing_else(delivered: Delivered) -> None:
    plan = delivered.plan
    rules = yaml.safe_load((delivered.folder / "alerts.yaml").read_text(encoding="utf-8"))["rules"]
    (limit,) = (rule["above"] for rule in rules if rule["name"] == "MySQLSpend")
    schema = {
        day: nano
        for (_, _, value, day), nano in delivered.of_fleets.items()
        if value == delivered.story("busy-schema")["schema"]
    }
    assert {day for day, nano in schema.items() if nano > limit * 10**9} == {
        day for day in schema if day >= plan.monday
    }
    views: dict[str, float] = defaultdict(float)
    for row in pq.read_table(delivered.folder / "measures").to_pylist():
        if row["measure"] == "feature_values" and row["day"] >= plan.now.date() - 30 * DAY:
            views[row["labels"]] += row["value"]
        assert row["measure"] != "experiment_requests" or row["value"] > 0
    assert [json.loads(labels) for labels, values in views.items() if values < 1] == [
        {"feature_view": delivered.story("unread-view")["feature_view"]}
    ]


def test_the_rounds_come_as_the_stories_days_settle(delivered: Delivered) -> None:
    plan, to_settle = delivered.plan, 3 * DAY  # the day itself and 48 hours
    first, second, last = (round_.now for round_ in demo.rounds(plan))
    assert plan.monday.weekday() == 0
    assert first.date() == plan.runaway_day + to_settle
    assert second.date() == plan.restated_day + to_settle
    assert second < last == plan.now
    assert plan.last_settled == plan.now.date() - to_settle


def test_no_day_has_fewer_lines_than_settling_asks_for(delivered: Delivered) -> None:
    rows = delivered.ask("SELECT count(*) FROM line GROUP BY ChargePeriodStart ORDER BY ChargePeriodStart")
    counts = [count for (count,) in rows]
    assert len(counts) == 75
    medians = [sorted(counts[number - 7 : number])[3] for number in range(7, 75)]
    share = delivered.settings.settle.min_line_share
    assert all(count >= share * median for count, median in zip(counts[7:], medians, strict=True))


def test_every_column_of_focus_1_2_is_there_in_its_type_and_filled(default: Delivered) -> None:
    types = {name: kind for name, kind, *_ in default.ask("DESCRIBE line")}
    cost = [f"{kind}Cost" for kind in ("Billed", "Contracted", "Effective", "List")]
    time = [f"{kind}Period{end}" for kind in ("Billing", "Charge") for end in ("Start", "End")]
    text = TEXT.split()
    wanted = dict.fromkeys([*cost, "PricingQuantity", "ConsumedQuantity"], "DOUBLE")
    wanted |= dict.fromkeys(time, "TIMESTAMP WITH TIME ZONE")
    wanted |= dict.fromkeys([*text, *NULLABLE_TEXT.split()], "VARCHAR")
    wanted["Tags"] = "MAP(VARCHAR, VARCHAR)"
    assert {name: types.get(name) for name in wanted} == wanted
    filled = ", ".join(f'count("{name}")' for name in [*cost, *time, *text, "Tags"])
    ((lines, *counts),) = default.ask(f"SELECT count(*), {filled} FROM line")
    assert set(counts) == {lines}
    fractions = default.ask(
        f"SELECT {', '.join(f'max(abs(round({name} * 1e9) / 1e9 - {name}))' for name in cost)} FROM line"
    )
    assert fractions == [(0.0,) * 4]


def test_the_default_company_spends_about_400_thousand_a_month_in_150_thousand_lines(
    default: Delivered,
) -> None:
    (line_count,), (month,) = default.ask(
        "SELECT count(*) FROM line UNION ALL "
        "SELECT sum(EffectiveCost) FROM line WHERE BillingPeriodStart = '2026-10-01T00:00:00Z'"
    )
    assert line_count == pytest.approx(150_000, rel=0.05)
    assert month == pytest.approx(410_000, rel=0.05)
    assert {name for (name,) in default.ask("SELECT DISTINCT ChargeCategory FROM line")} == {
        "Credit", "Purchase", "Tax", "Usage",
    }  # fmt: skip
    services = {name for (name,) in default.ask("SELECT DISTINCT ServiceName FROM line")}
    assert services >= {
        "Amazon Elastic Kubernetes Service",
        "Amazon Elastic MapReduce",
        "Amazon Managed Service for Apache Flink",
        "Amazon Managed Streaming for Apache Kafka",
        "Amazon Relational Database Service",
    }


def test_what_is_paid_for_a_savings_plan_is_used_or_unused_to_the_cent(default: Delivered) -> None:
    rows = default.ask("""
        SELECT ChargePeriodStart::DATE, sum(BilledCost), sum(EffectiveCost),
          coalesce(sum(EffectiveCost) FILTER (CommitmentDiscountStatus = 'Unused'), 0),
          bool_and(EffectiveCost = 0) FILTER (ChargeCategory = 'Purchase')
        FROM line WHERE CommitmentDiscountType = 'Compute Savings Plans' GROUP BY 1""")
    assert len(rows) == 395
    assert all(paid == pytest.approx(effective, abs=0.01) for _, paid, effective, _, _ in rows)
    assert all(apart for *_, apart in rows)
    weekend = [unused for day, _, _, unused, _ in rows if day.weekday() >= 5]
    weekday = [unused for day, _, _, unused, _ in rows if day.weekday() < 5]
    assert sum(weekend) / len(weekend) > 20
    assert sorted(weekday)[len(weekday) // 2] == 0


def test_a_reserved_instance_is_paid_for_a_year_ahead(default: Delivered) -> None:
    ((count, paid, used),) = default.ask("""
        SELECT count(*) FILTER (ChargeCategory = 'Purchase'), sum(BilledCost), sum(EffectiveCost)
        FROM line WHERE CommitmentDiscountType = 'Standard Reserved Instances'""")
    assert count == 1
    assert paid / 365 * 395 == pytest.approx(used)


def test_the_same_arguments_give_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    contents = []
    for name, seed in (("once", 1), ("again", 1), ("other", 2)):
        folder = tmp_path / name
        folder.mkdir()
        Delivered(folder, demo.plan(SUNDAY, seed, days=50, rows=6_000))
        files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        contents.append({path.relative_to(folder): path.read_bytes() for path in files})
    once, again, other = contents
    assert once == again
    assert once.keys() == other.keys()
    random = [name for name in once if name.suffix == ".parquet" and name.parts[0] == "export"]
    random += [name for name in once if name.parent.name in ("pod_hours", "measures")]
    assert all(once[name] != other[name] for name in random)


@pytest.mark.parametrize("name", NOW)
def test_a_later_round_writes_only_the_periods_that_change(name: str, tmp_path: Path) -> None:
    plan = demo.plan(NOW[name], days=75, rows=5_000)
    first, *later = demo.rounds(plan)
    first.write(tmp_path)
    new_day = first.now.date()
    for round_ in later:
        old = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
        round_.write(tmp_path)
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        changed = [path for path in files if old.get(path) != path.stat().st_mtime_ns]
        changed.remove(tmp_path / delivery.RELEASES)  # which is written on
        measured = {path for path in changed if not path.is_relative_to(tmp_path / "export")}
        assert {path.stem for path in measured} == {
            f"{new_day + number * DAY}" for number in range((round_.now.date() - new_day).days)
        }
        assert not measured & old.keys()
        rewritten = {path.parent.name[-7:] for path in set(changed) - measured}
        days = [new_day + number * DAY for number in range((round_.now.date() - new_day).days)]
        restated = [plan.restated_day] if round_ is later[-1] else []
        assert rewritten == {f"{day:%Y-%m}" for day in (*days, *restated)}
        new_day = round_.now.date()


def test_a_delivery_of_fewer_files_leaves_none_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = demo.plan(SUNDAY, days=60, rows=10_000)
    for limit, files in ((3_000, 2), (1_000_000, 1)):
        monkeypatch.setattr(delivery, "LINES_IN_ONE_FILE", limit)
        demo.rounds(plan)[0].write(tmp_path)
        there = sorted(str(path) for path in (tmp_path / "export" / "data").rglob("*") if path.is_file())
        assert there == listed_files(tmp_path)
        assert sum("2026-10" in name for name in there) == files


def test_more_rows_are_more_resources_for_the_same_money() -> None:
    bills = [demo.plan(SUNDAY, days=50, rows=rows).bill for rows in (1, 100_000)]
    few, many = (int(((bill.billed != 0) | (bill.effective != 0)).sum()) for bill in bills)
    assert few < 10_000
    assert many == pytest.approx(100_000, rel=0.05)
    assert int(bills[0].effective.sum()) == pytest.approx(int(bills[1].effective.sum()), rel=0.02)


@pytest.mark.parametrize(
    ("now", "days", "rows", "seed"),
    [
        pytest.param(datetime(2026, 11, 22, 9, tzinfo=UTC), 395, 1_000, 7, id="not at midnight"),
        pytest.param(datetime(2026, 11, 22), 395, 1_000, 7, id="of no time zone"),  # noqa: DTZ001
        pytest.param(SUNDAY, 20, 1_000, 7, id="too few days for the stories"),
        pytest.param(SUNDAY, 395, 0, 7, id="no rows"),
        pytest.param(SUNDAY, 395, 1_000, -1, id="of a negative seed"),
    ],
)
def test_a_company_that_cannot_be_made_is_refused(now: datetime, days: int, rows: int, seed: int) -> None:
    with pytest.raises(UsageError, match="demo: "):
        demo.plan(now, seed, days, rows)
