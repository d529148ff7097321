"""Every preset against a real Prometheus: what is collected is what numpy makes of the samples."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest

from collectors.measures.presets import Preset, presets
from collectors.promql import Promql
from costwatch.model import Window
from tests.doubles.prometheus_server import real_prometheus
from tests.made.kubernetes_told import MIDNIGHT, written
from tests.made.preset_series import CASES, made

DAY = datetime.fromtimestamp(MIDNIGHT, UTC).date()
Rows = list[Mapping[str, Any]]


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Rows]:
    """The rows of the day by measure, of one source with all presets."""
    told = [series for name in CASES for series in made(name).told]
    with real_prometheus(tmp_path_factory.mktemp("prometheus") / "server", written(told)) as url:
        measures = [{"preset": name} for name in presets()]
        source = Promql.model_validate({"name": "shared", "url": url, "measures": measures})
        (batch,) = source.collect(Window.of_days(DAY, date(DAY.year, DAY.month, DAY.day + 1)))
        rows = [row for part in batch.read() for row in part.to_pylist()]
    return {name: [row for row in rows if row["measure"] == name] for name in presets()}


@pytest.mark.prometheus
@pytest.mark.parametrize("name", CASES)
def test_a_day_is_what_numpy_makes_of_the_samples(name: str, collected: dict[str, Rows]) -> None:
    known, case = presets()[name], made(name)
    rows = collected[name]
    values = {labels_of(row, known): row["value"] for row in rows}
    assert values == {labels: pytest.approx(value, rel=1e-9) for labels, value in case.values.items()}
    assert [row["coverage"] for row in rows] == [pytest.approx(case.coverage)] * len(rows)
    assert {(row["unit"], row["day"]) for row in rows} == {(known.unit, DAY)}
    assert all(value > 0 for value in values.values())


def labels_of(row: Mapping[str, Any], known: Preset) -> tuple[str, ...]:
    labels = json.loads(row["labels"] or "{}")
    assert labels.keys() == {*known.labels}
    return tuple(labels[label] for label in known.labels)


def test_every_verified_preset_is_held_against_numpy() -> None:
    assert {*CASES} == {name for name, known in presets().items() if known.verified}


@pytest.mark.prometheus
def test_presets_that_nobody_verified_are_asked_and_unknown_here(collected: dict[str, Rows]) -> None:
    for name in presets().keys() - CASES.keys():
        assert [(row["value"], row["labels"], row["coverage"]) for row in collected[name]] == [
            (None, "", 0.0)
        ]
