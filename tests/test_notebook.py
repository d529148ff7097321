"""``costwatch.frame`` answers as the commands do, to the nano-unit, and in columns that add up."""

import csv
import io
import re
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import costwatch
from costwatch.errors import UsageError
from costwatch.model import COST_METRICS, DIMENSIONS
from costwatch.money import nanos
from costwatch.warehouse.store import Warehouse
from tests.made.command_line import Costwatch, commands
from tests.made.warehouse_rows import NOW, Row, company, company_rows, fill

RATES = (
    "currency: {reporting: EUR, rates: {2026-09: {USD: 0.9137}, 2026-10: {USD: 0.9}, 2026-11: {USD: 0.91}}}"
)
README = Path(__file__).parents[1] / "README.md"
EVERY_DAY = date(2026, 9, 14), date(2026, 11, 22)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A company in two currencies, one of its days restated, and rates to convert by."""
    folder = tmp_path_factory.mktemp("company")
    warehouse = company(folder / "costwatch.db")
    euros = [(*row[:3], "EUR", Decimal(str(row[4])) / 7, row[5], row[6]) for row in company_rows()[::5]]
    fill(warehouse, [*company_rows(), *euros], NOW + timedelta(hours=1))
    (folder / "costwatch.yaml").write_text(f"warehouse: costwatch.db\n{RATES}\n")
    return folder


@pytest.fixture
def shown(folder: Path, capsys: pytest.CaptureFixture[str]) -> Costwatch:
    """``cost show`` of that company."""
    run = commands(capsys)
    return lambda *options: run("-c", folder / "costwatch.yaml", "cost", "show", *options)


def asked(folder: Path, question: str = "cost", **filters: Any) -> pd.DataFrame:
    return costwatch.frame(question, config=folder / "costwatch.yaml", now=NOW, **filters)


def as_json(found: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as ``cost show --json`` has them."""
    rows = []
    for row in found.to_dict("records"):
        if "day" in row:
            row["day"] = row["day"].date().isoformat()
        if "x_AsOf" in row:
            row["x_AsOf"] = row["x_AsOf"].isoformat().replace("+00:00", "Z")
        pairs = [(f"x_{cost}BeforeCredits", cost) for cost in ("BilledCost", "EffectiveCost")]
        if all(row[f"{before}Nano"] == row[f"{net}Nano"] for before, net in pairs):
            row = {name: value for name, value in row.items() if "BeforeCredits" not in name}
        rows.append(row)
    return rows


@pytest.mark.parametrize("per_day", [False, True], ids=["sums", "days"])
@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_a_frame_is_what_cost_show_says(
    dimension: str, per_day: bool, folder: Path, shown: Costwatch
) -> None:
    options = ["--by", dimension, *(["--per-day"] if per_day else [])]
    found = asked(folder, by=dimension, per_day=per_day)
    assert as_json(found) == shown(*options, "--json").json
    assert found["EffectiveCostNano"].dtype == "int64"
    of_csv = list(csv.DictReader(io.StringIO(shown(*options, "--csv").out)))
    for metric in ("BilledCost", "EffectiveCost"):
        assert [nanos(Decimal(row[metric])) for row in of_csv] == list(found[f"{metric}Nano"])
    assert [row["BillingCurrency"] for row in of_csv] == list(found["BillingCurrency"])


ASKED = {
    "several labels": (["--by", "team", "--by", "service"], {"by": ["team", "service"]}),
    "nothing": ([], {}),
    "a window": (
        ["--from", "2026-10-01", "--to", "2026-11-01"],
        {"first": "2026-10-01", "after": "2026-11-01"},
    ),
    "filters": (
        ["--by", "service", "--team", "RISK", "--team", "platform"],
        {"by": "service", "where": {"team": ["RISK", "platform"]}},
    ),
    "one value": (["--by", "service", "--team", "risk"], {"by": "service", "where": {"team": "risk"}}),
    "an instant": (
        ["--by", "team", "--per-day", "--as-of", "2026-11-20T00:00:00Z"],
        {"by": "team", "per_day": True, "as_of": "2026-11-20"},
    ),
    "converted": (["--by", "team", "--converted"], {"by": "team", "converted": True}),
}


@pytest.mark.parametrize("case", ASKED)
def test_a_frame_asked_with(case: str, folder: Path, shown: Costwatch) -> None:
    options, filters = ASKED[case]
    found = asked(folder, **filters)
    assert as_json(found) == shown(*options, "--json").json != []


