"""What a file holds as a model of it, with its mistakes in words."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from costwatch.config.tree import Mistakes, Tree

Model = TypeVar("Model", bound=BaseModel)


def parsed(
    model: type[Model], tree: Tree, mistakes: Mistakes, known: Mapping[str, Any] | None = None
) -> Model | None:
    """None where it has mistakes, which are noted. known: what the file does not say, for its validators."""
    try:
        return model.model_validate(tree.root, context=known)
    except ValidationError as error:
        from costwatch.config.sentences import sentences  # most files have no mistake

        for line, text in sentences(error, model, tree):
            mistakes.add(line, text)
        return None
