"""SLO files that nobody here wrote: each loads, or is refused for the reason that is known of it."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from costwatch.config.files import SloFiles
from costwatch.config.slos.loading import Loaded, load_slos
from costwatch.config.slos.owners import Owners

DATA = Path(__file__).parents[3] / "shared" / "data" / "slo"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data/slo, which is not here")
_PLUGIN = "'plugin' is a program that Sloth runs"
_GOOGLE = "apiVersion 'sre.google.com/v2' of kind 'ServiceLevelObjective' is not read"
_NONE = "is no SLO: it has neither 'apiVersion' nor 'version: prometheus/v1'"
REFUSED: Mapping[str, str] = {
    "sloth/plugin-getting-started.yml": _PLUGIN,
    "sloth/plugin-k8s-getting-started.yml": _PLUGIN,
    "sloth/victoria-metrics.yml": "asks for 'histogram_share', which is no function of Prometheus",
    "pyrra/mimir-values.yaml": _NONE,
    "slogen/config.yaml": _NONE,
    "slogen/slo_prom_metrics_availability_query_sli.yaml": _GOOGLE,
    "slogen/slo_prom_metrics_availability_ratio.yaml": _GOOGLE,
    "slogen/slo_prom_metrics_latency_distribution_cut.yaml": _GOOGLE,
    "slogen/slo_prom_metrics_latency_query_sli.yaml": _GOOGLE,
}
# file -> how many objectives it has, and the form of each
LOADED: Mapping[str, tuple[str, ...]] = {
    **{
        f"openslo/{name}.yaml": ("unknown",) * count
        for name, count in {
            "budgeting-method-occurences-slo": 1,
            "budgeting-method-ratio-timeslices": 1,
            "budgeting-method-timeslices-slo": 2,
            "treat-low-traffic-as-equally-important-timeslices-slo": 1,
        }.items()
    },
    **{
        f"sloth/{name}": forms
        for name, forms in {
            "contrib-denominator-corrected.yaml": ("counter",),
            "contrib-slo-plugins.yml": ("counter",) * 2,
            "getting-started.yml": ("counter",),
            "home-wifi.yml": ("gauge",) * 2,
            "k8s-getting-started.yml": ("counter",),
            "k8s-home-wifi.yml": ("gauge",) * 2,
            "k8s-multifile.yml": ("counter",) * 2,
            "kubernetes-apiserver.yml": ("counter",) * 2,
            "multifile.yml": ("counter",) * 2,
            "no-alerts.yml": ("counter",),
            "openslo-getting-started.yml": ("counter",),
            "openslo-kubernetes-apiserver.yml": ("counter",) * 3,
            "raw-home-wifi.yml": ("ratio",),
            "slo-plugin-getting-started.yml": ("counter",),
            "slo-plugin-k8s-getting-started.yml": ("counter",),
        }.items()
    },
    **{
        f"pyrra/{name}.yaml": forms
        for name, forms in {
            "caddy-response-latency": ("counter",),
            "example-slo": ("counter",),
            "nginx": ("counter",) * 2,
            "parca-grpc-queryrange-errors": ("counter",),
            "prometheus-http": ("counter",),
            "prometheus-operator": ("counter",),
            "prometheus-probe-success": ("gauge",),
            "pyrra-connect-errors": ("counter",),
            "pyrra-connect-latency": ("counter",),
            "pyrra-filesystem-errors": ("counter",),
            "pyrra-kubernetes-errors": ("counter",),
            "thanos-grpc": ("counter",),
            "thanos-http": ("counter",),
        }.items()
    },
}


def read(name: str) -> Loaded:
    return load_slos([SloFiles(path=str(DATA / name))], Owners((), ()))


def test_every_file_is_in_the_table() -> None:
    folders = ("openslo", "sloth", "pyrra", "slogen")
    there = {str(file.relative_to(DATA)) for folder in folders for file in (DATA / folder).iterdir()}
    assert there == {*REFUSED, *LOADED}


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_is_refused(name: str) -> None:
    found = read(name)
    assert found.objectives == ()
    assert REFUSED[name] in found.mistakes[0]
    file, line, _ = found.mistakes[0].split(":", 2)
    assert file.endswith(name)
    assert int(line) > 0


@pytest.mark.parametrize("name", LOADED)
def test_a_file_loads(name: str) -> None:
    found = read(name)
    assert (found.mistakes, found.notes) == ((), ())
    forms = [one.indicator.form.value if one.is_asked else "unknown" for one in found.objectives]
    assert tuple(forms) == LOADED[name]
    dropped = "plugin" in name or "contrib" in name
    assert all(("dropped" in " ".join(one.notes)) == dropped for one in found.objectives)
