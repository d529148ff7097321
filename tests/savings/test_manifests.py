"""Lines to copy: what they ask for, and that a name cannot do anything in a shell or in a manifest."""

import shlex
from dataclasses import replace

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from costwatch.savings.container_use import Container
from costwatch.savings.manifests import kubectl_line, kubectl_lines, yaml_lines
from costwatch.savings.rightsizing import Advice
from tests.savings.test_rightsizing import API, MIB, advice

SETS = ["kubectl", "set", "resources"]


def of(container: Container, **fields: object) -> Advice:
    found = advice(**fields)
    return replace(found, use=replace(found.use, container=container))


def test_a_line_for_kubectl() -> None:
    assert kubectl_line(of(API)) == (
        "kubectl set resources deployment/api --namespace=shop --containers=main "
        "--requests=cpu=120m,memory=460Mi"
    )


def test_a_limit_that_is_too_low_is_raised_with_it() -> None:
    found = of(API, oom_kills=2, oom_limit_bytes=512 * MIB, memory_limit_bytes=512 * MIB)
    assert kubectl_line(found).endswith("--requests=cpu=120m,memory=615Mi --limits=memory=615Mi")
    assert yaml.safe_load(yaml_lines(found)) == [
        {
            "name": "main",
            "resources": {"requests": {"cpu": "120m", "memory": "615Mi"}, "limits": {"memory": "615Mi"}},
        }
    ]


@pytest.mark.parametrize(
    ("fields", "requests"),
    [
        pytest.param({"cpu_cores_p95": None}, "--requests=memory=460Mi", id="only memory is known"),
        pytest.param({"cpu_cores_p95": 0.5}, "--requests=memory=460Mi", id="CPU fits already"),
        pytest.param({"memory_bytes_max": None}, "--requests=cpu=120m", id="only CPU is known"),
        pytest.param({"cpu_cores_p95": None, "memory_bytes_max": None}, "", id="nothing is known"),
        pytest.param({"days": 3}, "", id="too little is measured"),
    ],
)
def test_only_what_changes_is_asked_for(fields: dict[str, object], requests: str) -> None:
    found = of(API, **fields)
    assert kubectl_line(found).endswith(requests)
    assert bool(kubectl_line(found)) == bool(yaml_lines(found)) == bool(requests)


@pytest.mark.parametrize("kind", ["job", "pod", "rollout", "", "deployment/x -n kube-system"])
def test_what_is_made_anew_has_lines_for_its_manifest_only(kind: str) -> None:
    found = of(API._replace(workload_kind=kind))
    assert kubectl_line(found) == ""
    assert yaml.safe_load(yaml_lines(found))[0]["name"] == "main"


@pytest.mark.parametrize(
    "name",
    [
        "a; reboot",
        "$(reboot)",
        "`id`",
        "'; reboot; '",
        "a\nreboot",
        "a\x03reboot\r",
        "--kubeconfig=/evil",
        "*",
        "a,b",
        "a/b",
        "",
        "\u202eevil",
        "UPPER",
    ],
)
@pytest.mark.parametrize("field", ["namespace", "workload", "name"])
def test_what_kubernetes_would_not_take_for_a_name_goes_into_no_line(name: str, field: str) -> None:
    found = of(API._replace(**{field: name}))
    assert kubectl_line(found) == ""
    assert bool(yaml_lines(found)) == (field != "name")


names = st.text() | st.text("ab1-.") | st.sampled_from(["api", "a.b", "1"])


@given(names, names, names)
def test_a_line_is_one_command_whatever_the_names_are(namespace: str, workload: str, name: str) -> None:
    found = of(Container("prod", namespace, "deployment", workload, name))
    line = kubectl_line(found)
    if line:
        assert line.isprintable()
        words = shlex.split(line)
        assert words[:3] == SETS
        assert words[3:] == [
            f"deployment/{workload}",
            f"--namespace={namespace}",
            f"--containers={name}",
            "--requests=cpu=120m,memory=460Mi",
        ]
    if text := yaml_lines(found):
        (container,) = yaml.safe_load(text)
        assert container == {"name": name, "resources": {"requests": {"cpu": "120m", "memory": "460Mi"}}}


def test_lines_of_each_cluster_stand_below_its_name() -> None:
    names = [("prod", "api"), ("dev\nreboot", "api"), ("prod", "web"), ("idle", "$(reboot)")]
    found = kubectl_lines(of(API._replace(cluster=cluster, workload=name)) for cluster, name in names)
    assert [line.split(" --")[0] for line in found] == [
        "# cluster prod",
        "kubectl set resources deployment/api",
        "kubectl set resources deployment/web",
        "# cluster dev\\nreboot",
        "kubectl set resources deployment/api",
    ]


@pytest.mark.parametrize("name", ["on", "null", "1e3", "0x10", "2026-11-01"])
def test_a_name_stays_a_text_in_yaml(name: str) -> None:
    assert yaml.safe_load(yaml_lines(of(API._replace(name=name))))[0]["name"] == name
