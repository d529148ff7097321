"""A YAML file as a tree of text that remembers its lines.

Scalars stay as they were written (nothing, ``~`` and ``null`` unquoted are None): whether
``012345678901`` is a number or an account is for the field that takes it to say, so no leading zero is
lost and ``no`` stays a word. What could make a file mean more than it shows, or cost more than its size,
is refused: aliases and anchors, merge keys, tags, keys given twice, more than ``MAX_DEPTH`` levels, more
than ``MAX_BYTES``.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, TypeAlias

import yaml

from costwatch.config.quote import quoted
from costwatch.config.yaml_text import BYTE_ORDER, UNPRINTABLE, Unreadable, in_words, text_of
from costwatch.errors import ConfigError

MAX_DEPTH = 20
MAX_MISTAKES = 200  # that are told of the files of a configuration at once

Place = tuple[str | int, ...]  # the keys and positions that lead from the root to a node
Node: TypeAlias = "str | list[Node] | dict[str, Node] | None"

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NOTHING = ("", "~", "null", "Null", "NULL")


class Line(int):
    """A line, counted from 1, of a file that another one includes; in a sentence it names its file."""

    file: Path

    @classmethod
    def of(cls, file: Path, number: int) -> "Line":
        """Line ``number`` of ``file``."""
        line = cls(number)
        line.file = file
        return line

    def __str__(self) -> str:
        return f"{int(self)} of {shown(self.file)}"


class Mistakes:
    """What is wrong with one file, and with those that it includes.

    at_most: raises ConfigError with so many when there are more: no file of a person has as many.
    """

    def __init__(self, file: Path, at_most: int | None = None) -> None:
        self._name = str(shown(file))
        self._at_most = at_most
        self._found: set[tuple[str, int, str]] = set()

    def add(self, line: int, text: str) -> None:
        """Note ``what is wrong; what to do`` at a line, counted from 1; 0: the file as a whole."""
        where = (str(shown(line.file)), int(line)) if isinstance(line, Line) else (self._name, line)
        self._found.add((*where, text))
        if self._at_most is not None and len(self._found) > self._at_most:
            more = f"{self._name}: has more than {self._at_most} mistakes; correct these first"
            raise ConfigError([*[*self][: self._at_most], more])

    def within(self, file: Path) -> "Mistakes":
        """Those of a file that this one includes: they are among these, too."""
        within = Mistakes(file, self._at_most)
        within._found = self._found
        return within

    def __bool__(self) -> bool:
        return bool(self._found)

    def __iter__(self) -> Iterator[str]:
        """Each as ``file:line: text``, by line; what is wrong with included files comes last."""
        found = sorted(self._found, key=lambda each: (each[0] != self._name, each))
        for name, line, text in found:
            yield f"{name}:{line}: {text}" if line else f"{name}: {text}"


@dataclass(frozen=True, slots=True)
class Tree:
    """What a file holds, and on which line each node's key and value begin."""

    root: dict[str, Node]
    marks: dict[Place, tuple[int, int]]

    def at(self, place: Place) -> Node:
        """The node at ``place``; None too where there is none."""
        node: Node = self.root
        for step in place:
            if isinstance(node, dict) and isinstance(step, str):
                node = node.get(step)
            elif isinstance(node, list) and isinstance(step, int):
                node = node[step] if step < len(node) else None
            else:
                return None
        return node

    def line(self, place: Place) -> int:
        """Where ``place`` begins: the line of its key, or of the nearest node around it."""
        while place and place not in self.marks:
            place = place[:-1]
        return self.marks[place][0] if place else 1

    def value_line(self, place: Place) -> int:
        """The line of a text; of anything else, as ``line``."""
        is_text = place in self.marks and isinstance(self.at(place), str)
        return self.marks[place][1] if is_text else self.line(place)

    def entries(self, section: Place) -> Iterator[tuple[Place, dict[str, Node]]]:
        """The mappings in the list at ``section``."""
        nodes = self.at(section)
        for index, node in enumerate(nodes if isinstance(nodes, list) else ()):
            if isinstance(node, dict):
                yield (*section, index), node

    def below(self, place: Place) -> Iterator[Place]:
        """Every place within the node at ``place``, in the order of the file."""
        node = self.at(place)
        for step in range(len(node)) if isinstance(node, list) else node if isinstance(node, dict) else ():
            yield (*place, step)
            yield from self.below((*place, step))

    def texts(self) -> Iterator[tuple[Place, str]]:
        """Every text, in the order of the file."""
        for place in self.marks:
            node = self.at(place)
            if isinstance(node, str):
                yield place, node


def read(file: Path, mistakes: Mistakes) -> Tree | None:
    """The tree of ``file``, whose root is a mapping; None if it has none, which is noted."""
    try:
        return _tree(text_of(file), mistakes)
    except Unreadable as reason:
        mistakes.add(reason.line, reason.text)
        return None


