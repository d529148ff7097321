"""What pydantic refused, said in plain words at the line it stands on. Never repeats what may be a secret."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from costwatch.config import hints
from costwatch.config.quote import instead, is_secret_key, looks_secret, quoted
from costwatch.config.tree import Node, Place, Tree

# pydantic's name of a type -> what to call it, and an example where one helps.
_TYPES = {
    "string": ("text", ""),
    "int": ("a whole number", "7"),
    "float": ("a number", "100"),
    "decimal": ("a number", "100"),
    "bool": ("true or false", "true"),
    "date": ("a day", "2026-10-01"),
    "datetime": ("a time", "2026-10-01T00:00:00Z"),
    "tuple": ("a list", ""),
    "list": ("a list", ""),
    "set": ("a list", ""),
    "frozen": ("a list", ""),
    "iterable": ("a list", ""),
    "dict": ("a mapping of keys to values", ""),
    "mapping": ("a mapping of keys to values", ""),
    "model": ("a mapping of keys to values", ""),
    "dataclass": ("a mapping of keys to values", ""),
}
_WRONG_TYPE = re.compile(rf"({'|'.join(_TYPES)})(_set)?_(type|attributes_type|parsing\w*|from_\w+)")
_LIMITS = {
    "greater_than": "must be greater than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "string_too_short": "must have {min_length} or more characters",
    "string_too_long": "must have {max_length} or fewer characters",
    "too_short": "must have {min_length} or more items",
    "too_long": "must have {max_length} or fewer items",
    "decimal_max_digits": "must not have more than {max_digits} digits",
    "decimal_whole_digits": "must not have more than {whole_digits} digits before the point",
    "decimal_max_places": "must not have more than {decimal_places} digits after the point",
    "finite_number": "must be a finite number",
    "none_required": "must be left out",
}
_NO_SHARE = 10  # what is more was meant as a percentage


@dataclass(frozen=True, slots=True)
class _Fault:
    """One of pydantic's complaints, in terms of the file.

    union: the place whose value was tried as one of several types, and ``branch`` the one tried here.
    """

    kind: str
    place: Place
    is_key: bool
    union: Place | None
    branch: str | int
    loc: Sequence[str | int]
    context: dict[str, Any]
    message: str

    @property
    def is_wrong_type(self) -> bool:
        return self.place == self.union and _WRONG_TYPE.fullmatch(self.kind) is not None


def sentences(
    error: ValidationError, model: type[BaseModel], tree: Tree, base: Place = (), also: Sequence[str] = ()
) -> Iterator[tuple[int, str]]:
    """Line and sentence of each mistake in what stands at ``base``.

    model: what it was read as. also: keys that are known there beside the model's.
    """
    faults = [_fault(detail, tree, base) for detail in error.errors(include_url=False, include_input=False)]
    for group in _by_union([fault for fault in faults if fault.kind != "default_factory_not_called"]):
        fault = group[0]
        if len(group) > 1:
            words = " or ".join(dict.fromkeys(_expected(each.kind)[0] for each in group))
            yield tree.line(fault.place), _must(f"must be {words}", tree, fault.place)
        elif fault.kind == "extra_forbidden":
            key = str(fault.place[-1])
            known = (*also, *_known_keys(model, fault.loc))
            yield tree.line(fault.place), f"unknown key {quoted(key)}{instead(key, known)}"
        else:
            yield _sentence(fault, tree)


def _fault(detail: Any, tree: Tree, base: Place) -> _Fault:
    """Follow pydantic's location into the file; steps that are not in the file name branches of unions."""
    place, node = base, tree.at(base)
    loc: tuple[str | int, ...] = detail["loc"]
    is_key = loc[-1:] == ("[key]",)
    union: Place | None = None
    branch: str | int = ""
    for step in loc[: len(loc) - (is_key or detail["type"] == "missing")]:
        if _has(node, step):
            place = (*place, step)
            node = tree.at(place)
        else:
            union, branch = place, step
    return _Fault(detail["type"], place, is_key, union, branch, loc, detail.get("ctx", {}), detail["msg"])


