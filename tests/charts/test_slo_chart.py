"""Charts of objectives: broken where nothing is known, drawable whatever markers say."""

from datetime import UTC, datetime, timedelta

from costwatch.charts.cost import svg
from costwatch.charts.slo import Drawn, burn_down, sli_by_time

FIRST = datetime(2026, 11, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
HOSTILE = "</svg><script>alert(1)</script>\x1b[31m"


def points(*values: float | None) -> list[tuple[datetime, float | None]]:
    return [(FIRST + number * HOUR, value) for number, value in enumerate(values)]


def test_what_is_unknown_breaks_the_line_and_has_a_ground() -> None:
    spec = sli_by_time(points(1, None, None, 0.9, None, 1), 0.999, HOUR)
    assert [row["sli"] for row in spec["data"]["values"]] == [1, None, None, 0.9, None, 1]
    ground = spec["layer"][0]["data"]["values"]
    assert [(row["at"], row["end"]) for row in ground] == [
        ("2026-11-01T01:00:00Z", "2026-11-01T03:00:00Z"),
        ("2026-11-01T04:00:00Z", "2026-11-01T05:00:00Z"),
    ]
    assert "unknown for 3 hours" in spec["description"]
    assert "99.9 %" in spec["description"]


def test_an_overspent_budget_goes_below_0() -> None:
    spec = burn_down(points(1, 0.5, None, -0.4))
    low, high = spec["layer"][0]["encoding"]["y"]["scale"]["domain"]
    assert low < -0.4
    assert high == 1
    assert spec["description"] == "Error budget left, 1 Nov 2026 to 1 Nov 2026: -40 % at the end."


def test_markers_are_told_in_words_and_by_shape() -> None:
    markers = [Drawn(FIRST + HOUR, "deploy", "shop 2"), Drawn(FIRST, "flag", HOSTILE)]
    spec = burn_down(points(1, 1), markers)
    shapes = {row["kind"]: row["shape"] for row in spec["layer"][-1]["data"]["values"]}
    assert shapes == {"deploy": "triangle-down", "flag": "square"}
    assert "2 markers, the newest shop 2 at 2026-11-01 01:00 UTC" in spec["description"]


def test_no_mark_is_read_out_by_itself() -> None:
    for spec in (burn_down(points(1, -1), [Drawn(FIRST, "deploy", "x")]), sli_by_time(points(1), 0.9, HOUR)):
        assert all(layer["mark"]["aria"] is False for layer in spec["layer"])


def test_it_can_be_drawn_whatever_names_say() -> None:
    markers = [Drawn(FIRST, HOSTILE, HOSTILE)]
    for spec in (
        burn_down(points(1, None, 0.5), markers, None),
        sli_by_time(points(1, None), 0.9, HOUR, markers, None),
    ):
        assert "<script>" not in svg(spec)


def test_nothing_to_draw_is_no_trouble() -> None:
    assert burn_down([])["description"] == "Error budget left, no time: unknown at the end."
    assert svg(sli_by_time([], 0.99, HOUR))
