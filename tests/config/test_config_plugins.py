"""Kinds from a package of someone else's: found by entry point, read by their own fields, blamed by name."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from costwatch.config import check, load_alerts, load_config, schema
from costwatch.errors import ConfigError

ENTRY_POINTS = """
[costwatch.collectors]
meter = acme_meter:Meter
gone = acme_gone:Gone
[costwatch.rules]
moon = acme_moon:Moon
[costwatch.notifiers]
bell = acme_bell:Bell
paper = acme_bell:Paper
plain = acme_bell:Plain
"""
METER = """
from typing import Literal
from pydantic import ValidationInfo, field_validator
from costwatch.plugins import CollectorSettings, Settings

class Axis(Settings):
    width: int | None = None
    label: str = ""

class Meter(CollectorSettings):
    url: str
    retries: int = 3
    share: float = 0.5
    verify: bool = True
    axes: dict[str, Axis] = {}

    @field_validator("name")
    @classmethod
    def _no_team(cls, name: str, info: ValidationInfo) -> str:
        if name in info.context.teams:
            raise ValueError(f"is a team's; its kind is {info.context.kind}")
        return name

    @field_validator("url")
    @classmethod
    def _beside(cls, url: str, info: ValidationInfo) -> str:
        return f"{info.context.folder}/{url}"
"""
BELL = """
from pydantic import field_validator
from costwatch.plugins import Settings

class Plain:
    pass

class Bell(Settings):
    name: str
    pitch: str = "high"

    @field_validator("pitch")
    @classmethod
    def _known(cls, pitch: str) -> str:
        return {"high": "C6", "low": "C2"}[pitch]

    def notify(self, group, previous):
        return previous

class Paper(Settings):
    name: str

    def publish(self, report, previous):
        return previous
