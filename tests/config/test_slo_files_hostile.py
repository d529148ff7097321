"""Files of SLOs that are broken in any way: told in words, read whole or not at all, never a traceback."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from tests.made.slo_files import ALPHA, OPENSLO, PYRRA, SLOTH, SLOTH_RESOURCE, loaded

FILES = (SLOTH, SLOTH_RESOURCE, OPENSLO, ALPHA, PYRRA)
VALUES = (
    "",
    "[]",
    "{}",
    "x",
    "-1",
    "1e999",
    "nan",
    "{{.window}}",
    "'{{'",
    "0.5",
    "[1, {a: b}]",
    "!!str x",
    "\u2028",
    "2026-01-01",
)


@st.composite
def broken(draw: st.DrawFn) -> str:
    """One of the files, of which lines are gone, doubled, moved, indented or say something else."""
    lines = draw(st.sampled_from(FILES)).splitlines()
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(lines) - 1))
        match draw(st.sampled_from(("drop", "double", "indent", "value", "key", "cut"))):
            case "drop" if len(lines) > 1:
                del lines[at]
            case "double":
                lines.insert(draw(st.integers(0, len(lines) - 1)), lines[at])
            case "indent":
                lines[at] = f"  {lines[at]}"
            case "value":
                lines[at] = f"{lines[at].partition(':')[0]}: {draw(st.sampled_from(VALUES))}"
            case "key":
                lines[at] = lines[at].replace("e", "x", 1)
            case _:
                lines[at] = lines[at][: draw(st.integers(0, len(lines[at])))]
    return "\n".join(lines) + "\n"


@given(broken())
def test_a_broken_file_is_told_in_words(text: str) -> None:
    with TemporaryDirectory() as name:
        read = loaded(Path(name), {"a.yaml": text})
    assert not (read.mistakes and read.objectives)
    assert read.mistakes or read.objectives or read.notes or "kind: Service" in text
    for mistake in read.mistakes:
        assert mistake.startswith(f"{name}/a.yaml:")
        assert "pydantic" not in mistake
    for objective in read.objectives:
        assert 0 < objective.target < 1
