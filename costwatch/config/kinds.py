"""Entries that name a kind become what their plugin makes of them."""

from collections.abc import Mapping
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

from pydantic import AliasChoices, BaseModel, ValidationError

from costwatch.config.names import NO_NAMES, Names
from costwatch.config.quote import instead, quoted
from costwatch.config.tree import Mistakes, Node, Place, Tree
from costwatch.errors import ConfigError
from costwatch.plugins import SPLITS, PluginContext, SplitSettings, registered


def loaded(
    tree: Tree,
    section: Place,
    group: str,
    folder: Path,
    mistakes: Mistakes,
    *,
    key: str = "kind",
    names: Names = NO_NAMES,
    defaults: Mapping[str, Node] | None = None,
) -> tuple[Any, ...]:
    """The plugins that the list at ``section`` describes; only the kinds it names are imported.

    key: under which an entry names its kind; ``kind`` is no key of the plugin's own, another one is.
    defaults: what entries have unless they say otherwise, of the keys that their kind knows.
    A plugin finds ``folder``, which relative paths start from, and what ``names`` has in its
    ``PluginContext``.
    """
    entries = list(tree.entries(section))
    points = registered(group) if entries else {}
    models = _models(tree, [(*place, key) for place, _ in entries], points, mistakes)
    plugins = []
    for place, entry in entries:
        kind = str(entry.get(key))
        if (model := models.get(kind)) is None:
            continue
        settings = {key: value for key, value in entry.items() if key != "kind"}
        settings |= _from_defaults(model, settings, defaults or {})
        try:
            plugins.append(
                model.model_validate(
                    settings,
                    context=PluginContext(
                        folder, kind, names.teams, names.dimensions, names.slos, names.prometheus
                    ),
                )
            )
        except ValidationError as error:
            from costwatch.config.sentences import sentences  # most files have no mistake

            for line, text in sentences(error, model, tree, place, also=("kind",)):
                mistakes.add(line, text)
        except Exception as error:  # a validator's own fault; its message could hold a secret
            broken = f"{_package(points[kind])} broke on these settings with {type(error).__name__}"
            mistakes.add(tree.line(place), f"{key} '{kind}': {broken}; correct them or report it there")
    return tuple(plugins)


def _from_defaults(
    model: type[BaseModel], settings: Mapping[str, Node], defaults: Mapping[str, Node]
) -> dict[str, Node]:
    """What ``settings`` take from the defaults; of two mappings, such as labels, the keys of both."""
    found: dict[str, Node] = {}
    for field, info in model.model_fields.items():
        spelt = info.validation_alias
        known = [info.alias or field, *(map(str, spelt.choices) if isinstance(spelt, AliasChoices) else ())]
        for key in {*known} & defaults.keys():
            default, given = defaults[key], settings.get(key)
            if isinstance(default, dict) and isinstance(given, dict):
                found[key] = {**default, **given}
            elif not {*known} & settings.keys():
                found[key] = default
    return found


def imported(point: EntryPoint) -> type[BaseModel]:
    """The class behind an entry point. Raises ConfigError naming the package that is broken."""
    try:
        model = point.load()
    except Exception as error:  # whatever a stranger's module raises while it is imported
        cause = f"{_package(point)} cannot be imported ({type(error).__name__}: {error}); reinstall it"
        raise ConfigError([f"kind '{point.name}': {cause}"]) from error
    wanted = SplitSettings if point.group == SPLITS else BaseModel
    if not (isinstance(model, type) and issubclass(model, wanted)):
        raise ConfigError([f"kind '{point.name}': {_package(point)} offers no settings model; update it"])
    return model


def _models(
    tree: Tree, places: list[Place], points: dict[str, EntryPoint], mistakes: Mistakes
) -> dict[str, type[BaseModel]]:
    """The class of each kind named at ``places`` that can be used."""
    models: dict[str, type[BaseModel]] = {}
    for place in places:
        kind, key, line = tree.at(place), place[-1], tree.value_line(place)
        if kind is None:
            mistakes.add(line, f"'{key}' is missing here; add it")
        elif not isinstance(kind, str):
            mistakes.add(line, f"'{key}' must be one word{instead('', points)}")
        elif kind not in points:
            mistakes.add(line, f"unknown {key} {quoted(kind)}{instead(kind, points)}")
        elif kind not in models:
            try:
                models[kind] = imported(points[kind])
            except ConfigError as error:
                mistakes.add(line, str(error))
    return models


def _package(point: EntryPoint) -> str:
    return f"package {point.dist.name} {point.dist.version}" if point.dist else f"module {point.module}"
