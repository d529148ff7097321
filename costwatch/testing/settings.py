"""What every plugin is held to, whatever its kind."""

import re

from pydantic import ValidationError

from costwatch.plugins import Settings


def require(condition: object, sentence: str) -> None:
    """Raises AssertionError with ``sentence`` unless ``condition`` holds."""
    if not condition:
        raise AssertionError(sentence)


def check_settings(plugin: object) -> None:
    """Whether a file can configure ``plugin``: frozen, strict about keys, every key explained."""
    if not isinstance(plugin, Settings):
        raise AssertionError(
            f"{type(plugin).__name__} is no costwatch.plugins.Settings: no file can configure it"
        )
    kind: type[Settings] = type(plugin)
    require(kind.model_config.get("frozen"), f"{kind.__name__} is not frozen")
    given = plugin.model_dump(by_alias=True, exclude_unset=True)
    require(
        kind.model_validate(given).model_dump() == plugin.model_dump(),
        f"{kind.__name__} reads its own settings differently the second time",
    )
    try:
        kind.model_validate({**given, "no_such_key": 1})
    except ValidationError:
        pass
    else:
        raise AssertionError(f"{kind.__name__} takes a key it does not know: a typing error would go unseen")
    kind.model_json_schema()  # what editors complete from
    manual = " ".join(parent.__doc__ or "" for parent in kind.__mro__ if issubclass(parent, Settings))
    for name, about in kind.model_fields.items():
        key = about.alias or name
        require(
            re.search(rf"\b{re.escape(key)}\b", manual),
            f"the docstring of {kind.__name__} does not explain '{key}'",
        )
