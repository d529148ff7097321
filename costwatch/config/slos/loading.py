"""All files that ``slos:`` names, read into objectives."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from costwatch.config.quote import quoted
from costwatch.config.slos import openslo
from costwatch.config.slos.documents import Document, objectives_of, read_documents
from costwatch.config.slos.fields import Labels
from costwatch.config.slos.identity import identified
from costwatch.config.slos.openslo_sli import Named, read_sli
from costwatch.config.slos.owners import OWNER_LABELS, Owners
from costwatch.config.tree import Mistakes, shown
from costwatch.config.yaml_text import MAX_BYTES
from costwatch.slo.objectives import Objective

if TYPE_CHECKING:
    from costwatch.config.files import SloFiles

_ENDINGS = (".yaml", ".yml")
_NAMED = 5  # of files that are left out, so many by name
_SPEAKS = re.compile(
    rb"openslo|prometheus/v|sloth|pyrra|ServiceLevel|sre\.google|\bsl[oi]s?\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Loaded:
    """objectives: by id, of files without a mistake. mistakes: as ``file:line: …``. notes: of other files."""

    objectives: tuple[Objective, ...] = ()
    mistakes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Files:
    """What was read of all files so far; of those with mistakes, these."""

    mistakes: dict[Path, Mistakes]
    documents: list[tuple[Document, "SloFiles"]]
    notes: list[str]


def load_slos(entries: Sequence["SloFiles"], owners: Owners, folder: Path = Path()) -> Loaded:
    """The objectives of these files and folders; those in ``folder`` are told from there on."""
    read = _read(entries)
    named = _definitions(read)
    known: list[tuple[Objective, Labels]] = []
    of: dict[str, SloFiles] = {}
    for document, entry in read.documents:
        known += objectives_of(document, named, read.mistakes[document.file])
        of[str(document.file)] = entry
    good = [each for each in known if not read.mistakes[Path(each[0].file)]]
    kept, doubled = identified(good)
    for objective, text in doubled:
        read.mistakes[Path(objective.file)].add(objective.line, text)
    # A file is read whole or not at all: one with a duplicate, too.
    whole = [each for each in kept if not read.mistakes[Path(each[0].file)]]
    objectives = [
        replace(
            owners.given(one, labels, of[one.file].team, of[one.file].owner_labels or OWNER_LABELS),
            file=_from(folder, Path(one.file)),
        )
        for one, labels in whole
    ]
    mistakes = [text for _, found in sorted(read.mistakes.items()) for text in found]
    return Loaded(tuple(sorted(objectives, key=lambda one: one.id)), tuple(mistakes), tuple(read.notes))


def _from(folder: Path, file: Path) -> str:
    return str(file.relative_to(folder) if file.is_relative_to(folder) else file)


def _read(entries: Iterable["SloFiles"]) -> _Files:
    read = _Files({}, [], [])
    for entry in entries:
        others = []
        for file in _files(entry.path, read):
            if file in read.mistakes:
                continue  # named twice
            is_named = file == entry.path
            if not is_named and not _mentions_slos(file):
                others.append(str(file.relative_to(entry.path)))
                continue
            mistakes = read.mistakes[file] = Mistakes(file)
            for found in read_documents(file, mistakes, is_named=is_named):
                if isinstance(found, str):
                    read.notes.append(found)
                else:
                    read.documents.append((found, entry))
        if others:
            named = ", ".join(others[:_NAMED]) + (", …" if len(others) > _NAMED else "")
            left_out = f"{len(others)} files that speak of no SLO are left out: {named}"
            read.notes.append(f"{shown(entry.path)}: {left_out}")
    return read


def _mentions_slos(file: Path) -> bool:
    """Whether it may hold one: other files of a folder need not even be YAML that is read here."""
    try:
        with file.open("rb") as stream:
            return _SPEAKS.search(stream.read(MAX_BYTES)) is not None
    except OSError:
        return True  # whoever reads it tells why it cannot be read


def _files(path: Path, read: _Files) -> Iterator[Path]:
    """Itself, or what lies in it; a path without an SLO file is a mistake."""
    if not path.is_dir():
        if path.exists():
            yield path
        else:
            read.mistakes[path] = Mistakes(path)
            read.mistakes[path].add(0, "no such file or folder; correct 'slos' in costwatch.yaml")
        return
    found = (each for each in sorted(path.rglob("*")) if each.suffix in _ENDINGS and not each.is_dir())
    inside = [each.relative_to(path) for each in found]
    visible = [each for each in inside if not any(part.startswith(".") for part in each.parts)]
    if hidden := len(inside) - len(visible):
        read.notes.append(f"{shown(path)}: {hidden} hidden files are left out")
    if not visible:
        read.mistakes[path] = Mistakes(path)
        read.mistakes[path].add(0, "holds no file that ends in .yaml or .yml; correct 'slos'")
    yield from (path / each for each in visible)


def _definitions(read: _Files) -> Named:
    """What OpenSLO documents refer to, of all files."""
    named = Named()
    places: dict[tuple[str, str], str] = {}
    slis: list[tuple[str, openslo.OpenSli, Document]] = []
    for document, _ in read.documents:
        model, tree, place = document.model, document.tree, ("metadata", "name")
        name = str(tree.at(place))
        if model is None:
            named.broken.add(name)
        elif isinstance(model, openslo.DataSource):
            named.types[name] = model.spec.type
        elif isinstance(model, openslo.OpenSli):
            slis.append((name, model, document))
        if not isinstance(model, (openslo.DataSource, openslo.OpenSli)):
            continue
        here = f"{shown(document.file)}:{tree.value_line(place)}"
        if (first := places.setdefault((model.kind, name), here)) != here:
            text = f"{model.kind} {quoted(name)} is also in {first}; rename one"
            read.mistakes[document.file].add(tree.value_line(place), text)
    for name, model, document in slis:
        mistakes = read.mistakes[document.file]
        if sli := read_sli(model.spec, document.tree, ("spec",), named, mistakes):
            named.slis[name] = sli
        else:
            named.broken.add(name)
    return named
