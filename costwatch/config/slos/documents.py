"""Which format a document is of, and what of it is read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import BaseModel

from costwatch.config.models import parsed
from costwatch.config.quote import instead, quoted
from costwatch.config.slos import openslo, openslo_v1alpha, pyrra, sloth
from costwatch.config.slos.fields import Labels
from costwatch.config.slos.openslo_sli import Named
from costwatch.config.tree import Mistakes, Node, Tree, documents, shown
from costwatch.slo.objectives import Objective

# apiVersion -> kind -> what it is read as.
_KINDS: Mapping[str, Mapping[str, type[BaseModel]]] = {
    openslo.API_VERSION: openslo.KINDS,
    openslo_v1alpha.API_VERSION: openslo_v1alpha.KINDS,
    sloth.API_VERSION: {sloth.KIND: sloth.SlothResource},
    pyrra.API_VERSION: {pyrra.KIND: pyrra.PyrraResource},
}
_READ = (
    "; costwatch reads openslo/v1, openslo/v1alpha, prometheus/v1, sloth.slok.dev/v1 and pyrra.dev/v1alpha1"
)


@dataclass(frozen=True, slots=True)
class Document:
    """One that is read. model: None where it has mistakes."""

    model: BaseModel | None
    tree: Tree
    file: Path


def read_documents(file: Path, mistakes: Mistakes, *, is_named: bool) -> Iterator[Document | str]:
    """The documents of a file; in a sentence, what of it is none of an SLO.

    is_named: whether ``costwatch.yaml`` names the file itself: then it is a mistake that it holds none.
    """
    for tree in documents(file, mistakes):
        tree = Tree(_written(tree.root), tree.marks)
        where, reason = _unread(tree)
        if (model := _model(tree)) is None:
            first = min((line for line, _ in tree.marks.values()), default=1)
            if is_named or _seems_slo(tree):
                mistakes.add(tree.value_line(where) if where else first, f"{reason}{_READ}")
            else:
                yield f"{shown(file)}:{first}: {reason}; left out"
        else:
            yield Document(parsed(model, tree, mistakes), tree, file)


def objectives_of(document: Document, named: Named, mistakes: Mistakes) -> Iterator[tuple[Objective, Labels]]:
    """Its objectives, each with all labels that tell it from others of its id."""
    model, tree = document.model, document.tree
    if isinstance(model, (sloth.SlothFile, sloth.SlothResource)):
        found = sloth.objectives(model, tree)
    elif isinstance(model, pyrra.PyrraResource):
        found = pyrra.objectives(model, tree)
    elif isinstance(model, openslo.OpenSlo):
        found = openslo.objectives(model, tree, named, mistakes)
    elif isinstance(model, openslo_v1alpha.AlphaSlo):
        found = openslo_v1alpha.objectives(model, tree, mistakes)
    else:
        return
    for objective, labels in found:
        yield replace(objective, file=str(document.file)), labels


def _written(root: dict[str, Node]) -> dict[str, Node]:
    """Without keys that nothing is written under: as ones left out."""
    return {key: _below(value) for key, value in root.items() if value is not None}


def _below(node: Node) -> Node:
    if isinstance(node, dict):
        return _written(node)
    return [_below(each) for each in node] if isinstance(node, list) else node


def _model(tree: Tree) -> type[BaseModel] | None:
    version, kind = tree.root.get("apiVersion"), tree.root.get("kind")
    if str(tree.root.get("version", "")).startswith("prometheus/"):
        return sloth.SlothFile
    return _KINDS.get(str(version), {}).get(str(kind))


def _unread(tree: Tree) -> tuple[tuple[str, ...], str]:
    """Where it says that it is none that is read, and in which words."""
    version, kind = tree.root.get("apiVersion"), tree.root.get("kind")
    if version is None:
        return (), "is no SLO: it has neither 'apiVersion' nor 'version: prometheus/v1'"
    if kinds := _KINDS.get(str(version)):
        return ("kind",), f"kind {quoted(kind)} of {version} is not read{instead(str(kind), kinds)}"
    return ("apiVersion",), f"apiVersion {quoted(version)} of kind {quoted(kind)} is not read"


def _seems_slo(tree: Tree) -> bool:
    kind = str(tree.root.get("kind", "")).lower()
    return kind.startswith(("slo", "sli")) or "servicelevel" in kind or "slos" in tree.root
