"""The files as text editors and newcomers meet them: a JSON Schema, and the files `costwatch init` writes."""

from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import BaseModel

import costwatch
from costwatch.config.kinds import imported
from costwatch.plugins import COLLECTORS, NOTIFIERS, RULES, SPLITS, registered

# section -> its group, and the key by which an entry names its kind.
_KINDS = {
    "sources": (COLLECTORS, "kind"),
    "pools": (SPLITS, "split"),
    "rules": (RULES, "kind"),
    "receivers": (NOTIFIERS, "kind"),
}


def schema() -> dict[str, Any]:
    """One JSON Schema for both files, with every kind that is installed.

    Raises ConfigError if the package of a kind cannot be imported.
    """
    from pydantic.json_schema import models_json_schema

    from costwatch.config.alert_rules import AlertRules
    from costwatch.config.files import Config

    kinds = {
        (section, kind): imported(point)
        for section, (group, _) in _KINDS.items()
        for kind, point in sorted(registered(group).items())
    }
    models: list[type[BaseModel]] = [Config, AlertRules, *kinds.values()]
    references, definitions = models_json_schema([(model, "validation") for model in models])
    known: dict[str, Any] = definitions["$defs"]
    pages = [known.pop(references[model, "validation"]["$ref"].rsplit("/", 1)[1]) for model in models[:2]]
    properties = {key: value for page in pages for key, value in page["properties"].items()}
    choices: dict[str, list[dict[str, Any]]] = {section: [] for section in _KINDS}
    for (section, kind), model in kinds.items():
        entry = known[references[model, "validation"]["$ref"].rsplit("/", 1)[1]]
        key = _KINDS[section][1]
        const = {key: {"const": kind}}  # stands first, and replaces what the model says of it
        keys = const | entry["properties"] | const
        required = dict.fromkeys((key, *entry.get("required", ())))
        choices[section].append({**entry, "properties": keys, "required": [*required]})
    for section, entries in choices.items():
        properties[section]["items"] = {"oneOf": entries}
    properties, known = _as_editors_read(properties), _as_editors_read(known)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "costwatch.yaml and alerts.yaml",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        "$defs": known,
    }


def _as_editors_read(node: Any) -> Any:
    """The same where what is text here may look like a number there: an account, a year, a series' values."""
    if isinstance(node, list):
        return [_as_editors_read(each) for each in node]
    if not isinstance(node, dict):
        return node
    found = {key: _as_editors_read(value) for key, value in node.items()}
    if found.get("type") == "string" and not {"enum", "const", "pattern", "format"} & found.keys():
        found["type"] = ["string", "number"]
    return found


def default_text(name: str) -> str:
    """The shipped ``costwatch.yaml`` or ``alerts.yaml``: a starting point that `check` accepts."""
    packed = files("costwatch") / "defaults" / name
    if packed.is_file():
        return packed.read_text(encoding="utf-8")
    return (Path(costwatch.__file__).parent.parent / name).read_text(encoding="utf-8")