def test_columns_have_types_to_draw_by_and_to_add_up(folder: Path) -> None:
    found = asked(folder, by="team", per_day=True)
    kinds = {name: found[name].dtype.kind for name in found}
    assert kinds.pop("day") == "M"
    assert {name for name, kind in kinds.items() if kind == "f"} == {
        *("BilledCost", "EffectiveCost", "x_BilledCostBeforeCredits", "x_EffectiveCostBeforeCredits"),
    }
    assert {name for name, kind in kinds.items() if kind == "i"} == {
        *("BilledCostNano", "EffectiveCostNano", "x_LineCount"),
        *("x_BilledCostBeforeCreditsNano", "x_EffectiveCostBeforeCreditsNano"),
    }
    assert (found["day"].min().date(), found["day"].max().date()) == (EVERY_DAY[0], date(2026, 11, 21))
    by_team = found.groupby(["x_Team", "BillingCurrency"])["EffectiveCostNano"].sum()
    summed = asked(folder, by="team").set_index(["x_Team", "BillingCurrency"])["EffectiveCostNano"]
    assert by_team.to_dict() == summed.to_dict()


def test_what_does_not_fit_64_bits_stays_exact(tmp_path: Path) -> None:
    rows: list[Row] = [
        (date(2026, month, 1), "risk", "S3", "JPY", "8999999999.000000001", 1, "settled") for month in (9, 10)
    ]
    fill(Warehouse(tmp_path / "costwatch.db"), rows)
    (found,) = costwatch.frame("cost", warehouse=tmp_path / "costwatch.db")["BilledCostNano"]
    assert found == 2 * 8_999_999_999_000_000_001


def test_an_answer_of_nothing_has_the_columns_of_any(folder: Path) -> None:
    some, none = (asked(folder, by="team", per_day=True, first=first) for first in (None, "2027-01-01"))
    assert none.empty
    assert dict(none.dtypes) == dict(some.dtypes)


@pytest.mark.parametrize("metric", COST_METRICS)
def test_what_rules_can_ask_is_a_frame_of_points(metric: str, folder: Path) -> None:
    points = asked(folder, metric, by="team", first="2026-10-01", where={"team": ["risk"]})
    column = f"{metric}Nano"
    of_cost = asked(folder, by="team", first="2026-10-01", where={"team": ["risk"]}, per_day=True)
    net = f"x_{column}" if "Before" in metric else column
    both = (
        points.set_index(["BillingCurrency", "day"])[column],
        of_cost.set_index(["BillingCurrency", "day"])[net],
    )
    assert both[0].to_dict() == both[1].to_dict() != {}
    assert points["x_State"].isin(["closed", "settled", "estimated"]).all()


def test_other_questions(folder: Path) -> None:
    assert list(asked(folder, "freshness", by="source")["value"]) == [0.0]  # asked an hour before it came
    budgets = asked(folder, "budget", by=["name", "team"], where={"team": "risk"})
    assert list(budgets["budgetNano"]) == [90_000 * 10**9]
    assert list(asked(folder, "alerts")["rule"]) == ["TeamDailySpend", "NatLeak"]
    since = asked(folder, "alerts", first=date(2026, 11, 16)).set_index("rule")
    assert since.loc["StaleData", "resolved_at"] == datetime(2026, 11, 16, 12, tzinfo=UTC)
    assert since.loc["NatLeak", "value"] == 401.5
    assert since.loc["NatLeak", "labels"]["team"] == "feature-store"


@pytest.mark.parametrize(
    ("filters", "told"),
    [
        pytest.param({"question": "costs"}, "no query is named 'costs'.*'cost'", id="an unknown question"),
        pytest.param({"by": "tema"}, "'tema': cost cannot be grouped", id="an unknown label"),
        pytest.param({"where": {"team": "rsik"}}, "did you mean 'risk'", id="a value that nothing has"),
        pytest.param({"first": "2026"}, "'2026' is not a day", id="no day"),
        pytest.param({"as_of": "noon"}, "'noon' is not a time", id="no instant"),
        pytest.param({"first": "2026-10-02", "after": "2026-10-02"}, "holds no day", id="no day between"),
        pytest.param(
            {"question": "budget", "where": {"team": "risk"}},
            "where names team; add it",
            id="a label not asked",
        ),
    ],
)
def test_mistakes_are_told_in_a_sentence(filters: dict[str, Any], told: str, folder: Path) -> None:
    with pytest.raises(UsageError, match=told):
        asked(folder, **filters)


def test_without_a_path_the_file_of_the_folder_counts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    pd.testing.assert_frame_equal(costwatch.frame("cost", now=NOW), asked(folder))


def test_the_example_of_the_readme_runs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (example,) = re.findall(
        r"^```python\n(import costwatch\n.*?)^```$", README.read_text(), re.MULTILINE | re.DOTALL
    )
    monkeypatch.chdir(folder)
    scope: dict[str, Any] = {}
    exec(example.replace(".plot.area()", ""), scope)
    assert {*scope["days"]["x_Team"]} == {"risk"}


def test_the_package_imports_nothing_before_a_frame_is_asked_for() -> None:
    program = "import costwatch, sys; print(*[name for name in sys.modules if name.startswith('costwatch')])"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["costwatch"]
    with pytest.raises(AttributeError, match="no attribute 'fram'"):
        costwatch.fram  # noqa: B018
