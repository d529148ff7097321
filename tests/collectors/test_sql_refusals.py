"""Measures by SQL that cannot be told: each for one clear reason, without a secret, and the others go on."""

import sys
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from collectors.sql import Sql
from costwatch.errors import SourceError
from costwatch.model import Window
from tests.doubles.mariadb import mariadb
from tests.made.sql_shop import DAY, IN_DAY, ORDERS, Asked, in_mariadb, measure

pytestmark = pytest.mark.usefixtures("shop_password")

# --- what goes wrong -------------------------------------------------------------------------------


def test_a_measure_that_fails_is_unknown_and_the_others_are_told(shop: Asked) -> None:
    source = shop.source(
        measures=[measure(ORDERS.replace("orders WHERE", "nowhere WHERE"), "lost"), measure()]
    )
    batches, error = [], ""
    try:
        for batch in source.collect_as_of(
            Window(DAY.start, DAY.end + timedelta(days=2)), DAY.end + timedelta(days=2)
        ):
            batches.append((batch.is_partial, [row for part in batch.read() for row in part.to_pylist()]))
    except SourceError as raised:
        error = str(raised)
    assert [partial for partial, _ in batches] == [True] * 3
    first = batches[0][1]
    assert [(row["measure"], row["labels"], row["value"], row["coverage"]) for row in first[:2]] == [
        ("lost", "", None, 0.0),
        ("turnover", "", 3.0, 0.75),
    ]
    assert error.startswith("shop: measure lost, 20 Nov 2026 and 2 more days: the database says: ")
    assert "nowhere" in error
    assert error.endswith("; correct the statement")
    assert "\n" not in error


MISTAKES = {
    "another column for the value": ("1 AS total", "the answer has no column value, but total; call it AS"),
    "two columns of one name": ("1 AS value, 'a' AS x, 'b' AS x", "two columns of the answer have one name"),
    "a label without a name": ("1 AS value, COUNT(*)", "cannot be a label; name it by AS"),
    "a text for the value": ("'m' AS value", "column value holds m, which is no number; CAST it to one"),
    "a number for a label": ("1 AS value, 2 AS calls", "column calls holds 2, while labels are text; CAST"),
}


@pytest.mark.parametrize(("columns", "reason"), MISTAKES.values(), ids=MISTAKES)
def test_one_sentence_tells_of(columns: str, reason: str, sqlite: Asked) -> None:
    assert reason in sqlite.refusal(f"SELECT {columns} FROM orders WHERE {IN_DAY}")


def test_a_syntax_error_names_the_measure(shop: Asked) -> None:
    told = shop.refusal(ORDERS.replace("FROM", "FRM"))
    assert told.startswith("shop: measure turnover, 20 Nov 2026: the database says: ")
    assert "syntax" in told


ACCESS = {
    "a wrong password": {"password": "${env:WRONG_PASSWORD}"},
    "an unknown user": {"username": "nobody"},
    "no password": {"password": None},
}


