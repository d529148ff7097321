"""What a file may say of a source of kind ``sql``, and what becomes of rows, however they come."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from collectors.sql import Sql
from collectors.sql.database import Answer
from collectors.sql.rows import measured
from collectors.sql.source import SqlMeasure
from costwatch.model import Window
from costwatch.plugins import tags_text

DAY = Window.of_days(date(2026, 11, 20), date(2026, 11, 21))
READ = "SELECT SUM(n) AS value FROM t WHERE at >= :start AND at < :end"
GOOD = {"name": "db", "url": "mysql://db:3306/shop", "measures": [{"name": "n", "statement": READ}]}

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a password in url": ({"url": "mysql://u:geheim@db/shop"}, "write username and password beside it"),
    "a name in url": ({"url": "postgresql://u@db/shop"}, "must not hold a name or password"),
    "options in url": ({"url": "postgresql://db/shop?password=geheim"}, "must not hold options"),
    "another kind of database": ({"url": "oracle://db/shop"}, "must begin with mysql://, mariadb://, post"),
    "no database": ({"url": "mysql://db"}, "must name host and database"),
    "no host": ({"url": "postgresql:///shop"}, "must name host and database"),
    "a host with a file": ({"url": "sqlite://db/shop.db"}, "a file as in sqlite:////path"),
    "a port that is none": ({"url": "mysql://db:port/shop"}, "must be an address"),
    "a password in clear": ({"username": "u", "password": "geheim"}, "a secret must be a reference"),
    "a password of nobody": ({"password": "${env:X}"}, "password needs a username"),
    "no measure": ({"measures": []}, "name at least one measure"),
    "two measures of one name": ({"measures": GOOD["measures"] * 2}, "two measures are called n"),
    "no lookback": ({"lookback": "0s"}, "greater than or equal to 1 hour"),
}


@pytest.mark.parametrize(("keys", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_source_is_refused_with(keys: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Sql.model_validate({**GOOD, **keys})
    (error,) = caught.value.errors()
    assert reason in error["msg"]
    assert "geheim" not in error["msg"]


STATEMENTS = {
    "an update": ("UPDATE t SET n = 1 WHERE at >= :start", "must be a read that begins with SELECT or WITH"),
    "a listing": ("SHOW TABLES LIKE ':start'", "must be a read that begins with SELECT or WITH"),
    "a call": ("CALL sum_up(:start, :end)", "must be a read that begins with SELECT or WITH"),
    "two statements": (f"{READ}; DELETE FROM t", "must be one statement, without ;"),
    "one hidden in a comment": (f"{READ} /*! INTO OUTFILE '/x' */", "which MySQL executes"),
    "a file to write": (f"{READ} INTO OUTFILE '/tmp/x'", "must only read: leave INTO out"),
    "a lock": (f"{READ} FOR UPDATE", "must only read: leave FOR UPDATE out"),
    "no day": ("SELECT COUNT(*) AS value FROM t", "must say which day by :start and :end"),
    "another bound": (f"{READ} AND x = :tenant", "binds :tenant, while there are only :start and :end"),
}  # fmt: skip


@pytest.mark.parametrize(("statement", "reason"), STATEMENTS.values(), ids=STATEMENTS)
def test_a_statement_is_refused_with(statement: str, reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        SqlMeasure(name="n", statement=statement)


READS = {
    "a semicolon at its end": f"{READ} ;\n",
    "a semicolon in a text": f"{READ} AND x <> ';' AND y <> 'it''s; \\'into\\''",
    "a semicolon in a comment": f"{READ} -- all; of them\n/* into; it */",
    "brackets before it": f"({READ}) UNION ALL ({READ})",
    "a cast of PostgreSQL": f"{READ} AND at::date = '2026-01-01'::date",
    "an escaped colon": f"{READ} AND x = '\\:tenant'",
    "a time of day": f"{READ} AND x > '10:15:00'",
    "columns that are called so": f'{READ} AND "into" = `update`',
}


@pytest.mark.parametrize("statement", READS.values(), ids=READS)
def test_a_statement_may_have(statement: str) -> None:
    assert SqlMeasure(name="n", statement=statement).statement == statement.rstrip(" ;\n")


numbers = st.none() | st.integers(-(2**63), 2**63) | st.decimals(-(10**12), 10**12, places=6)
labels = st.sampled_from([None, "", "a", "b", "ä\"'<>"])
rows = st.lists(st.tuples(labels, numbers | st.floats(), labels), max_size=30)


@given(rows, st.randoms())
def test_rows_add_up_by_their_labels_in_whatever_order(
    found: list[tuple[str | None, int | float | Decimal | None, str | None]], random: Any
) -> None:
    measure = SqlMeasure(name="n", statement=READ)
    columns = ["x", "value", "y"]
    answer = measured(measure, DAY, Answer(columns, found))
    shuffled = random.sample(found, len(found))
    assert measured(measure, DAY, Answer(columns, shuffled)) == answer
    known = [row for row in found if row[1] is not None and abs(float(row[1])) <= 1e300]
    assert answer.coverage == (len(known) / len(found) if known else 0)
    sums: dict[str, Fraction] = {}
    for x, value, y in known:
        assert value is not None
        key = tags_text({"x": x or "", "y": y or ""})
        sums[key] = sums.get(key, Fraction()) + Fraction(float(value))
    assert {key: float(each) for key, each in sums.items()} == answer.values
