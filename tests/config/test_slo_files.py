"""``slos:`` of costwatch.yaml: which files are read, whose objectives are, their ids, who asks."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from costwatch.config import check, load_config
from costwatch.config.files import SloFiles
from costwatch.errors import ConfigError
from tests.made.command_line import Costwatch
from tests.made.other_package import installed
from tests.made.slo_files import OPENSLO, PYRRA, SLOTH, SLOTH_RESOURCE, loaded

ASKER = """
from typing import ClassVar
from costwatch.plugins import CollectorSettings

class Asker(CollectorSettings):
    role: None = None
    slos: tuple[str, ...] = ()
    asked: ClassVar[list] = []

    def with_objectives(self, objectives):
        copy = self.model_copy()
        self.asked.append((self.name, [one.id for one in objectives]))
        return copy

    def collect(self, window):
        return iter(())
"""


@pytest.fixture(autouse=True)
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    points = "[costwatch.collectors]\nasker = acme_asker:Asker\n"
    with installed(tmp_path / "site", monkeypatch, points, {"acme_asker": ASKER}):
        yield


def written(folder: Path, text: str, **files: str) -> Path:
    (folder / "slos").mkdir()
    for name, content in files.items():
        (folder / "slos" / f"{name}.yaml").write_text(content)
    file = folder / "costwatch.yaml"
    file.write_text(text)
    return file


def test_a_folder_is_read_with_all_that_is_in_it(tmp_path: Path) -> None:
    files = {
        "a.yaml": SLOTH,
        "deep/er/b.yml": PYRRA,
        "kustomization.yaml": "resources: [a.yaml]\n",
        "deployment.yaml": "x: &anchor {y: 1}\nz: *anchor\n",
        "rules.yaml": "apiVersion: v1\nkind: ConfigMap\ndata: {slo: x}\n",
        "notes.txt": "no YAML",
        ".hidden.yaml": "x: [",
        ".git/c.yaml": SLOTH,
    }
    read = loaded(tmp_path / "slos", files)
    assert [one.id for one in read.objectives] == ["pilot/edge", "web shop-availability"]
    assert read.mistakes == ()
    assert [note.replace(str(tmp_path), "…") for note in read.notes] == [
        "…/slos: 2 hidden files are left out",
        "…/slos/rules.yaml:1: apiVersion 'v1' of kind 'ConfigMap' is not read; left out",
        "…/slos: 2 files that speak of no SLO are left out: deployment.yaml, kustomization.yaml",
    ]


def test_one_file_with_a_mistake_yields_nothing_and_others_all(tmp_path: Path) -> None:
    files = {"a.yaml": f"{SLOTH_RESOURCE}---\n{PYRRA.replace('12w', 'long')}", "b.yaml": SLOTH}
    read = loaded(tmp_path, files)
    assert [one.id for one in read.objectives] == ["web shop-availability"]
    assert [each.partition("a.yaml:")[2][:22] for each in read.mistakes] == ["22: 'window' must be a"]


def test_a_path_without_a_file_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    entries = [SloFiles(path=str(tmp_path / name)) for name in ("gone.yaml", "empty")]
    assert loaded(tmp_path, {}, *entries).mistakes == (
        f"{tmp_path}/empty: holds no file that ends in .yaml or .yml; correct 'slos'",
        f"{tmp_path}/gone.yaml: no such file or folder; correct 'slos' in costwatch.yaml",
    )


def test_a_file_that_two_entries_name_is_read_once(tmp_path: Path) -> None:
    entries = [SloFiles(path=str(tmp_path / "a.yaml"), team="risk"), SloFiles(path=str(tmp_path))]
    (one,) = loaded(tmp_path, {"a.yaml": SLOTH}, *entries).objectives
    assert one.team == "risk"


def test_an_id_goes_on_with_labels_only_where_several_share_it(tmp_path: Path) -> None:
    def edge(site: str, cluster: str = "text") -> str:
        labels = f"labels: {{pyrra.dev/site: {site}, pyrra.dev/cluster: {cluster}}}"
        return PYRRA.replace("labels: {pyrra.dev/team: platform, role: alert-rules}", labels)

    several = loaded(tmp_path / "several", {"a.yaml": edge("east"), "b.yaml": edge("west")})
    assert [one.id for one in several.objectives] == ["pilot/edge{site=east}", "pilot/edge{site=west}"]
    alone = [loaded(tmp_path / site, {"a.yaml": edge(site)}).objectives[0].id for site in ("east", "west")]
    assert alone == ["pilot/edge", "pilot/edge"]
    mixed = {"a.yaml": edge("east"), "b.yaml": edge("east", "upload"), "c.yaml": edge("west")}
    assert [one.id for one in loaded(tmp_path / "mixed", mixed).objectives] == [
        "pilot/edge{cluster=text,site=east}",
        "pilot/edge{cluster=text,site=west}",
        "pilot/edge{cluster=upload,site=east}",
    ]


def test_duplicates_are_refused_naming_both_files(tmp_path: Path) -> None:
    read = loaded(tmp_path, {"a.yaml": PYRRA, "b.yaml": f"# another\n{PYRRA}", "c.yaml": SLOTH})
    assert [one.id for one in read.objectives] == ["web shop-availability"]
    a, b = tmp_path / "a.yaml", tmp_path / "b.yaml"
    assert read.mistakes == (
        f"{a}:3: SLO 'pilot/edge' is also in {b}:4, with the same labels; rename one",
        f"{b}:4: SLO 'pilot/edge' is also in {a}:3, with the same labels; rename one",
    )


def test_one_resource_in_two_namespaces_is_two(tmp_path: Path) -> None:
    files = {"a.yaml": SLOTH_RESOURCE, "b.yaml": SLOTH_RESOURCE.replace("prod", "test")}
    assert [one.id for one in loaded(tmp_path, files).objectives] == [
        "checkout-latency{namespace=prod}",
        "checkout-latency{namespace=test}",
    ]


@pytest.mark.parametrize(
    ("entry", "team", "note"),
    [
        pytest.param({}, "platform", "", id="an alias, however it is spelt"),
        pytest.param({"team": "risk"}, "risk", "", id="as the entry says"),
        pytest.param(
            {"owner_labels": ("tier",)}, "", "its tier '2' is no team of costwatch.yaml", id="unknown"
        ),
        pytest.param({"owner_labels": ("squad",)}, "", "", id="no such label"),
    ],
)
def test_whose_an_objective_is(entry: dict[str, object], team: str, note: str, tmp_path: Path) -> None:
    files = SloFiles.model_validate({"path": str(tmp_path / "a.yaml"), **entry})
    (one,) = loaded(tmp_path, {"a.yaml": SLOTH}, files).objectives
    assert (one.team, one.notes) == (team, (note,) if note else ())


def test_a_system_is_the_one_named_or_that_of_the_service(tmp_path: Path) -> None:
    named = SLOTH_RESOURCE.replace("Web_Shop", "web shp")
    (unknown,) = loaded(tmp_path / "a", {"a.yaml": named}).objectives
    assert unknown.system == ""
    assert unknown.notes == (
        "its costwatch.io/system 'web shp' is no system of costwatch.yaml; did you mean 'web-shop'?",
    )
    (by_service,) = loaded(tmp_path / "b", {"a.yaml": OPENSLO}).objectives
    assert by_service.system == "web-shop"


CONFIG = """\
teams: [{name: platform}, {name: risk}]
sources:
  - {name: one, kind: asker}