@pytest.mark.parametrize("keys", ACCESS.values(), ids=ACCESS)
@pytest.mark.parametrize(
    "server",
    [
        pytest.param("maria", marks=pytest.mark.mariadb),
        pytest.param("postgresql", marks=pytest.mark.postgres),
    ],
)
def test_it_is_not_let_in_with(
    keys: dict[str, Any], server: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WRONG_PASSWORD", "falsch-2468")
    shop: Asked = request.getfixturevalue(server)
    told = shop.refusal(ORDERS, **keys)
    assert told.startswith(f"shop: {shop.keys['url'].split('/')[2]}: ")
    assert "check" in told
    assert "username" in told
    assert "falsch" not in told


@pytest.mark.mariadb
def test_a_right_that_is_missing_is_named(maria: Asked) -> None:
    told = maria.refusal(ORDERS.replace("orders WHERE", "mysql.user WHERE"))
    assert told.endswith("for table `mysql`.`user`; grant this user SELECT there")
    told = maria.refusal(ORDERS, url=maria.keys["url"].replace("shop", "other"))
    assert told.endswith("to database 'other'; grant this user SELECT there, or correct url")


@pytest.mark.postgres
def test_a_database_without_an_encoding_is_taken_for_utf8(postgresql: Asked) -> None:
    postgresql.run("CREATE DATABASE odd ENCODING 'SQL_ASCII' TEMPLATE template0")
    url = postgresql.keys["url"].replace("shop", "odd")
    odd = "SELECT convert_from('\\x{}'::bytea, 'SQL_ASCII') AS x, 1 AS value WHERE :start < :end"
    assert postgresql.values(odd.format("c3a4"), url=url) == {'{"x":"ä"}': 1}
    assert "invalid byte sequence" in postgresql.refusal(odd.format("ff"), url=url)


KILLED = {
    "maria": "SELECT SLEEP(20) AS value FROM orders WHERE :start < :end",
    "postgresql": "SELECT 1 AS value FROM pg_sleep(20) WHERE :start < :end",
}
KILLING = {
    "maria": "SELECT id FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP(20)%'",
    "postgresql": "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'active'"
    " AND query LIKE '%pg_sleep(20)%' AND pid <> pg_backend_pid()",
}


@pytest.mark.parametrize(
    "server",
    [
        pytest.param("maria", marks=pytest.mark.mariadb),
        pytest.param("postgresql", marks=pytest.mark.postgres),
    ],
)
def test_a_connection_that_is_lost_is_told(server: str, request: pytest.FixtureRequest) -> None:
    shop: Asked = request.getfixturevalue(server)

    def kill() -> None:
        while not (found := shop.run(KILLING[server])):
            time.sleep(0.05)
        if server == "maria":
            shop.run(f"KILL {found[0][0]}")

    killer = Thread(target=kill)
    killer.start()
    told = shop.refusal(KILLED[server])
    killer.join()
    assert told.startswith("shop: measure turnover, 20 Nov 2026: the connection was lost (")
    assert told.endswith("); it is asked again by the next run")


@pytest.mark.parametrize("scheme", ["mysql", "mariadb", "postgresql"])
def test_a_database_that_is_not_there_is_one_sentence(scheme: str) -> None:
    source = Sql.model_validate(
        {"name": "shop", "url": f"{scheme}://127.0.0.1:9/shop", "measures": [measure()]}
    )
    with pytest.raises(SourceError, match=r"^shop: 127.0.0.1:9: .*refused.*; check url, username") as caught:
        next(source.collect(DAY))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "driver", "extra"),
    [
        ("mysql://127.0.0.1:9/shop", "pymysql", "mysql"),
        ("postgresql://127.0.0.1:9/shop", "psycopg", "postgres"),
        ("mariadb://127.0.0.1:9/shop", "sqlalchemy", "mysql"),
    ],
)
def test_a_driver_that_is_missing_is_named(
    url: str, driver: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, driver, None)
    source = Sql.model_validate({"name": "shop", "url": url, "measures": [measure()]})
    scheme = url.partition(":")[0]
    told = f"shop: no driver for {scheme} is installed; pip install costwatch\\[{extra}\\]"
    with pytest.raises(SourceError, match=f"^{told}$"):
        next(source.collect(DAY))


def test_a_secret_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHOP_PASSWORD")
    keys = {"url": "mysql://127.0.0.1:9/shop", "username": "u", "password": "${env:SHOP_PASSWORD}"}
    with pytest.raises(SourceError, match=r"^shop: secret \$\{env:SHOP_PASSWORD\}: the variable is not set"):
        next(Sql.model_validate({"name": "shop", "measures": [measure()], **keys}).collect(DAY))


@pytest.mark.mariadb
def test_ca_file_asks_for_encryption_and_for_the_right_server(
    tmp_path: Path, certificate: Mapping[str, str]
) -> None:
    keys = (f"--ssl-cert={certificate['cert_file']}", f"--ssl-key={certificate['key_file']}")
    with mariadb(tmp_path, *keys) as server:
        shop = in_mariadb(server)
        cipher = (
            "SELECT variable_value AS cipher, 1 AS value FROM information_schema.session_status"
            " WHERE variable_name = 'Ssl_cipher' AND :start < :end"
        )
        trusting = {"ca_file": certificate["cert_file"]}
        assert "TLS" in next(iter(shop.values(cipher, **trusting)))
        told = shop.refusal(cipher, ca_file="/etc/ssl/certs/ca-certificates.crt")
        assert "certificate verify failed: self-signed certificate" in told
        elsewhere = shop.keys["url"].replace("127.0.0.1", "localhost")
        assert "certificate is not valid for 'localhost'" in shop.refusal(cipher, url=elsewhere, **trusting)
    missing = shop.refusal(cipher, ca_file=str(tmp_path / "none.pem"))
    assert missing.endswith("none.pem cannot be read; check the path and its rights")


@pytest.mark.mariadb
def test_a_server_without_encryption_is_refused_with_ca_file(
    maria: Asked, certificate: Mapping[str, str]
) -> None:
    assert "SSL is required but" in maria.refusal(ORDERS, ca_file=certificate["cert_file"])
