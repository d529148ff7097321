"""The text of a YAML file, and what its parser complains of, in plain words."""

import re
from pathlib import Path

import yaml

MAX_BYTES = 1_000_000

# What PyYAML has compiled already, which takes long; to it the mark of the byte order is text anywhere.
UNPRINTABLE = yaml.reader.Reader.NON_PRINTABLE
BYTE_ORDER = "\ufeff"
_ADVICE = (  # part of libyaml's (or PyYAML's own) words -> ours
    ("mapping values are not allowed", "a ':' is out of place; put text that holds ': ' in quotes"),
    ("expected ':'", "this is no 'key: value'; add the ':' and a space after it"),
    ("cannot start any token", "text that begins with this character must stand in quotes"),
    ("expected ',' or", "a ',' or a closing bracket is missing; add it"),
    ("unexpected end of stream", "a quote is not closed; close it"),
    ("expected <document start>", "this belongs to nothing above it; indent it like the rest"),
    ("expected key", "this line is not indented like its neighbours; align it"),
    ("expected '-' indicator", "this line is not indented like its neighbours; align it"),
    ("expected <block end>", "this line is not indented like its neighbours; align it"),
)


class Unreadable(Exception):
    """A file that cannot be read, and on which line."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(text)
        self.line, self.text = line, text


def text_of(file: Path) -> str:
    """What it holds. Raises Unreadable."""
    try:
        with file.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise Unreadable(
            0, "no such file; `costwatch init` writes one, `costwatch demo` needs none"
        ) from None
    except OSError as error:
        raise Unreadable(0, f"cannot be read: {error.strerror}; check the path and its rights") from None
    if len(raw) > MAX_BYTES:
        raise Unreadable(1, f"is larger than {MAX_BYTES:,} bytes; no configuration is")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise Unreadable(line, "is not UTF-8 text; save the file as UTF-8") from None
    if odd := UNPRINTABLE.search(text) or re.search(BYTE_ORDER, text):
        line = text.count("\n", 0, odd.start()) + 1
        raise Unreadable(line, "holds a control character; remove it")
    return text


def in_words(error: yaml.MarkedYAMLError, text: str) -> Unreadable:
    """What is wrong with a text that is no YAML, and what to do."""
    lines = text.splitlines() or [""]
    mark = error.problem_mark or error.context_mark
    index = min(mark.line, len(lines) - 1) if mark else 0
    indent = lines[index][: len(lines[index]) - len(lines[index].lstrip())]
    if "\t" in indent:
        return Unreadable(index + 1, "a tab indents this line; use spaces")
    problem = error.problem or "the text ends too early"
    advice = next((words for part, words in _ADVICE if part in problem), f"is no YAML: {problem}; correct it")
    if error.context_mark and error.context_mark.line < index:
        advice += f" (in what begins on line {error.context_mark.line + 1})"
    return Unreadable(index + 1, advice)
