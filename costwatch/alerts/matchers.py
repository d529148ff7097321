"""Conditions on labels, as Alertmanager writes them. Pure.

The grammar is that of https://prometheus.io/docs/alerting/latest/configuration/#matcher: a label's name, an
operator, a value; name and value each in double quotes, or bare where no reserved character is in them.
Expressions are RE2's, which take time in proportion to the text whatever stands in them
(https://github.com/google/re2/wiki/Syntax), and must match the whole value.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any

from pydantic import AfterValidator

_LONGEST = 1_000  # characters of one matcher
_MEMORY_BYTES = 1 << 20  # of one expression; 1,000 characters of common ones need a tenth
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_NAME = rf"{_QUOTED}|[^\s{{}}!=~,\\\"'`]+"
# Bare values may hold what is no name: Alertmanager goes back to its older grammar for them.
_VALUE = rf"{_QUOTED}|[^\s\"'`{{}},]*"
_ONE = rf"\s*({_NAME})\s*(=~|!~|!=|=)\s*({_VALUE})\s*"
_MATCHER = re.compile(_ONE, re.DOTALL)
_MATCHER_OF_SOME = re.compile(rf"{_ONE}(?:,|$)", re.DOTALL)
_BRACES = re.compile(r"\s*\{(.*)\}\s*", re.DOTALL)
_ESCAPE = re.compile(
    rb"\\(?:([abfnrtv\\\"])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2}))"
)
_NAMED_ESCAPES = dict(zip(b'abfnrtv\\"', b'\a\b\f\n\r\t\v\\"', strict=True))
_OLDER_ESCAPE = re.compile(r"\\([n\\\"])")
_ENDLESS = re.compile(r"\{\d*,?\d{9,}[,}]")  # RE2 takes such numbers as text, which nobody means


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition on a label; a label that an alert does not have counts as empty."""

    label: str
    operator: str
    value: str

    @classmethod
    def parse(cls, text: str) -> "Matcher":
        """``severity="page"``, ``"team.name"=~"ml-.*"``, ``team!~"…"``. Raises ValueError."""
        if len(text) > _LONGEST:
            raise ValueError(f"is longer than {_LONGEST:,} characters; shorten it, or write two")
        match = _MATCHER.fullmatch(text)
        if match is None:
            raise ValueError("""must read label="value", with = != =~ or !~""")
        return cls._of(match)

    @classmethod
    def _of(cls, match: re.Match[str]) -> "Matcher":
        label, operator, value = _written(match[1]), match[2], _written(match[3])
        if not label:
            raise ValueError("names no label; write one, such as team")
        if operator in ("=~", "!~"):
            expression(value)
        return cls(label, operator, value)

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether an alert with these labels meets the condition."""
        value = labels.get(self.label, "")
        if "~" not in self.operator:
            return (value == self.value) is (self.operator == "=")
        return matches_whole(self.value, value) is (self.operator == "=~")

    @property
    def takes_empty(self) -> bool:
        """Whether what does not have the label meets it."""
        return self.matches({})


def parsed(texts: Iterable[str]) -> tuple[Matcher, ...]:
    """All conditions in ``texts``, each one or, as Alertmanager has it, some: ``{team="ml", env!="dev"}``.

    Raises ValueError.
    """
    return tuple(matcher for text in texts for matcher in _several(text))


def _several(text: str) -> Iterator[Matcher]:
    inside = _BRACES.fullmatch(text)
    if len(text) > _LONGEST or not (inside or "," in text):
        yield Matcher.parse(text)
        return
    rest = inside[1] if inside else text
    if not rest.strip():
        raise ValueError("holds no matcher; write one")
    while rest.strip():
        match = _MATCHER_OF_SOME.match(rest)
        if match is None:
            raise ValueError("""must read label="value", with = != =~ or !~; a ',' between two""")
        yield Matcher._of(match)
        rest = rest[match.end() :]


def expression(text: str) -> None:
    """Raises ValueError where RE2 does not take the expression."""
    import re2

    why = "it repeats more than 1,000 times" if _ENDLESS.search(text) else ""
    try:
        _compiled(text)
    except re2.error as error:
        why = error.args[0].decode(errors="replace")
    except UnicodeEncodeError:
        why = "it holds half a character"
    if why:
        raise ValueError(f"'{text}' is no regular expression (of RE2): {why}")


def matches_whole(text: str, value: str) -> bool:
    """Whether the expression ``text`` matches the whole value, whatever that holds."""
    return _compiled(text).fullmatch(value.encode(errors="replace")) is not None


@lru_cache(maxsize=1024)
def _compiled(text: str) -> Any:
    import re2

    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY_BYTES
    options.never_capture = True  # a match is then found in one pass, whatever the length
    return re2.compile(text, options)


def _written(text: str) -> str:
    """What a name or value means: in quotes as Go reads it or, where it would not, with backslashes kept."""
    if not text.startswith('"'):
        return text
    inside = text[1:-1]
    if "\\" not in inside:
        return inside
    if b"\\" in _ESCAPE.sub(b"", inside.encode(errors="replace")):
        return _OLDER_ESCAPE.sub(lambda found: "\n" if found[1] == "n" else found[1], inside)
    try:
        return _ESCAPE.sub(_unescaped, inside.encode()).decode()
    except (UnicodeError, OverflowError):
        raise ValueError("holds an escape that stands for no character; mend it") from None


def _unescaped(found: re.Match[bytes]) -> bytes:
    name, byte, short, long, octal = found.groups()
    if name:
        return bytes([_NAMED_ESCAPES[name[0]]])
    if short or long:
        return chr(int(short or long, 16)).encode()
    return bytes([int(byte, 16) if byte else int(octal, 8)])


def _parsable(text: str) -> str:
    parsed([text])
    return text


MatcherText = Annotated[str, AfterValidator(_parsable)]
