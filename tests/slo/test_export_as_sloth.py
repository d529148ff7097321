"""Our rules give, on a real Prometheus, the series that Sloth's give of the same files."""

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from costwatch.config.files import SloFiles
from costwatch.config.slos.loading import load_slos
from costwatch.config.slos.owners import Owners
from costwatch.slo.export import Rules, prometheus_rules
from tests.doubles.prometheus_server import real_prometheus
from tests.made.rules_on_prometheus import Recorded, answer

DATA = Path(__file__).parents[3] / "shared" / "data" / "slo"
pytestmark = [
    pytest.mark.prometheus,
    pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data/slo, which is not here"),
]
FILES = (
    "getting-started.yml",
    "home-wifi.yml",
    "k8s-getting-started.yml",
    "k8s-home-wifi.yml",
    "k8s-multifile.yml",
    "kubernetes-apiserver.yml",
    "multifile.yml",
    "no-alerts.yml",
    "openslo-getting-started.yml",
    "openslo-kubernetes-apiserver.yml",
    "raw-home-wifi.yml",
    # Their chains of plugins only write to a log.
    "slo-plugin-getting-started.yml",
    "slo-plugin-k8s-getting-started.yml",
)
NOW = 1_790_812_800
STEP = 120
INSTANTS = (NOW, NOW - 3_600 * 30)
WHOLE = "slo:sli_error:ratio_rate30d"


def _samples() -> str:
    """31 days of what the files ask for: counters of a seed, which restart, and a gauge of clients."""
    random = np.random.default_rng(14)
    count = 31 * 86_400 // STEP
    times = NOW - STEP * np.arange(count)[::-1]
    lines: list[str] = []

    def family(name: str, kind: str, series: dict[str, np.ndarray[Any, Any]]) -> None:
        lines.append(f"# TYPE {name} {kind}")
        for labels, values in series.items():
            suffix = "_total" if kind == "counter" else ""
            lines.extend(
                f"{name}{suffix}{{{labels}}} {value:g} {at}"
                for value, at in zip(values.tolist(), times.tolist(), strict=True)
            )

    def counter(rate: float) -> np.ndarray[Any, Any]:
        grown = np.cumsum(random.poisson(rate, count))
        grown[count // 2 :] -= grown[count // 2]
        return grown

    requests = {
        f'job="{job}",code="{code}"': counter(rate)
        for job in ("myservice", "myapp")
        for code, rate in (("200", 90.0), ("429", 0.2), ("500", 0.5))
    }
    family("http_request_duration_seconds_count", "unknown", requests)
    family(
        "apiserver_request",
        "counter",
        {f'code="{code}"': counter(40 / int(code[0]) ** 3) for code in ("200", "500")},
    )
    verbs = {verb: counter(80.0) for verb in ("GET", "WATCH")}
    family(
        "apiserver_request_duration_seconds_count", "unknown", {f'verb="{v}"': c for v, c in verbs.items()}
    )
    buckets = {
        f'le="{bound}",verb="{verb}"': np.floor(values * share)
        for verb, values in verbs.items()
        for bound, share in (("0.4", 0.97), ("5", 0.999))
    }
    family("apiserver_request_duration_seconds_bucket", "unknown", buckets)
    clients = {f'client="{n}"': random.beta(9, 2, count) for n in range(4)}
    family("unifipoller_client_satisfaction_ratio", "gauge", clients)
    return "\n".join([*lines, "# EOF", ""])


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with real_prometheus(tmp_path_factory.mktemp("prometheus"), _samples()) as running:
        yield running


def ours(name: str, *, sloth_default: bool = False) -> Rules:
    loaded = load_slos([SloFiles(path=str(DATA / "sloth" / name))], Owners((), ()))
    assert loaded.mistakes == ()
    return prometheus_rules(loaded.objectives, sloth_default=sloth_default)


def theirs(name: str) -> Recorded:
    groups = []
    for document in yaml.safe_load_all((DATA / "sloth_gen" / name).read_text()):
        groups += document.get("spec", document)["groups"]
    return Recorded.of(groups, without="cmd")  # a label that the command line gave


@pytest.mark.parametrize("name", FILES)
def test_rules_are_those_of_sloth(name: str, url: str) -> None:
    exported = ours(name)
    assert exported.notes == ()
    sloth, rules = _accurate(theirs(name)), Recorded.of(yaml.safe_load(exported.as_yaml())["groups"])
    assert rules.names == sloth.names
    counted = 0
    for got, wanted in zip(rules.rules, sloth.rules, strict=True):
        assert got.get("annotations") == wanted.get("annotations")
        for at in INSTANTS:
            series, expected = (
                answer(url, of.series(rule), at) for of, rule in ((rules, got), (sloth, wanted))
            )
            assert series.keys() == expected.keys()
            assert [*series.values()] == pytest.approx([expected[key] for key in series], rel=1e-12)
            counted += len(series)
    assert counted > 20


@pytest.mark.parametrize(
    "name", ["getting-started.yml", "raw-home-wifi.yml", "openslo-kubernetes-apiserver.yml"]
)
def test_the_whole_period_is_as_sloth_has_it_where_that_is_asked_for(name: str) -> None:
    sloth = theirs(name)
    rules = Recorded.of(yaml.safe_load(ours(name, sloth_default=True).as_yaml())["groups"])
    whole, expected = (
        [rule["expr"] for rule in of.rules if rule.get("record") == WHOLE] for of in (rules, sloth)
    )
    assert whole == expected != []


@pytest.mark.parametrize("sloth_default", [False, True], ids=["accurate", "as sloth has it"])
def test_promtool_accepts_every_export(sloth_default: bool, tmp_path: Path) -> None:
    folders = [SloFiles(path=str(file)) for kind in ("sloth", "pyrra") for file in (DATA / kind).iterdir()]
    exports = [load_slos([folder], Owners((), ())).objectives for folder in folders]
    files = []
    for number, known in enumerate(filter(None, exports)):
        files.append(tmp_path / f"{number}.yml")
        files[-1].write_text(prometheus_rules(known, sloth_default=sloth_default).as_yaml())
    checked = subprocess.run(
        ["promtool", "check", "rules", *files], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert len(files) == 28


def _accurate(sloth: Recorded) -> Recorded:
    """With the whole period asked as the three days are: what Sloth calls not optimised."""
    three = {
        rule["labels"]["sloth_id"]: rule["expr"]
        for rule in sloth.rules
        if rule.get("record") == "slo:sli_error:ratio_rate3d"
    }
    return replace(
        sloth,
        rules=tuple(
            {**rule, "expr": three[rule["labels"]["sloth_id"]].replace("[3d", "[30d")}
            if rule.get("record") == WHOLE
            else rule
            for rule in sloth.rules
        ),
    )