"""


@pytest.fixture(autouse=True)
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    place = tmp_path / "site"
    info = place / "acme_costs-1.2.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-costs\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    (place / "acme_meter.py").write_text(METER)
    (place / "acme_bell.py").write_text(BELL)
    (place / "acme_moon.py").write_text("from costwatch.plugins import RuleSettings as Moon\n")
    monkeypatch.syspath_prepend(place)
    yield
    for name in [name for name in sys.modules if name.startswith("acme_")]:
        del sys.modules[name]


def write(folder: Path, text: str, name: str = "costwatch.yaml") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_a_field_decides_what_its_text_means(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        "sources: [{name: m, kind: meter, url: x, retries: 5,"
        " share: 1e-1, verify: no, axes: {a: {width: 7}}}]",
    )
    (meter,) = load_config(file).sources
    assert meter.model_dump() == {  # type: ignore[attr-defined]
        "name": "m",
        "role": "bill",
        "url": f"{tmp_path}/x",
        "retries": 5,
        "share": 0.1,
        "verify": False,
        "axes": {"a": {"width": 7, "label": ""}},
    }


def test_a_plugin_is_told_of_its_surroundings(tmp_path: Path) -> None:
    file = write(tmp_path, "teams: [{name: risk}]\nsources:\n- {name: risk, kind: meter, url: x}\n")
    assert check(file)[0] == f"{file}:3: 'name': is a team's; its kind is meter"


def test_only_the_kinds_named_are_imported(tmp_path: Path) -> None:
    load_config(write(tmp_path, "sources: [{name: m, kind: meter, url: x}]"))
    assert "acme_meter" in sys.modules
    assert "acme_bell" not in sys.modules


def test_unknown_keys_are_told_at_any_depth(tmp_path: Path) -> None:
    file = write(
        tmp_path, "sources:\n- {name: m, kind: meter, ulr: x, axes: {a: {widht: 7}}, verify: maybe}\n"
    )
    with pytest.raises(ConfigError) as caught:
        load_config(file)
    assert [mistake.removeprefix(f"{file}:2: ") for mistake in caught.value.mistakes] == [
        "'url' is missing here; add it",
        "'verify' must be true or false, not 'maybe'; write e.g. verify: true",
        "unknown key 'ulr'; did you mean 'url'?",
        "unknown key 'widht'; did you mean 'width'?",
    ]


@pytest.mark.parametrize(
    ("receiver", "told"),
    [
        pytest.param("kind: bel", "unknown kind 'bel'; did you mean 'bell'?", id="a kind that is not there"),
        pytest.param(
            "kind: plain",
            "kind 'plain': package acme-costs 1.2 offers no settings model; update it",
            id="a class that is no model",
        ),
        pytest.param(
            "kind: bell, pitch: xoxb-hidden",
            "kind 'bell': package acme-costs 1.2 broke on these settings with KeyError;"
            " correct them or report it there",
            id="a validator that breaks",
        ),
    ],
)
def test_what_is_wrong_with_a_receiver(tmp_path: Path, receiver: str, told: str) -> None:
    file = write(tmp_path, f"route: {{receiver: r}}\nreceivers:\n- {{name: r, {receiver}}}\n", "alerts.yaml")
    with pytest.raises(ConfigError) as caught:
        load_alerts(file)
    assert f"{file}:3: {told}" in caught.value.mistakes
    assert "hidden" not in str(caught.value)


def test_a_package_that_cannot_be_imported_is_named(tmp_path: Path) -> None:
    told = (
        "kind 'gone': package acme-costs 1.2 cannot be imported"
        " (ModuleNotFoundError: No module named 'acme_gone'); reinstall it"
    )
    write(tmp_path, "{route: {receiver: r}, receivers: [{name: r, kind: bell}]}", "alerts.yaml")
    file = write(
        tmp_path,
        "sources:\n- {name: a, kind: gone}\n- {name: b, kind: gone}\n- {name: c, kind: meter, url: x}",
    )
    assert check(file) == [f"{file}:2: {told}", f"{file}:3: {told}"]
    with pytest.raises(ConfigError, match="kind 'gone': package acme-costs"):
        schema()


def test_rules_that_do_not_say_what_they_look_at_may_give_any_label_any_value(tmp_path: Path) -> None:
    text = (
        "rules:\n- {name: Full, kind: moon}\nreceivers: [{name: r, kind: bell}]\nroute:\n  receiver: r\n"
        "  routes: [{matchers: [team=anyone], group_by: [rule, taem]}]\n"
    )
    write(tmp_path, text, "alerts.yaml")
    file = write(tmp_path, "teams: [{name: ml}]\n")
    assert [mistake for mistake in check(file) if "anyone" in mistake] == []
    write(tmp_path, text.replace("team=anyone", "rule=Fill"), "alerts.yaml")
    assert f"{tmp_path}/alerts.yaml:6: no rule is called 'Fill'; did you mean 'Full'?" in check(file)


def test_a_receiver_of_reports_alone_is_sent_no_alerts(tmp_path: Path) -> None:
    text = (
        "route:\n  receiver: r\nfallback: p\nreceivers:\n- {name: p, kind: paper}\n- {name: r, kind: bell}\n"
    )
    file = write(tmp_path, text, "alerts.yaml")
    with pytest.raises(ConfigError) as caught:
        load_alerts(file)
    assert caught.value.mistakes == (
        f"{file}:3: receiver 'p' takes no messages; name one of a kind that does",
    )
    file = write(
        tmp_path, text.replace("receiver: r", "receiver: p").replace("fallback: p\n", ""), "alerts.yaml"
    )
    with pytest.raises(ConfigError, match="2: receiver 'p' takes no alerts; name one of a kind that does"):
        load_alerts(file)


def test_a_kind_from_elsewhere_is_in_the_schema(tmp_path: Path) -> None:
    points = tmp_path / "site/acme_costs-1.2.dist-info/entry_points.txt"
    points.write_text("[costwatch.notifiers]\nbell = acme_bell:Bell\n")
    kinds = schema()["properties"]["receivers"]["items"]["oneOf"]
    (bell,) = [kind for kind in kinds if kind["properties"]["kind"] == {"const": "bell"}]
    assert bell["required"] == ["kind", "name"]
