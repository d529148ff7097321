"""What stands for the window, for matchers and for parameters in a query, and what takes its place."""

import re
from collections.abc import Mapping
from datetime import timedelta
from difflib import get_close_matches

from collectors.prometheus import matchers
from costwatch.plugins import parse_duration

# A range that ends on the hour holds the sample of the hour before on Prometheus 2 and not on 3, so sums of
# samples reach a millisecond less far: then each sample is in one hour, whenever it was taken.
WINDOW = {"window": "1h", "gauge_window": "59m59s999ms", "window_seconds": "3600"}
_HOUR = timedelta(hours=1)
_PARTS = re.compile(
    r"""(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`|\#[^\n]*)
    |(?P<comma>,?\s*)\$match\b
    |\$(?P<name>[A-Za-z_]\w*)""",
    re.VERBOSE | re.DOTALL,
)
_NAME = re.compile(r"\$([A-Za-z_]\w*)")
_BARE = re.compile(r"[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?|[A-Za-z_:][A-Za-z0-9_:]*")
_RANGE = re.compile(r"\[\s*(\w+)\s*(?::[^\]]*)?\]")


def filled(query: str, match: Mapping[str, str], parameters: Mapping[str, str]) -> str:
    """``query`` as it is asked for an hour. Raises ValueError, which begins with the key that is wrong.

    ``$window`` becomes ``1h``, ``$gauge_window`` a millisecond less, ``$window_seconds`` 3600, ``$match`` the
    matchers of ``match``. A parameter stands in a string, where it is escaped, or by itself: then it is a
    number or a name.
    """
    parts = [*_PARTS.finditer(query)]
    if match and not any(part["comma"] is not None for part in parts):
        raise ValueError(
            "match: the query does not say where; write $match between the braces of each metric"
        )
    own = {name for part in parts for name in _NAME.findall(part["text"] or part[0])} - {*WINDOW, "match"}
    for name in parameters:
        if name not in own:
            raise ValueError(f"parameters: '{name}' is none of the query's{_nearest(name, own)}")
    return _PARTS.sub(lambda part: _filled(part, ",".join(matchers(match)), parameters), query)


def check_ranges(promql: str) -> None:
    """Raises ValueError for a range that is longer than the hour that is asked for."""
    outside = _PARTS.sub(lambda part: "" if part["text"] else part[0], promql)
    for written in _RANGE.findall(outside):
        try:
            length = parse_duration(written)
        except ValueError:
            continue  # the server says what is wrong with it
        if length > _HOUR:
            raise ValueError(
                f"query: [{written}] is longer than the hour that is asked for, so that time would count "
                "several times; write [$window]"
            )


def _filled(part: "re.Match[str]", matching: str, parameters: Mapping[str, str]) -> str:
    if text := part["text"]:
        return text if text[0] in "`#" else _in_string(text, parameters)
    if (name := part["name"]) is None:
        return f"{part['comma']}{matching}" if matching else ""
    if name in WINDOW:
        return WINDOW[name]
    if (value := parameters.get(name)) is None:
        raise ValueError(
            f"query: ${name} is no placeholder{_nearest(name, {*WINDOW, 'match', *parameters}, '$')}"
        )
    if not _BARE.fullmatch(value):
        raise ValueError(f"parameters: '{name}' must be a number or a name; the query has it outside quotes")
    return value


def _in_string(text: str, parameters: Mapping[str, str]) -> str:
    def value(found: "re.Match[str]") -> str:
        if (given := parameters.get(found[1])) is None:
            return found[0]  # label_replace has such texts of its own
        return given.replace("\\", "\\\\").replace(text[0], f"\\{text[0]}").replace("\n", "\\n")

    return _NAME.sub(value, text)


def _nearest(word: str, known: set[str], before: str = "") -> str:
    if close := get_close_matches(word.lower(), sorted(known), 1, 0.5):
        return f"; did you mean '{before}{close[0]}'?"
    return f"; there is {', '.join(before + name for name in sorted(known))}" if known else "; leave it out"
