"""Whatever stands in a configuration file, it is refused quickly, in sentences, each with its line."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costwatch.config import check, default_text, load_alerts, load_config
from costwatch.config.tree import MAX_DEPTH, Mistakes, read
from costwatch.errors import ConfigError

LAUGHS = "a0: &a0 [lol, lol]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12)
)
MERGES = "".join(f"a{i}: &a{i} {{<<: [{', '.join([f'*a{i - 1}'] * 3)}]}}\n" for i in range(1, 12))

CORPUS: dict[str, tuple[bytes, str]] = {
    "billion laughs": (LAUGHS.encode(), "1: anchors (&name) are not allowed; remove it"),
    "a merge bomb": (b"a0: {x: 1}\n" + MERGES.encode(), "2: anchors (&name) are not allowed; remove it"),
    "a merge key": (b"teams:\n - <<: {name: x}\n", "2: merge keys (<<) are not allowed; write the keys out"),
    "an alias": (b"teams: []\npools: *teams\n", "2: aliases (*name) are not allowed; write the value out"),
    "an alias as a key": (b"*x : 1\n", "1: aliases (*name) are not allowed; write the value out"),
    "a Python object": (b"ledger: !!python/object/apply:os.system [id]\n", "1: tags (!name) are not allowed"),
    "a tagged key": (b"!!str ledger: x\n", "1: tags (!name) are not allowed; remove it"),
    "100,000 open brackets": (b"teams: " + b"[" * 100_000, f"1: is nested deeper than {MAX_DEPTH} levels"),
    "100,000 open braces": (b"{a: " * 100_000, f"1: is nested deeper than {MAX_DEPTH} levels; flatten it"),
    "100,000 dashes": (b"- " * 100_000, f"1: is nested deeper than {MAX_DEPTH} levels; flatten it"),
    "100,000 question marks": (b"? " * 100_000, "1: a key must be text; write 'key: value'"),
    "2 MB": (b"# " + b"x" * 2_000_000, "1: is larger than 1,000,000 bytes; no configuration is"),
    "a key of 900 kB": (b"x" * 900_000 + b": 1\n", "1: "),
    "a list as a key": (b"teams: []\n[a, b]: 1\n", "2: a key must be text; write 'key: value'"),
    "a key that is nothing": (b"~: 1\n", "1: a key must be text; write 'key: value'"),
    "a tab": (b"ui:\n\tport: 1\n", "2: a tab indents this line; use spaces"),
    "an open quote": (
        b"ledger: 'x\nreports: y\n",
        "2: a quote is not closed; close it (in what begins on line 1)",
    ),
    "an open bracket": (b"teams: [\n{name: x}\nui: {}\n", "3: a ',' or a closing bracket is missing; add it"),
    "a colon too many": (
        b"ui: {}\nledger: a: b\n",
        "2: a ':' is out of place; put text that holds ': ' in quotes",
    ),
    "a line that is no pair": (b"ui: {}\nledger\nreports: x\n", "3: this is no 'key: value'; add the ':'"),
    "text that must stand in quotes": (
        b"ledger: @x\n",
        "1: text that begins with this character must stand in",
    ),
    "an odd indent": (b"ui:\n    port: 1\n  host: x\n", "3: this line is not indented like its neighbours"),
    "two documents": (b"ledger: x\n---\nledger: y\n", "2: a second document begins here; keep one"),
    "a list": (b"- a\n", "1: must be a mapping of keys to values, such as 'key: value'"),
    "a word": (b"hello\n", "1: must be a mapping of keys to values, such as 'key: value'"),
    "Latin-1": (
        "ledger: x\nreports: caf\u00e9\n".encode("latin-1"),
        "2: is not UTF-8 text; save the file as UTF-8",
    ),
    "UTF-16": ("ledger: x\n".encode("utf-16"), "1: is not UTF-8 text; save the file as UTF-8"),
    "a NUL": (b"ui: {}\nledger: a\0b\n", "2: holds a control character; remove it"),
    "an escaped NUL": (b'ui: {}\nledger: "a\\0b"\n', "2: holds a control character; remove it"),
    "a lone surrogate": (b'ledger: "\\ud800"\n', "1: "),
    "a byte order mark inside": (
        "ui: {}\nledger: \ufeff\n".encode(),
        "2: holds a control character; remove it",
    ),
    "a directive": (
        b"%FOO 1\n%YAML 9.9\n---\nledger: x\n",
        "1: is no YAML: found unknown directive name; correct it",
    ),
}


@pytest.mark.parametrize("case", CORPUS)
def test_is_refused(tmp_path: Path, case: str) -> None:
    raw, expected = CORPUS[case]
    file = tmp_path / "costwatch.yaml"
    file.write_bytes(raw)
    with pytest.raises(ConfigError) as caught:
        load_config(file)
    assert caught.value.mistakes[0].startswith(f"{file}:{expected}")
    assert all(len(mistake) < 400 for mistake in caught.value.mistakes)


def test_nothing_costs_more_than_100_ms_and_50_mb(tmp_path: Path) -> None:
    for number, (raw, _) in enumerate(CORPUS.values()):
        (tmp_path / f"{number}.yaml").write_bytes(raw)
    program = """
