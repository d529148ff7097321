"""Reading what a source of kind ``exports`` delivers, to its end or to its fault."""

from collections.abc import Callable, Generator
from contextlib import closing
from typing import TypeVar, cast

from collectors.exports import Exports
from costwatch.model import Batch, DeliveredFile, Export, Window

_T = TypeVar("_T")


def read_exports(source: Exports, window: Window, of: Callable[[DeliveredFile], _T]) -> dict[str, list[_T]]:
    """billing period -> what is wanted of each of its files; '' for what has no period."""
    found = {}
    with closing(cast(Generator[Batch, None, None], source.collect(window))) as batches:
        for batch in batches:
            export = batch.read()
            assert isinstance(export, Export)
            assert all(file.path.stat().st_size for file in export.files)
            period = "" if batch.window is None else f"{batch.window.start:%Y-%m}"
            found[period] = [of(file) for file in export.files]
    return found