def kept_tree(text: str, mistakes: Mistakes) -> Tree | None:
    """The tree of a root that was kept as JSON or, as older versions did, as the YAML it was written in."""
    try:
        root = json.loads(text)
    except ValueError:
        try:
            return _tree(text, mistakes)
        except Unreadable as reason:
            mistakes.add(reason.line, reason.text)
            return None
    return Tree(root if isinstance(root, dict) else {}, {})


def documents(file: Path, mistakes: Mistakes) -> list[Tree]:
    """The trees of a file of several documents, whose lines are those of the file; empty ones are left out.

    None at all where one cannot be read, which is noted.
    """
    try:
        text = text_of(file)
        try:
            return [
                tree for tree in _Builder(yaml.parse(text, Loader=_LOADER), mistakes).documents() if tree.root
            ]
        except yaml.MarkedYAMLError as error:
            raise in_words(error, text) from None
    except Unreadable as reason:
        mistakes.add(reason.line, reason.text)
        return []


def shown(file: Path) -> Path:
    """As people find it: from where they are, if it lies below."""
    return file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file


def _tree(text: str, mistakes: Mistakes) -> Tree:
    try:
        return _Builder(yaml.parse(text, Loader=_LOADER), mistakes).document()
    except yaml.MarkedYAMLError as error:
        raise in_words(error, text) from None


class _Builder:
    """Builds the tree from the parser's events, so that a bomb is refused before it is built."""

    def __init__(self, events: Iterator[yaml.Event], mistakes: Mistakes) -> None:
        self._events = events
        self._mistakes = mistakes
        self._marks: dict[Place, tuple[int, int]] = {}

    def document(self) -> Tree:
        """The only one."""
        trees = [*self.documents(only_one=True)]
        return trees[0] if trees else Tree({}, {})

    def documents(self, only_one: bool = False) -> Iterator[Tree]:
        next(self._events)  # the stream's start
        is_second = False
        while not isinstance(begin := next(self._events), yaml.StreamEndEvent):
            if only_one and is_second:
                _refuse(begin, "a second document begins here; keep one")
            is_second, self._marks = True, {}
            event = next(self._events)
            root = self._node(event, ())
            next(self._events)  # the document's end
            if root is not None and not isinstance(root, dict):
                _refuse(event, "must be a mapping of keys to values, such as 'key: value'")
            yield Tree(root or {}, self._marks)

    def _node(self, event: yaml.Event, place: Place) -> Node:
        if isinstance(event, yaml.AliasEvent):
            _refuse(event, "aliases (*name) are not allowed; write the value out")
        if not isinstance(event, yaml.NodeEvent):
            _refuse(event, "a value is expected here; write one")
        if event.anchor:
            _refuse(event, "anchors (&name) are not allowed; remove it")
        if getattr(event, "tag", None):
            _refuse(event, "tags (!name) are not allowed; remove it")
        if isinstance(event, yaml.ScalarEvent):
            return None if not event.style and event.value in _NOTHING else _scalar(event)
        if len(place) >= MAX_DEPTH:
            _refuse(event, f"is nested deeper than {MAX_DEPTH} levels; flatten it")
        return self._list(place) if isinstance(event, yaml.SequenceStartEvent) else self._mapping(place)

    def _list(self, place: Place) -> list[Node]:
        nodes: list[Node] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            here = (*place, len(nodes))
            self._marks[here] = (_line(event), _line(event))
            nodes.append(self._node(event, here))
        return nodes

    def _mapping(self, place: Place) -> dict[str, Node]:
        nodes: dict[str, Node] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._key(event)
            if key not in nodes:
                value = next(self._events)
                self._marks[*place, key] = (_line(event), _line(value))
                nodes[key] = self._node(value, (*place, key))
            else:
                self._mistakes.add(_line(event), f"{quoted(key)} is given twice; keep one")
                self._node(
                    next(self._events), (*place, -_line(event))
                )  # a place of its own for what it holds
        return nodes

    def _key(self, event: yaml.Event) -> str:
        key = self._node(event, ()) if isinstance(event, (yaml.ScalarEvent, yaml.AliasEvent)) else None
        if not isinstance(key, str):
            _refuse(event, "a key must be text; write 'key: value'")
        if key == "<<":
            _refuse(event, "merge keys (<<) are not allowed; write the keys out")
        return key


def _scalar(event: yaml.ScalarEvent) -> str:
    text: str = event.value
    if UNPRINTABLE.search(text) or BYTE_ORDER in text:
        _refuse(event, "holds a control character; remove it")
    return text


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _refuse(event: yaml.Event, text: str) -> NoReturn:
    raise Unreadable(_line(event), text)
