"""Which charges a pool takes, as an expression over lines."""

from collections.abc import Mapping
from functools import reduce
from operator import and_

import ibis
import ibis.expr.types as ir

from costwatch.allocation.owners import tag_column
from costwatch.allocation.spelling import Spelling
from costwatch.cost.systems import listed
from costwatch.plugins import Match


def matches(match: Match, lines: ir.Table | Mapping[str, ir.Value], spelling: Spelling) -> ir.BooleanValue:
    """Every condition by equality with a name, however it is written; a missing value equals nothing."""
    given = match.model_dump(exclude={"Tags"}, exclude_none=True)
    conditions = [
        lines[column].isin(spelling.of_column(column, listed(accepted))) for column, accepted in given.items()
    ]
    conditions += [
        lines[tag_column(key)].isin(spelling.of_names(listed(accepted)))
        for key, accepted in match.Tags.items()
    ]
    return reduce(and_, conditions, ibis.literal(True)).fill_null(False)
