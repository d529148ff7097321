"""``costwatch cost runs``: its rows are the cost of the workloads that have runs; what it says of them."""

import pytest

from tests.commands.test_usage import golden
from tests.made.command_line import Costwatch, configure
from tests.made.run_company import HOSTILE, NOW, TEAMS, RunCompany

AT = ("--now", "2026-11-03T06:00:00Z")
OCTOBER = ("--from", "2026-10-01", "--to", "2026-11-01")


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> RunCompany:
    made = RunCompany(tmp_path_factory.mktemp("company"))
    made.run(NOW)
    configure(made.root, f"teams: {TEAMS}\n")
    return made


@pytest.fixture
def runs(costwatch: Costwatch, company: RunCompany, monkeypatch: pytest.MonkeyPatch) -> Costwatch:
    monkeypatch.chdir(company.root)
    return lambda *arguments: costwatch(*AT, "cost", "runs", *arguments)


def test_runs(runs: Costwatch) -> None:
    shown = runs("--from", "2026-10-01", "--limit", "8")
    assert (shown.code, shown.err) == (0, "")
    golden("cost-runs.txt", shown.out)


WINDOWS = {"the month": OCTOBER, "a day of it": ("--from", "2026-10-06", "--to", "2026-10-07")}
FILTERS = {"all": (), "a team": ("--team", "ml"), "a namespace": ("--namespace", "ml")}


@pytest.mark.parametrize("filters", FILTERS.values(), ids=FILTERS)
@pytest.mark.parametrize("window", WINDOWS.values(), ids=WINDOWS)
def test_rows_are_what_their_workloads_cost(
    costwatch: Costwatch, runs: Costwatch, window: tuple[str, ...], filters: tuple[str, ...]
) -> None:
    rows = runs("--json", *window, *filters).json
    shown = costwatch("cost", "show", "--by", "workload", "--by", "service", "--json", *window, *filters).json
    of_runs = [
        row["EffectiveCostNano"]
        for row in shown
        if row["x_Workload"].startswith(("job/", "cronjob/", "statefulset/"))
        or row["ServiceName"] == "Amazon SageMaker"
    ]
    assert sum(row["EffectiveCostNano"] for row in rows) == sum(of_runs) > 0
    for row in rows:
        assert sum(of["EffectiveCostNano"] for of in row["teams"].values()) == row["EffectiveCostNano"]


def test_runs_of_clusters_are_told_where_the_lines_are_gone(runs: Costwatch, company: RunCompany) -> None:
    whole = runs("--json", *OCTOBER).json
    ledger, aside = company.root / "ledger", company.root / "aside"
    ledger.rename(aside)
    try:
        shown = runs("--json", *OCTOBER)
    finally:
        aside.rename(ledger)
    assert shown.code == 1
    assert shown.json == [row for row in whole if row["cluster"] in ("prod", "dev")] != []
    assert "this file of the ledger is gone" in shown.err
    assert "jobs of Amazon SageMaker are left out" in shown.err


def test_each_kind_of_run_is_told(runs: Costwatch) -> None:
    rows = {row["run"]: row for row in runs("--json", *OCTOBER).json if row["run"]}
    exp = rows["exp-7"]
    assert (exp["kind"], exp["workload"], exp["outcome"]) == ("run id", "job/train-a, job/train-b", "failed")
    assert (exp["cpu_core_hours"], exp["gpu_hours"]) == (18.0, 0.0)
    assert (exp["first_day"], exp["last_day"]) == ("2026-10-06", "2026-10-07")
    train = rows["train-1"]
    assert (train["started_at"], train["ended_at"]) == ("2026-10-03T00:00:00Z", None)
    assert (train["gpu_hours"], train["outcome"]) == (96.0, "unknown")  # nobody saw it end
    churn = rows["churn-2026"]
    assert (churn["kind"], churn["namespace"], churn["EffectiveCostNano"]) == (
        "training-job",
        "eu-west-1",
        20_000_000_002,
    )
    assert (churn["gpu_hours"], churn["outcome"], churn["cluster"]) == (None, "unknown", "111122223333")
    # A quarter of an eighth of $24: the CronJob's second Job of the day.
    assert rows["etl-11"]["EffectiveCost"] == pytest.approx(0.25)


def test_what_is_not_billed_yet_is_estimated_and_in_no_sum(runs: Costwatch) -> None:
    rows = runs("--json", "--from", "2026-11-01").json
    assert {row["run"] for row in rows} == {"etl-310", "etl-311", "etl-320", "etl-321"}
    assert {row["EffectiveCostNano"] for row in rows} == {0}
    assert sorted(row["estimatedNano"] for row in rows) == [250_000_000] * 2 + [750_000_000] * 2
    shown = runs("--from", "2026-11-01")
    assert "not billed yet" in shown.out
    assert "failed runs: ml $0.00 and $0.25 estimated" in shown.out


def test_names_are_shown_and_do_not_steer(runs: Costwatch) -> None:
    shown = runs(*OCTOBER)
    assert "\x1b" not in shown.out
    assert r"<b>exp</b>\x1b[31m" in shown.out
    assert HOSTILE in {row["run"] for row in runs("--json", *OCTOBER).json}


def test_a_team_without_runs_is_told(runs: Costwatch) -> None:
    answer = runs("--team", "shop")
    assert (answer.code, answer.out) == (0, "")
    assert "no run is known from 2026-10-05 up to 2026-11-04" in answer.err


REFUSED = {
    "a team that nobody has": (
        ("--team", "m1"),
        "cost runs: --team 'm1': no cost is known of it",
    ),
    "a namespace": (("--namespace", "mll"), "cost runs: --namespace 'mll': no cost is known of it"),
    "both kinds of window": (("--last", "7d", "--from", "2026-10-01"), "exclude each other"),
}


@pytest.mark.parametrize(("words", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_asked_is_refused(runs: Costwatch, words: tuple[str, ...], said: str) -> None:
    answer = runs(*words)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err


def test_another_label_names_runs_where_it_is_configured(
    costwatch: Costwatch, company: RunCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(company.root)
    (company.root / "other.yaml").write_text(f"teams: {TEAMS}\nruns: {{label: team}}\n")
    rows = costwatch(*AT, "-c", "other.yaml", "cost", "runs", "--json", *OCTOBER).json
    assert {row["run"] for row in rows if row["kind"] == "run id"} == {"ml", "shop"}


def test_resources_are_a_label_of_lines(
    costwatch: Costwatch, company: RunCompany, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(company.root)
    words = ("cost", "show", "--by", "resource", "--service", "Amazon SageMaker", "--json")
    rows = costwatch(*words).json
    by_day = costwatch(*words, "--per-day").json
    assert sum(row["EffectiveCostNano"] for row in by_day) == sum(row["EffectiveCostNano"] for row in rows)
    assert len(by_day) == 4
    assert {row["ResourceId"].rpartition("/")[2]: row["EffectiveCost"] for row in rows} == {
        "churn-2026": 20.000000002,
        "score": 3,
        "live": 7,
    }
