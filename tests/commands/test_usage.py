"""``costwatch usage``: what it prints, what it says of what nobody knows, and names that are traps."""

import os
import shlex
from pathlib import Path

import pytest

from tests.made import usage_company
from tests.made.command_line import Costwatch, configure
from tests.made.usage_rows import FIRST, hostile_names, hours, node_day, pod_hour, stored

GOLDEN = Path(__file__).parents[1] / "golden"
NOW = ("--now", "2026-11-21T06:00:00Z")


def golden(name: str, text: str) -> None:
    """Compare with a golden file; COSTWATCH_GOLDEN=write writes it anew."""
    file = GOLDEN / name
    if os.environ.get("COSTWATCH_GOLDEN") == "write":
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("company")
    configure(folder)
    stored(folder, usage_company.pods(), usage_company.nodes())
    return folder


@pytest.fixture
def usage(costwatch: Costwatch, company: Path, monkeypatch: pytest.MonkeyPatch) -> Costwatch:
    monkeypatch.chdir(company)
    return lambda *arguments: costwatch(*NOW, "usage", *arguments)


@pytest.mark.parametrize("by", ["namespace", "cluster", "workload", "label:team"])
def test_show(usage: Costwatch, by: str) -> None:
    shown = usage("show", "--by", by)
    assert (shown.code, shown.err) == (0, "")
    golden(f"usage-by-{by.replace(':', '-')}.txt", shown.out)


def test_rightsize(usage: Costwatch) -> None:
    shown = usage("rightsize")
    assert (shown.code, shown.err) == (0, "")
    golden("usage-rightsize.txt", shown.out)


def test_show_as_json(usage: Costwatch) -> None:
    rows = usage("show", "--by", "cluster", "--json").json
    assert [row["cluster"] for row in rows] == ["prod", "staging"]
    prod = rows[0]
    # One of two nodes was measured for 14 of 24 hours on one of 20 days.
    assert prod["coverage"] == pytest.approx(1 - 10 / 24 / 40)
    assert prod["cpu_capacity_core_hours"] == pytest.approx(16 * (2 * 24 * 20 - 10))
    assert prod["cpu_idle_core_hours"] == pytest.approx(
        prod["cpu_capacity_core_hours"] - prod["cpu_larger_core_hours"]
    )
    assert prod["cpu_use_is_partly_known"] is True
    assert prod["gpu_requested_hours"] == pytest.approx(4 * (24 * 20 - 10))
    assert rows[1]["gpu_efficiency"] is None


def test_show_of_some_days_and_some_pods(usage: Costwatch) -> None:
    (row,) = usage(
        *("show", "--by", "workload", "--where", "workload=deployment/checkout", "--where", "cluster=prod"),
        *("--from", FIRST, "--to", "2026-11-02", "--json"),
    ).json
    assert (row["workload"], row["cpu_requested_core_hours"]) == ("deployment/checkout", 3 * 2 * 24)
    assert usage("show", "--where", "label:team=", "--json").json == []


def test_rightsize_as_json(usage: Costwatch) -> None:
    rows = usage("rightsize", "--namespace", "shop", "--cluster", "prod", "--json").json
    assert [row["workload"] for row in rows] == ["search", "checkout", "cart"]  # the killed one first
    search = rows[0]
    assert search["memory_advised_bytes"] > search["memory_limit_bytes"] == 2 * 2**30
    assert search["memory_limit_advised_bytes"] == search["memory_advised_bytes"]
    assert shlex.split(search["kubectl"])[:4] == ["kubectl", "set", "resources", "deployment/search"]
    assert (search["saving_a_month"], search["currency"]) == (None, "")


def test_only_so_many_are_shown(usage: Costwatch) -> None:
    shown = usage("rightsize", "--limit", "2").out
    assert "(9 more; --limit shows them)" in shown
    assert shown.count("kubectl set resources") == 2