slos:
  - slos
"""


def test_slos_are_read_when_they_are_asked_for(tmp_path: Path) -> None:
    config = load_config(written(tmp_path, CONFIG, a="slos: [", b=SLOTH))
    assert [source.name for source in config.sources] == ["one"]
    with pytest.raises(ConfigError, match=r"a\.yaml:1"):
        _ = config.objectives
    assert [one.id for one in config.loaded_slos.objectives] == ["web shop-availability"]


def test_a_source_has_those_that_can_be_asked(tmp_path: Path) -> None:
    other = OPENSLO.replace("type: Prometheus", "type: Any").replace("type: prometheus", "type: Any")
    config = load_config(written(tmp_path, CONFIG, a=SLOTH, b=PYRRA, c=other))
    (source,) = config.asked_sources
    assert source.asked[-1] == ("one", ["pilot/edge", "web shop-availability"])  # type: ignore[attr-defined]


def test_check_tells_of_the_files_and_of_who_asks(tmp_path: Path) -> None:
    two = CONFIG.replace(
        "kind: asker}",
        "kind: asker, slos: [availability]}\n  - {name: two, kind: asker, slos: [availability, edg]}",
    )
    two = two.replace("  - slos", "  - {path: slos, team: riks}")
    file = written(tmp_path, two, a=SLOTH, b=PYRRA, c=OPENSLO.replace("0.99", "99"))
    (tmp_path / "alerts.yaml").write_text("receivers: [{name: a, kind: stdout}]\nroute: {receiver: a}\n")
    assert [each.replace(str(tmp_path), "…") for each in check(file)] == [
        "…/costwatch.yaml:4: no SLO is called 'edg'; did you mean 'edge'?",
        "…/costwatch.yaml:6: no team is called 'riks'; did you mean 'risk'?",
        "…/slos/c.yaml:25: 'target' must be below 1, for then no error budget is left, not '99'; "
        "write 0.999 for 99.9 %",
        "…/slos/b.yaml:3: SLO 'pilot/edge' is asked for by no source; name it under 'slos' of one",
        "…/slos/a.yaml:5: SLO 'web shop-availability' is asked for by 'one' and 'two'; "
        "take it from one of their 'slos'",
    ]


def test_the_rules_file_is_told_which_slos_there_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, ...]] = []
    monkeypatch.setattr("costwatch.config._alerts", lambda *given: seen.append(given[3].slos))
    check(written(tmp_path, CONFIG, a=SLOTH, b=PYRRA))
    assert seen == [("pilot/edge", "edge", "web shop-availability", "availability")]


def test_collect_goes_on_with_the_good_files_and_tells_of_the_others(
    costwatch: Costwatch, tmp_path: Path
) -> None:
    written(tmp_path, CONFIG, a=SLOTH, b=PYRRA.replace("12w", "x"))
    answer = costwatch("collect")
    assert answer.code == 1
    assert "b.yaml:6: 'window' must be a duration" in answer.err


def test_the_example_of_the_docs_is_read_without_a_note(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "slos.md").read_text()
    config, objective, *_ = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    file = written(tmp_path, config.split("sources:")[0], a=objective)
    for name in ("vendor/edge.yaml", "shop/b.yml"):
        (tmp_path / name).parent.mkdir()
    (tmp_path / "vendor/edge.yaml").write_text(PYRRA)
    (tmp_path / "shop/b.yml").write_text(SLOTH.replace("owner: sre_guild", "squad: Risk Engine"))
    known = load_config(file).objectives
    assert [(one.id, one.team) for one in known] == [
        ("checkout-errors", "risk"),
        ("pilot/edge", "platform"),
        ("web shop-availability", "risk"),
    ]
    assert known[0].notes == ()
