"""Every key of both files as a page of Markdown, from the docstrings of what reads them and the schema."""

import re
from collections.abc import Collection, Iterator, Mapping
from inspect import cleandoc
from textwrap import dedent
from typing import Any

from costwatch.config.editor import schema

_INTRODUCTION = """\
# Every key

What costwatch.yaml and alerts.yaml may hold, by section. `costwatch config reference` prints this page, and
`costwatch config schema` the same for editors. Durations are Prometheus' (`15m`, `2h`, `1d`).
"""
_FILES = {
    "costwatch.yaml": "What is spent, and whose it is.",
    "alerts.yaml": "What is told, and to whom.",
}
_NAMES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "a mapping",
}
_KIND_KEYS = ("kind", "split")
_Schema = Mapping[str, Any]


def reference() -> str:
    """The page. Raises ConfigError if the package of a kind cannot be imported."""
    from costwatch.config.alert_rules import AlertRules

    whole = schema()
    of_alerts = {field.alias or name for name, field in AlertRules.model_fields.items()}
    parts = [_INTRODUCTION]
    for file, what in _FILES.items():
        parts.append(f"## {file}\n\n{what}\n")
        for key, section in whole["properties"].items():
            if (key in of_alerts) is (file == "alerts.yaml"):
                parts += _Page(whole["$defs"]).section(key, section)
    return "\n".join(parts)


class _Page:
    """Parts of the page; each model below a section is told once there."""

    def __init__(self, definitions: Mapping[str, _Schema]) -> None:
        self._definitions = definitions
        self._told: set[str] = set()

    def section(self, key: str, section: _Schema) -> Iterator[str]:
        yield f"### `{key}`\n"
        kinds = section.get("items", {}).get("oneOf", ())
        if not kinds:
            yield f"{self._type(section)}{_default(section) and f'; if left out: {_default(section)}'}\n"
        for kind in kinds:
            name = next(
                kind["properties"][each]["const"] for each in _KIND_KEYS if each in kind["properties"]
            )
            yield f"#### `{key}`: `{name}`\n"
            yield from self._model(kind)
        yield from self._below(section if not kinds else {})

    def _below(self, node: Any) -> Iterator[str]:
        """The models that a schema names, and those that these name."""
        for name in _references(node):
            model = self._definitions[name]
            if name in self._told or "properties" not in model:
                continue
            self._told.add(name)
            yield f"#### {_words(name)}\n"
            yield from self._model(model)

    def _model(self, model: _Schema) -> Iterator[str]:
        keys, required = model["properties"], {*model.get("required", ())}
        yield _prose(model.get("description", ""), keys)
        left_out = {key: "must be given" if key in required else _default(of) for key, of in keys.items()}
        rows = [f"| `{key}` | {self._type(of)} | {left_out[key]} |" for key, of in keys.items()]
        yield "\n".join(["| key | what | if left out |", "|---|---|---|", *rows]) + "\n"
        yield from self._below(keys)

    def _type(self, of: _Schema) -> str:
        if "$ref" in of:
            name = of["$ref"].rsplit("/", 1)[1]
            found = self._definitions[name]
            return _choices(found["enum"]) if "enum" in found else _words(name)
        if "const" in of:
            return f"`{of['const']}`"
        if "enum" in of:
            return _choices(of["enum"])
        if "anyOf" in of:
            types = [self._type(each) for each in of["anyOf"] if each.get("type") != "null"]
            return " or ".join(dict.fromkeys(_numbers(types)))
        if of.get("format") == "duration":
            return "a duration"
        kinds = of.get("type", "anything")
        kind = kinds if isinstance(kinds, str) else kinds[0]
        if kind == "array":
            return f"a list of {self._type(of.get('items', {}))}"
        return _NAMES.get(kind, kind) + _limits(of)


def _numbers(types: list[str]) -> list[str]:
    """Exact numbers may be written as text, too, which nobody needs to know."""
    has_number = any(each.startswith("a number") for each in types)
    return [each for each in types if not (has_number and each.startswith("text"))]


def _limits(of: _Schema) -> str:
    words = {
        "minimum": "from",
        "exclusiveMinimum": "more than",
        "maximum": "to",
        "exclusiveMaximum": "less than",
    }
    told = [f"{word} {of[key]:g}" for key, word in words.items() if key in of]
    return f", {' '.join(told)}" if told else ""


def _choices(names: list[Any]) -> str:
    return " or ".join(f"`{name}`" for name in names)


def _default(of: _Schema) -> str:
    default = of.get("default")
    if default in (None, "", [], {}):
        return ""
    if isinstance(default, str) and (
        duration := re.fullmatch(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", default)
    ):
        default = "".join(
            f"{count}{unit}" for count, unit in zip(duration.groups(), "dhms", strict=True) if count
        )
    if isinstance(default, list):
        default = f"[{', '.join(map(str, default))}]"
    return f"`{default}`" if not isinstance(default, dict) else ""


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        if "$ref" in node:
            yield node["$ref"].rsplit("/", 1)[1]
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def _words(name: str) -> str:
    """``BudgetSettings`` as ``budget settings``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).replace("_", " ").strip().lower()


def _prose(description: str, keys: Collection[str]) -> str:
    """A docstring as Markdown: names in backquotes, keys that begin a sentence in bold, examples fenced."""
    text, _, example = cleandoc(description).partition("\nExample::\n")
    text = re.sub(r"``([^`]+)``", r"`\1`", text.strip())

    def in_bold(found: re.Match[str]) -> str:
        names = found[2].split(", ")
        return f"{found[1]}**{found[2]}**:" if {*names} <= {*keys} else found[0]

    text = re.sub(r"(^|\n|[.;]\s)(\w+(?:, \w+)*):(?=\s)", in_bold, text)
    fenced = f"\n\n```yaml\n{dedent(example).strip()}\n```" if example else ""
    return f"{text}{fenced}\n"