# --- what nobody knows ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(
            ("show", "--by", "namspace"), "did you mean 'namespace'?", id="a dimension that is none is told"
        ),
        pytest.param(("show", "--by", "label:"), "'label:' is not one of", id="a label needs a key"),
        pytest.param(
            ("show", "--by", "label:tema"),
            "usage show: --by 'label:tema': no usage is known of it; did you mean 'label:team'?",
            id="a label that no pod has",
        ),
        pytest.param(
            ("show", "--where", "namespac=shop"),
            "usage show: --where 'namespac': no usage is known of it; did you mean 'namespace'?",
            id="a filter that is none",
        ),
        pytest.param(
            ("show", "--where", "namespace=shopp"),
            "usage show: --where namespace: 'shopp': no usage is known of it; did you mean 'shop'?",
            id="a value that nothing has",
        ),
        pytest.param(("show", "--where", "shop"), "has no '='", id="a filter without a value"),
        pytest.param(
            ("show", "--from", "2026-11-02", "--to", "2026-11-02"),
            "holds no day",
            id="a window without a day",
        ),
        pytest.param(
            ("rightsize", "--namespace", "shopp"),
            "usage rightsize: --namespace 'shopp': no usage is known of it; did you mean 'shop'?",
            id="a namespace that nobody has",
        ),
        pytest.param(
            ("rightsize", "--cluster", "prd"),
            "usage rightsize: --cluster 'prd': no usage is known of it; did you mean 'prod'?",
            id="a cluster that nobody has",
        ),
    ],
)
def test_mistakes_are_told_with_what_is_near(usage: Costwatch, arguments: tuple[str, ...], said: str) -> None:
    shown = usage(*arguments)
    assert (shown.code, shown.out) == (2, "")
    assert said in " ".join(shown.err.split())


def test_before_anything_was_collected_it_says_what_to_do(costwatch: Costwatch, tmp_path: Path) -> None:
    configure(tmp_path)
    assert costwatch("usage", "show").code == 1  # no warehouse
    assert costwatch("db", "migrate").code == 0
    for arguments in (
        ("show",),
        ("rightsize",),
        ("show", "--by", "label:team"),
        ("rightsize", "--cluster", "x"),
    ):
        shown = costwatch("usage", *arguments)
        assert (shown.code, shown.out) == (0, "")
        assert shown.err == (
            "costwatch: no usage was collected yet; "
            "add a source of kind kubernetes to costwatch.yaml and run `costwatch collect`\n"
        )
        assert costwatch("usage", *arguments, "--json").json == []


def test_days_without_usage_are_told(usage: Costwatch) -> None:
    assert "it is held from 2026-11-01 up to 2026-11-21" in usage("show", "--from", "2027-01-01").err
    later = usage("rightsize", "--now", "2027-03-01")
    assert (later.code, later.out) == (0, "")
    assert "no pod ran in the last 30 days; usage is held up to 2026-11-21" in later.err


def test_a_file_that_the_ledger_lost_is_told_of(
    costwatch: Costwatch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(tmp_path)
    stored(tmp_path, hours(24))
    for file in (tmp_path / "ledger").glob("*.parquet"):
        file.unlink()
    shown = costwatch(*NOW, "usage", "rightsize")
    assert (shown.code, shown.out) == (1, "")
    assert "run `costwatch collect`, which reads what is missing again" in shown.err


# --- names that are traps ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments", [("show", "--by", "workload"), ("show", "--by", "label:team"), ("rightsize",)]
)
def test_names_cannot_steer_a_terminal(
    costwatch: Costwatch, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    configure(tmp_path)
    rows = hours(24 * 10, **hostile_names(), labels='{"team":"\\u001b[31m\\u202erisk"}')
    stored(tmp_path, rows, [node_day()])
    shown = costwatch(*NOW, "usage", *arguments)
    assert shown.code == 0
    assert all(line.isprintable() for line in shown.out.splitlines())
    assert "kubectl" not in shown.out
    rows = costwatch(*NOW, "usage", *arguments, "--json")
    assert rows.out.isascii()


def test_a_hostile_name_can_be_asked_for(costwatch: Costwatch, tmp_path: Path) -> None:
    configure(tmp_path)
    names = hostile_names()
    stored(tmp_path, [pod_hour(**names), pod_hour()])
    (found,) = costwatch(*NOW, "usage", "show", "--where", f"namespace={names['namespace']}", "--json").json
    assert found["namespace"] == names["namespace"]