def _has(node: Node, step: str | int) -> bool:
    if isinstance(node, dict):
        return step in node
    return isinstance(node, list) and isinstance(step, int) and step < len(node)


def _by_union(faults: Sequence[_Fault]) -> Iterator[list[_Fault]]:
    """Each fault alone; but of a union only the branch that was meant, or all as one where none was."""
    unions: dict[Place, list[_Fault]] = {}
    for fault in faults:
        if fault.union is None:
            yield [fault]
        else:
            unions.setdefault(fault.union, []).append(fault)
    places = [fault.place for fault in faults]
    for union, tried in unions.items():
        if any(place[: len(union)] == union != place for place in places) and all(
            fault.is_wrong_type for fault in tried
        ):
            continue  # the branch that was meant has mistakes further down
        wrong = {fault.branch for fault in tried if fault.is_wrong_type}
        meant = next((fault.branch for fault in tried if fault.branch not in wrong), None)
        if meant is None:
            yield tried
        else:
            yield from ([fault] for fault in tried if fault.branch == meant)


def _sentence(fault: _Fault, tree: Tree) -> tuple[int, str]:
    place, kind = fault.place, fault.kind
    if kind == "missing":
        return tree.line(place), f"'{fault.loc[-1]}' is missing here; add it"
    if kind in ("union_tag_not_found", "union_tag_invalid"):
        key = fault.context["discriminator"].strip("'")
        if tree.at((*place, key)) is None:
            return tree.line((*place, key)), f"'{key}' is missing here; add it"
        return _choice((*place, key), str(fault.context["expected_tags"]), tree)
    if kind in ("literal_error", "enum"):
        return _choice(place, str(fault.context["expected"]), tree)
    if kind in ("value_error", "assertion_error"):
        return _own_words(str(fault.context["error"]), place, tree)
    if kind in _LIMITS:
        limits = {
            key: f"{limit:g}" if isinstance(limit, float) else limit for key, limit in fault.context.items()
        }
        words = _LIMITS[kind].format(**limits) + _share_hint(kind, place, tree)
        return tree.value_line(place), _must(words, tree, place)
    if kind == "string_pattern_mismatch":
        words = f"must be {_pattern(str(fault.context['pattern']))}"
        if fault.is_key:
            return tree.line(place), f"the key {quoted(place[-1])} {words}"
        return tree.value_line(place), _must(words, tree, place)
    if _WRONG_TYPE.fullmatch(kind):
        words, example = _expected(kind)
        if hint := _number_hint(kind, place, tree):
            more = f"; write {hint}"
        else:
            more = f"; write e.g. {_name(place)}: {example}" if example and isinstance(place[-1], str) else ""
        return tree.value_line(place), _must(f"must be {words}{more}", tree, place)
    return tree.value_line(place), f"{subject(place)}: {fault.message}"


def _share_hint(kind: str, place: Place, tree: Tree) -> str:
    text = tree.at(place)
    if kind != "less_than_equal" or not _name(place).endswith("_share") or not isinstance(text, str):
        return ""
    return f"; write {hints.number(f'{text}%')} for {text} %" if float(text) > _NO_SHARE else ""


def _number_hint(kind: str, place: Place, tree: Tree) -> str:
    text, words = tree.at(place), _expected(kind)[0]
    if "number" not in words or not isinstance(text, str):
        return ""
    hint = hints.number(text, _name(place))
    return "" if "whole" in words and "." in hint else hint


def _expected(kind: str) -> tuple[str, str]:
    return _TYPES[kind.split("_")[0]]


def _choice(place: Place, allowed: str, tree: Tree) -> tuple[int, str]:
    text = tree.at(place)
    names = re.findall(r"'([^']*)'", allowed)
    words = f"must be {'one of ' * (len(names) > 2)}{allowed}"
    guess = instead(text, names) if isinstance(text, str) else ""
    return tree.value_line(place), _must(words, tree, place) + guess * ("did you mean" in guess)


