"""A bucket, and a Prometheus, on servers that answer at once, for tests of what goes wrong with them."""

from collections.abc import Callable, Iterator

import pytest

from collectors.prometheus import Prometheus, PrometheusSettings
from tests.doubles.cloudwatch import CloudWatchDouble, cloudwatch_double, moto_server
from tests.doubles.fault_proxy import FaultProxy, fault_proxy
from tests.doubles.mariadb import mariadb
from tests.doubles.postgres import PASSWORD, postgres
from tests.doubles.promql_api import PromqlApi, promql_api
from tests.doubles.s3_bucket import Bucket, S3Server, s3_bucket, s3_server
from tests.made.sql_shop import Asked, in_mariadb, in_postgres, in_sqlite


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with s3_server() as running:
        yield running


@pytest.fixture
def bucket(server: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    server.lend_session(monkeypatch)
    monkeypatch.setattr("collectors.aws.places._PAUSE_SECONDS", {"wait_initial": 0, "wait_jitter": 0})
    with s3_bucket(server, monkeypatch) as made:
        yield made


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[PromqlApi]:
    """What a PromQL client asks, without pauses between tries and without a proxy of the environment."""
    monkeypatch.setattr("collectors.prometheus.session._PAUSE_SECONDS", {"wait_initial": 0, "wait_jitter": 0})
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    with promql_api() as running:
        yield running


@pytest.fixture
def proxy(api: PromqlApi) -> Iterator[FaultProxy]:
    with fault_proxy(api.url) as running:
        yield running


@pytest.fixture
def client(proxy: FaultProxy) -> Callable[..., Prometheus]:
    """A client of what stands behind the proxy, with further settings."""
    return lambda **more: Prometheus(PrometheusSettings(name="prom", url=proxy.url, **more))


@pytest.fixture(scope="session")
def maria(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    with mariadb(tmp_path_factory.mktemp("mariadb")) as server:
        yield in_mariadb(server)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Asked]:
    with postgres() as server:
        yield in_postgres(server)


@pytest.fixture(scope="session")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    return in_sqlite(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(
    params=[
        pytest.param("maria", marks=pytest.mark.mariadb),
        pytest.param("postgresql", marks=pytest.mark.postgres),
        "sqlite",
    ]
)
def shop(request: pytest.FixtureRequest, shop_password: None) -> Asked:
    """A shop in each kind of database."""
    found: Asked = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def shop_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_PASSWORD", PASSWORD)


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    with moto_server() as url:
        yield url


@pytest.fixture
def cloudwatch(moto: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[CloudWatchDouble]:
    with cloudwatch_double(moto, monkeypatch) as running:
        yield running
