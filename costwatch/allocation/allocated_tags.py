"""AllocatedTags of lines and of parts that splits gave: numbers stand for them while a period is computed."""

from collections.abc import Mapping, Sequence

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from costwatch.allocation.weights import TAGS
from costwatch.cost.dimensions import Dimensions, of_line, of_part, passed_on
from costwatch.plugins import tags_of, tags_text

TABLE = "allocated_tags"
# Weights as ``weighing.weigh`` gives them, once their tags have numbers.
WEIGHTS = ibis.schema({"span": "int64", "team": "string", TAGS: "int64", "weight": "int64"})
OWN = "own tags"  # the number of what a line says itself
_COLUMNS = {TAGS: "int64", "AllocatedTags": "string"}
_BEFORE, _AFTER = "before", "after"
PAIRS = ibis.schema(dict.fromkeys((_BEFORE, _AFTER, TAGS), "int64"))


class TagNumbers:
    """The texts that lines and splits of one period have told so far, and their numbers; 0 is none."""

    def __init__(self, dimensions: Dimensions) -> None:
        self._dimensions = dimensions
        self._numbers = {"": 0}

    def numbered(self, weights: pa.Table) -> pa.Table:
        """Weights as ``weighing.weigh`` gives them, with numbers in the place of texts."""
        encoded = weights["AllocatedTags"].combine_chunks().dictionary_encode()
        known = [self._number(self._of_part(text)) for text in encoded.dictionary.to_pylist()]
        numbers = pa.array(known, pa.int64()).take(encoded.indices)
        return weights.set_column(weights.column_names.index("AllocatedTags"), TAGS, numbers)

    def of_lines(self, tags: Mapping[str, str], rows: pa.Table) -> pa.Table:
        """``rows`` of what lines say, with its numbers, ``OWN``. tags: folded key -> the column of it."""
        found = [
            self._number(tags_text(of_line(self._dimensions, {key: row[name] for key, name in tags.items()})))
            for row in rows.to_pylist()
        ]
        return rows.append_column(OWN, pa.array(found, pa.int64()))

    def passed_on(self, pairs: pa.Table) -> pa.Table:
        """``pairs`` of numbers, ``before`` a split and ``after`` it, with that of the part, ``tags``."""
        texts = [*self._numbers]
        found = [
            self._number(
                tags_text(passed_on(self._dimensions, tags_of(texts[before]), tags_of(texts[after])))
            )
            for before, after in zip(*(pairs[name].to_pylist() for name in (_BEFORE, _AFTER)), strict=True)
        ]
        return pairs.append_column(TAGS, pa.array(found, pa.int64()))

    def table(self) -> pa.Table:
        """Each number with its text."""
        columns = [pa.array(self._numbers.values(), pa.int64()), pa.array(self._numbers, pa.string())]
        return pa.table(columns, [*_COLUMNS])

    def _number(self, text: str) -> int:
        return self._numbers.setdefault(text, len(self._numbers))

    def _of_part(self, text: str) -> str:
        return tags_text(of_part(self._dimensions, tags_of(text))) if self._dimensions else text


def pairs(mine: ir.Table, spans: ir.Table, weights: ir.Table) -> ir.Table:
    """The tags that charges of a pool have ``before`` it is split, and those of their weights, ``after``."""
    known = [column for column in spans.columns if column != "span"]
    charges = mine.select(*known, before=mine[TAGS]).distinct().join(spans, known).select("span", _BEFORE)
    told = weights.select("span", after=weights[TAGS]).distinct()
    return charges.distinct().join(told, "span").select(_BEFORE, _AFTER).distinct()


def looked_up(parts: ir.Table, table: str) -> ir.Table:
    """``parts`` with the tags that ``TagNumbers.passed_on`` found of ``before`` and of their own.

    What no weight was given for has what it had.
    """
    found = ibis.table(PAIRS, name=table).rename(told=TAGS)
    located = parts.left_join(found, [parts[_BEFORE] == found[_BEFORE], parts[TAGS] == found[_AFTER]])
    return located.mutate(tags=located.told.fill_null(located[_BEFORE]))


def with_tags(kinds: ir.Table, parts: Sequence[ir.Table]) -> ir.Table:
    """``kinds`` with what their lines say themselves, and each once more for all tags that ``parts`` have."""
    texts = ibis.table(_COLUMNS, name=TABLE)
    if OWN in kinds.columns:
        untold = kinds.mutate(tags=kinds[OWN]).join(texts, TAGS)
    else:
        untold = kinds.mutate(tags=ibis.literal(0, "int64"), AllocatedTags=ibis.literal(""))
    if not parts:
        return untold
    given = ibis.union(*(part.select("kind", TAGS) for part in parts), distinct=False).distinct()
    told = kinds.join(given, "kind")
    told = told.filter(told[TAGS] != (told[OWN] if OWN in told.columns else 0)).join(texts, TAGS)
    return untold.union(told.select(*untold.columns), distinct=False)