def _own_words(message: str, place: Place, tree: Tree) -> tuple[int, str]:
    """A model's own complaint; where it begins with one of the entry's keys, at that key's line."""
    node = tree.at(place)
    if isinstance(node, str) and any(map(is_secret_key, place)):
        message = message.replace(node, "(not shown)")
    first = message.split(" ", 1)[0].strip("':,;")
    if isinstance(node, dict):
        return tree.line((*place, first) if first in node else place), message
    if first == "must":
        if (
            message.startswith("must be a duration")
            and isinstance(node, str)
            and (hint := hints.duration(node))
        ):
            message = f"{message}; write {hint}"
        return tree.value_line(place), _must(message, tree, place)
    return tree.value_line(place), f"{subject(place)}: {message}" if place else message


def _must(words: str, tree: Tree, place: Place) -> str:
    """``'above' must be a number, not 'abc'; write …``; the value only if it cannot be a secret."""
    words, semicolon, advice = words.partition(";")
    node = tree.at(place)
    if isinstance(node, dict):
        but = ", not a mapping"
    elif isinstance(node, list):
        but = ", not a list"
    elif node is None:
        but = "; nothing is written there"
    elif any(map(is_secret_key, place)) or looks_secret(node):
        but = ""
    else:
        but = f", not {quoted(node)}"
    return f"{subject(place)} {words}{but}{semicolon}{advice}"


def subject(place: Place) -> str:
    """How a sentence calls what stands at ``place``."""
    if not place:
        return "the file"
    if isinstance(place[-1], int):
        return f"item {place[-1] + 1} of {quoted(_name(place))}"
    return quoted(place[-1])


def _name(place: Place) -> str:
    return next((str(step) for step in reversed(place) if isinstance(step, str)), "the file")


def _pattern(pattern: str) -> str:
    """``^[A-Z]{3}$`` and ``^[A-Z][a-z]*$`` in words; any other pattern as it is."""
    if match := re.fullmatch(r"\^\[([^\]]+)\]\{(\d+)\}\$", pattern):
        return f"{match[2]} {_characters(match[1], ' or ')}"
    if match := re.fullmatch(r"\^\[([^\]]+)\]\[([^\]]+)\][*+]\$", pattern):
        return f"made of {_characters(match[2], ', ')} and begin with {_characters(match[1], ' or ')}"
    return f"of the form {pattern}"


def _characters(inside: str, between: str) -> str:
    words = {"A-Za-z": "letters", "A-Z": "capital letters", "0-9": "digits", " ": "spaces"}
    parts = re.findall(r"A-Za-z|A-Z|0-9|.", inside)
    marks = " ".join(part for part in parts if part not in words)
    return between.join([words[part] for part in parts if part in words] + [marks] * bool(marks))


def _known_keys(model: type[BaseModel], loc: Sequence[str | int]) -> list[str]:
    """The keys allowed where ``loc``, an unknown one, stands."""
    models: list[type[BaseModel]] = [model]
    for step in loc[:-1]:
        fields = [field for key, field in _fields(models) if key == step]
        if fields:
            models = [found for field in fields for found in _models(field.annotation)]
        else:  # a position, a mapping's key, or a branch of a union: a class or a discriminator's value
            models = [each for each in models if step == each.__name__ or _tagged(each, step)] or models
    return [key for key, _ in _fields(models)]


def _fields(models: Iterable[type[BaseModel]]) -> Iterator[tuple[str, FieldInfo]]:
    return ((field.alias or name, field) for model in models for name, field in model.model_fields.items())


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for part in get_args(annotation) for found in _models(part)]


def _tagged(model: type[BaseModel], tag: str | int) -> bool:
    return any(tag in get_args(field.annotation) for field in model.model_fields.values())
