"""AllocatedTags of parts that splits gave: numbers stand for them while a period is computed."""

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from costwatch.allocation.weights import TAGS

TABLE = "allocated_tags"
# Weights as ``weighing.weigh`` gives them, once their tags have numbers.
WEIGHTS = ibis.schema({"span": "int64", "team": "string", TAGS: "int64", "weight": "int64"})
_COLUMNS = {TAGS: "int64", "AllocatedTags": "string"}


class TagNumbers:
    """The texts that the splits of one period have told so far, and their numbers; 0 is none."""

    def __init__(self) -> None:
        self._numbers = {"": 0}

    def numbered(self, weights: pa.Table) -> pa.Table:
        """Weights as ``weighing.weigh`` gives them, with numbers in the place of texts."""
        encoded = weights["AllocatedTags"].combine_chunks().dictionary_encode()
        known = [
            self._numbers.setdefault(text, len(self._numbers)) for text in encoded.dictionary.to_pylist()
        ]
        numbers = pa.array(known, pa.int64()).take(encoded.indices)
        return weights.set_column(weights.column_names.index("AllocatedTags"), TAGS, numbers)

    def table(self) -> pa.Table:
        """Each number with its text."""
        columns = [pa.array(self._numbers.values(), pa.int64()), pa.array(self._numbers, pa.string())]
        return pa.table(columns, [*_COLUMNS])


def with_tags(kinds: ir.Table, parts: Sequence[ir.Table]) -> ir.Table:
    """``kinds`` without tags (number 0), and each once more for all tags that some of ``parts`` has."""
    untagged = kinds.mutate(tags=ibis.literal(0, "int64"), AllocatedTags=ibis.literal(""))
    if not parts:
        return untagged
    given = ibis.union(*(part.select("kind", TAGS) for part in parts), distinct=False).distinct()
    texts = ibis.table(_COLUMNS, name=TABLE)
    tagged = kinds.join(given.filter(given[TAGS] > 0), "kind").join(texts, TAGS)
    return untagged.union(tagged.select(*untagged.columns), distinct=False)
