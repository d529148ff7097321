"""Ready-made SLOs: ``collectors/presets/slos.yaml``."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

from collectors.measures.presets import SLO_FILE, entries, remark
from costwatch.plugins import Settings


class SloPreset(Settings):
    """What is known of one.

    summary: what it promises, in a line. service: what Sloth calls so. objective: in per cent. labels:
    what its instances are told apart by. error_query, total_query: as Sloth has them. caveat: what it does
    not tell. verified: as of a ``Preset``. source: where the names of its metrics stand.
    """

    use: tuple[Literal["sli"]] = ("sli",)
    unit: Literal["SLO"] = "SLO"
    summary: str
    service: str
    objective: str
    labels: tuple[str, ...]
    error_query: str
    total_query: str
    caveat: str
    verified: bool
    source: str = ""


@lru_cache(maxsize=1)
def slo_presets() -> Mapping[str, SloPreset]:
    """All of them, by name."""
    return {name: SloPreset.model_validate(entry) for name, entry in sorted(entries()[SLO_FILE].items())}


def as_slo_file(name: str, preset: SloPreset) -> str:
    """A file for ``slos`` of costwatch.yaml, which Sloth reads, too; in remarks what to know of it."""
    slo_name = name.replace("_", "-")
    return (
        remark(f"{preset.summary} Name this file under 'slos' of costwatch.yaml.")
        + remark(f"Caveat: {preset.caveat}")
        + remark("Names of its metrics are verified." if preset.verified else "Nobody verified its metrics.")
        + (f"# See {preset.source}\n" if preset.source else "")
        + "version: prometheus/v1\n"
        + f"service: {preset.service}\n"
        + "labels:\n"
        + "  owner: platform  # the team of costwatch.yaml that it belongs to\n"
        + "slos:\n"
        + f"  - name: {slo_name}\n"
        + f"    objective: {preset.objective}\n"
        + f"    description: {json.dumps(preset.summary)}\n"
        + "    sli:\n"
        + "      events:\n"
        + f"        error_query: {json.dumps(preset.error_query)}\n"
        + f"        total_query: {json.dumps(preset.total_query)}\n"
        + "    alerting:\n"
        + f"      name: {''.join(part.title() for part in name.split('_'))}\n"
        + "      page_alert: {labels: {severity: page}}\n"
        + "      ticket_alert: {labels: {severity: ticket}}\n"
    )
