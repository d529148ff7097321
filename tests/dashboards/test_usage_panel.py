"""Costs of kind kubernetes: requests against use, idle, requests that would fit, and names that are traps."""

import shutil
from html import escape
from pathlib import Path

import pytest

from costwatch.warehouse.store import Warehouse
from tests.answers.test_cluster_rates import machine, made, october
from tests.made import pages_company, usage_company
from tests.made.company import NOW
from tests.made.opened_pages import Open, Page
from tests.made.usage_rows import Pods, hostile_names, run

MODE = {"mode": "kubernetes"}


@pytest.fixture(scope="module")
def clusters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The made-up company, and what its pods did."""
    file = pages_company.full(tmp_path_factory.mktemp("clusters"))
    source = Pods(name="k8s")
    source.says([*usage_company.pods(), *usage_company.hostile_pods()], usage_company.nodes())
    run(Warehouse(file.parent / "costwatch.db"), source)
    return file


def code_of(shown: Page) -> str:
    return "\n".join(block.value for block in shown.test.code)


def test_the_bill_is_what_costs_are_of_at_first(open_page: Open, clusters: Path) -> None:
    shown = open_page(clusters, "costs")
    assert "By day" in shown.text
    assert "Requests against use" not in shown.text


def test_requests_are_held_against_use(open_page: Open, clusters: Path) -> None:
    shown = open_page(clusters, "costs", **MODE, cluster="prod")
    assert float(shown.number("cpu_efficiency")) == pytest.approx(0.32, abs=0.05)
    assert float(shown.number("memory_idle")) == pytest.approx(0.44, abs=0.05)
    for name in ("shop", "feature-store", "ml", "kube-system", "experiments"):
        assert f"<b>{name}</b>" in shown.html
    assert "staging" not in shown.html
    assert "≥" in shown.text  # some of it was not measured
    assert "1 Nov to Fri 20 Nov" in shown.text


def test_a_cluster_of_unknown_nodes_is_in_no_share_of_idle(open_page: Open, clusters: Path) -> None:
    shown = open_page(clusters, "costs", **MODE)
    assert "4,543 of 16,160 core-hours" in shown.text
    assert float(shown.number("cpu_idle")) == pytest.approx(0.281, abs=0.001)


@pytest.mark.parametrize(
    ("by", "shown_name"),
    [("cluster", "staging"), ("workload", "statefulset/serving"), ("label:team", "feature-store")],
)
def test_it_is_grouped_by_what_is_chosen(open_page: Open, clusters: Path, by: str, shown_name: str) -> None:
    shown = open_page(clusters, "costs", **MODE, usage_by=by)
    assert f"<b>{shown_name}</b>" in shown.html
    assert f"by {by}" in shown.text


def test_requests_that_would_fit_have_lines_to_copy(open_page: Open, clusters: Path) -> None:
    shown = open_page(clusters, "costs", **MODE)
    assert "1000m → 1356m" in shown.text
    assert "OOM-killed 3 times" in shown.text
    assert "hardly used (5 %)" in shown.text
    assert "1 container without advice: measured on 3 of the 7 days that it takes." in shown.text
    lines = code_of(shown).splitlines()
    assert lines[:2] == [
        "# cluster prod",
        "kubectl set resources deployment/search --namespace=shop --containers=main "
        "--requests=cpu=1356m,memory=2847Mi --limits=memory=2847Mi",
    ]
    assert "such as a job, has no line" in shown.text
    yaml = code_of(open_page(clusters, "costs", **MODE, lines="yaml"))
    assert yaml.startswith('# prod, shop, deployment/search\n- name: "main"\n  resources:')


def test_savings_are_shown_where_the_bill_knows_the_nodes(open_page: Open, tmp_path: Path) -> None:
    made(tmp_path, [machine(day) for day in range(1, 21)], *october())
    (tmp_path / "costwatch.yaml").write_text("teams: [{name: shop}]\n")
    shown = open_page(tmp_path / "costwatch.yaml", "costs", NOW, **MODE)
    assert "Saving a month" in shown.text
    assert "500m → 200m 1024Mi → 589Mi $43.90" in shown.text


def test_filters_narrow_all_of_it(open_page: Open, clusters: Path) -> None:
    shown = open_page(clusters, "costs", **MODE, namespace="ml")
    assert "trainer" in shown.html
    assert "checkout" not in shown.html
    assert code_of(shown).count("kubectl") == 1


@pytest.mark.parametrize(
    ("query", "said"),
    [
        pytest.param({"namespace": "shopp"}, "No usage is known of namespace shopp", id="a namespace"),
        pytest.param({"cluster": "prd"}, "No usage is known of cluster prd", id="a cluster"),
        pytest.param({"usage_by": "pod"}, "there is no pod", id="a dimension"),
        pytest.param({"mode": "cubes"}, "there is no cubes", id="a mode"),
    ],
)
def test_what_nobody_knows_is_told_and_no_number_shown(
    open_page: Open, clusters: Path, query: dict[str, str], said: str
) -> None:
    shown = open_page(clusters, "costs", **{**MODE, **query})
    assert said in shown.text
    assert "efficiency" not in shown.text


@pytest.mark.parametrize(
    "query", [{}, {"usage_by": "workload"}, {"usage_by": "label:team"}, {"lines": "yaml"}]
)
def test_names_are_text_and_no_markup(open_page: Open, clusters: Path, query: dict[str, str]) -> None:
    shown = open_page(clusters, "costs", **MODE, **query)
    names = hostile_names()
    assert "<script>" not in shown.html
    assert "<b>risk</b>" not in shown.html.replace("<b>&lt;b&gt;risk&lt;/b&gt;</b>", "")
    assert escape(names["cluster"], quote=True).replace("&#x27;", "&#39;") in shown.html
    assert all(line.isprintable() for line in code_of(shown).splitlines())
    assert "reboot" not in code_of(shown)


def test_before_anything_was_collected_it_says_what_to_configure(open_page: Open, full: Path) -> None:
    shown = open_page(full, "costs", **MODE)
    assert "No usage yet" in shown.text
    assert "Add a source of kind kubernetes" in shown.text


def test_without_the_ledger_the_rest_is_there(open_page: Open, clusters: Path, tmp_path: Path) -> None:
    shutil.copytree(clusters.parent, tmp_path, dirs_exist_ok=True)
    shutil.rmtree(tmp_path / "ledger")
    shown = open_page(tmp_path / "costwatch.yaml", "costs", **MODE)
    assert "They cannot be read here" in shown.text
    assert shown.number("cpu_efficiency") > 0
