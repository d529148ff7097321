"""The label that names runs: a source must keep it."""

from pathlib import Path

import pytest

from costwatch.config import check, load_config

K8S = "sources:\n  - {name: k8s, kind: kubernetes, url: 'http://127.0.0.1:9', pod_labels: [team, run_id]}\n"
CASES = {
    "the usual one": ("", []),
    "one that is kept": ("runs: {label: team}\n", []),
    "one that is misspelt": (
        "runs: {label: runid}\n",
        ["3: no source keeps the label 'runid'; did you mean 'run_id'?"],
    ),
    "one that nobody keeps": (
        "runs: {label: experiment}\n",
        ["3: no source keeps the label 'experiment'; add it to the 'pod_labels' of a source"],
    ),
    "what is no label": ("runs: {label: 'a\"b'}\n", ["3: 'label' must be the key of a label of pods"]),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES)
def test_the_label_of_runs(tmp_path: Path, text: str, expected: list[str]) -> None:
    file = tmp_path / "costwatch.yaml"
    file.write_text(K8S + text)
    (tmp_path / "alerts.yaml").write_text("route: {receiver: r}\nreceivers: [{name: r, kind: stdout}]\n")
    found = [line.partition(".yaml:")[2] for line in check(file)]
    assert len([line for line in found if any(line.startswith(each) for each in expected)]) == len(expected)
    assert bool(found) is bool(expected)


def test_without_clusters_any_label_will_do(tmp_path: Path) -> None:
    file = tmp_path / "costwatch.yaml"
    file.write_text("runs: {label: experiment}\n")
    assert load_config(file).runs.label == "experiment"