import json, resource, sys, time
from pathlib import Path
from costwatch.config import load_config
from costwatch.errors import ConfigError
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before, slowest = peak(), 0.0
for file in Path(sys.argv[1]).glob("*.yaml"):
    start = time.process_time()
    try:
        load_config(file)
    except ConfigError:
        slowest = max(slowest, time.process_time() - start)
print(json.dumps([slowest, (peak() - before) / 1024]))
"""
    command = [sys.executable, "-c", program, str(tmp_path)]
    seconds, megabytes = json.loads(
        subprocess.run(command, capture_output=True, text=True, check=True).stdout
    )
    assert seconds < 0.1
    assert megabytes < 50


def test_as_deep_as_allowed_is_read(tmp_path: Path) -> None:
    file = tmp_path / "deep.yaml"
    mistakes = Mistakes(file)
    file.write_text("a: " + "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1))
    assert read(file, mistakes) is not None
    file.write_text("a: " + "[" * MAX_DEPTH + "]" * MAX_DEPTH)
    assert read(file, mistakes) is None


def test_a_byte_order_mark_and_windows_line_ends_are_fine(tmp_path: Path) -> None:
    file = tmp_path / "costwatch.yaml"
    file.write_bytes("\ufeffledger: x\r\nui:\r\n  port: 8600\r\n".encode())
    assert load_config(file).ui.port == 8600


LOCATED = re.compile(r".+\.yaml:\d+: .+")
SCRAPS = st.sampled_from(
    [
        *(
            "",
            "~",
            "[]",
            "{}",
            "[x]",
            "{x: y}",
            "x",
            "-1",
            "1e999",
            "nan",
            "9" * 5000,
            "2026-10-01",
            "99999y",
        ),
        *(
            "'",
            '"',
            "{",
            "[",
            "}",
            "]",
            ": ",
            "- ",
            "? ",
            "|",
            ">",
            "%",
            "@",
            "#",
            "&a ",
            "*a",
            "!!int 3",
            "<<",
        ),
        *("\t", "\0", "\n", "\r", "  ", "é", "\u2028", "💸", "${env:X}", "${file:}"),
        *("kind: slack", "name: default", "split: fixed", "percent: {a: 1}", "teams: [a]", "routes: [{}]"),
    ]
)


@st.composite
def mutated(draw: st.DrawFn, text: str) -> str:
    """A shipped file, its examples in use or not, after one to six accidents."""
    if draw(st.booleans()):
        text = re.sub("^#(?=  )", "", text, flags=re.MULTILINE)
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(lines) - 1))
        line = lines[at]
        column = draw(st.integers(0, len(line)))
        match draw(st.sampled_from(["drop", "repeat", "indent", "cut", "insert", "value", "character"])):
            case "drop" if len(lines) > 1:
                del lines[at]
            case "repeat":
                lines.insert(draw(st.integers(0, len(lines))), line)
            case "indent":
                lines[at] = " " * draw(st.integers(0, 8)) + line.lstrip()
            case "cut":
                lines[at] = line[:column]
            case "insert":
                lines[at] = line[:column] + draw(SCRAPS) + line[column:]
            case "value":
                lines[at] = f"{line.partition(':')[0]}: {draw(SCRAPS)}"
            case _:
                lines[at] = line[:column] + draw(st.text(max_size=1)) + line[column + 1 :]
    return "\n".join(lines)


def write(file: Path, text: str) -> None:
    file.write_bytes(text.encode("utf-8", "surrogatepass"))


@settings(max_examples=300, deadline=None)
@given(config=mutated(default_text("costwatch.yaml")), alerts=mutated(default_text("alerts.yaml")))
def test_accidents_are_told_in_sentences(
    tmp_path_factory: pytest.TempPathFactory, config: str, alerts: str
) -> None:
    folder = tmp_path_factory.mktemp("mutated", numbered=True)
    write(folder / "costwatch.yaml", config)
    write(folder / "alerts.yaml", alerts)
    absent = re.compile("no such file|cannot be read:")  # where 'alerts' names another file
    told = [mistake for mistake in check(folder / "costwatch.yaml") if not absent.search(mistake)]
    for load, name in ((load_config, "costwatch.yaml"), (load_alerts, "alerts.yaml")):
        try:
            load(folder / name)
        except ConfigError as error:
            told += error.mistakes
    for mistake in told:
        assert LOCATED.fullmatch(mistake)
        assert "broke on these settings" not in mistake
