"""Ready-made measures: the files of ``collectors/presets``."""

import json
from collections.abc import Mapping
from difflib import get_close_matches
from functools import lru_cache
from importlib.resources import files
from textwrap import wrap
from typing import Any, Literal

from pydantic import Field

from costwatch.plugins import Settings

SLO_FILE = "slos.yaml"  # what it holds are whole SLOs: ``slo_presets``


class Preset(Settings):
    """What is known of one.

    summary: what it measures, in a line. use: as a ``driver``, that cost is split by, as a ``volume``, that
    it is divided by, or as an ``sli``. labels: what it tells apart. parameters: what may be chosen, and the
    value where nobody does. caveat: what it does not tell. verified: whether the names of its metrics were
    found in the program that has them, in its manual, or at several who use it. source: where they stand.
    slo: the ready-made SLO of the same.
    """

    summary: str
    use: tuple[Literal["driver", "volume", "sli"], ...] = Field(min_length=1)
    unit: str
    labels: tuple[str, ...]
    query: str
    parameters: Mapping[str, str] = Field(default_factory=dict)
    caveat: str
    verified: bool
    source: str = ""
    slo: str = ""


@lru_cache(maxsize=1)
def presets() -> Mapping[str, Preset]:
    """All of them, by name."""
    found = {
        name: Preset.model_validate(entry)
        for file, known in entries().items()
        if file != SLO_FILE
        for name, entry in known.items()
    }
    return dict(sorted(found.items()))


def entries() -> dict[str, dict[str, Any]]:
    """What each file of ``collectors/presets`` holds, by the file and by name."""
    import yaml

    # Numbers stay as they are written, as in costwatch.yaml.
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    return {
        file.name: yaml.load(file.read_text(encoding="utf-8"), loader)  # noqa: S506
        for file in files("collectors").joinpath("presets").iterdir()
        if file.name.endswith(".yaml")
    }


def preset(name: str) -> Preset:
    """The one of that name. Raises ValueError with the nearest name, that of an SLO, too."""
    known = presets()
    if name not in known:
        slos = entries()[SLO_FILE]
        if name in slos:
            raise ValueError(f"preset '{name}' is an SLO; `costwatch presets show {name}` prints its file")
        close = get_close_matches(name.lower()[:60], [*known, *slos], 1, 0.5)
        advice = f"did you mean '{close[0]}'?" if close else "`costwatch presets list` shows all"
        raise ValueError(f"preset '{name[:60]}' does not exist; {advice}")
    return known[name]


def as_yaml(name: str, preset: Preset) -> str:
    """A source of ``costwatch.yaml`` that has it; in remarks what it asks, and what to know of it."""
    chosen = "".join(f"        #   {key}: {json.dumps(value)}\n" for key, value in preset.parameters.items())
    split = f", label: {preset.labels[0]}" if preset.labels else ""
    uses = {
        "driver": f"# pools: - {{name: {name}, split: driver, driver: {name}{split}, match: {{…}}}}\n",
        "volume": f"# unit_costs: - {{name: …, volume: {name}, where: {{…}}}}\n",
        "sli": f"# slos: - {preset.slo}.yaml, which `costwatch presets show {preset.slo}` prints\n",
    }
    return (
        remark(preset.summary)
        + remark(f"Caveat: {preset.caveat}")
        + remark("Names of its metrics are verified." if preset.verified else "Nobody verified its metrics.")
        + (f"# See {preset.source}\n" if preset.source else "")
        + "sources:\n"
        + "  - name: prometheus\n"
        + "    kind: promql\n"
        + "    url: http://prometheus:9090\n"
        + "    measures:\n"
        + f"      - preset: {name}\n"
        + (f"        # parameters:\n{chosen}" if chosen else "")
        + "        # match: {cluster: prod}\n"
        + f"        # unit: {preset.unit}\n"
        + f"        # query: {preset.query}\n"
        + "".join(uses[use] for use in preset.use)
    )


def remark(text: str) -> str:
    """A text as remarks of YAML."""
    return "".join(f"# {line}\n" for line in wrap(text, 108))
