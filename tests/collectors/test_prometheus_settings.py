"""What can be written of a Prometheus, and what is refused before it is asked."""

import subprocess
import sys
from typing import Any

import pytest
from pydantic import ValidationError

from collectors.prometheus import PrometheusSettings
from collectors.prometheus.addresses import is_refused

URL = "http://prometheus:9090"
SECRET = "${env:TOKEN}"

REFUSED = {
    "the metadata of AWS": "169.254.169.254",
    "link-local": "169.254.0.1",
    "a dot at its end": "169.254.169.254.",
    "decimal": "2852039166",
    "hexadecimal": "0xa9fea9fe",
    "octal": "0251.0376.0251.0376",
    "short": "169.254.43518",
    "link-local of IPv6": "fe80::1",
    "with a zone": "fe80::1%eth0",
    "the metadata of AWS by IPv6": "fd00:ec2::254",
    "the metadata of GCP by IPv6": "fd20:ce::254",
    "IPv4 inside IPv6": "::ffff:169.254.169.254",
    "IPv4 behind NAT64": "64:ff9b::a9fe:a9fe",
    "IPv4 by 6to4": "2002:a9fe:a9fe::1",
    "the metadata of Alibaba Cloud": "100.100.100.200",
}
TAKEN = (
    "127.0.0.1",
    "10.0.0.1",
    "169.253.0.1",
    "localhost",
    "prometheus",
    "::1",
    "fd00::1",
    "2001:db8::1",
    "",
)


@pytest.mark.parametrize("host", REFUSED.values(), ids=REFUSED)
def test_an_address_of_metadata_is_refused_in_any_form(host: str) -> None:
    assert is_refused(host)
    with pytest.raises(ValidationError, match="must not be a link-local or metadata address"):
        PrometheusSettings(name="prom", url=f"http://{f'[{host}]' if ':' in host else host}:80/")


@pytest.mark.parametrize("host", TAKEN)
def test_other_addresses_and_names_are_taken(host: str) -> None:
    assert not is_refused(host)


MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "no scheme": ({"url": "prometheus:9090"}, "must be an address such as http://prometheus:9090"),
    "a file": ({"url": "file:///etc/passwd"}, "must be an address such as"),
    "no host": ({"url": "http://"}, "must be an address such as"),
    "no port": ({"url": "http://prometheus:port"}, "must be an address such as"),
    "a query": ({"url": "http://prometheus/?a=b"}, "must be an address such as"),
    "a password in the url": ({"url": "http://me:canary@prometheus"}, "write username and password beside"),
    "the whole path": (
        {"url": "https://mimir.example/prometheus/api/v1/query"},
        "must end before /api/v1: https://mimir.example/prometheus",
    ),
    "a token as it is": ({"token": "canary"}, "a secret must be a reference"),
    "a secret header as it is": ({"headers": {"authorization": "canary"}}, "a secret must be a reference"),
    "a line break": ({"headers": {"X-Scope-OrgID": "a\nb"}}, "has characters that no header may have"),
    "a name with a blank": ({"headers": {"X Y": "a"}}, "letters, digits and dashes only"),
    "a password without a name": ({"password": SECRET}, "username and password belong together"),
    "a name without a password": ({"username": "me"}, "username and password belong together"),
    "two ways in": ({"token": SECRET, "headers": {"AUTHORIZATION": SECRET}}, "write one of them"),
    "a key without a certificate": ({"key_file": "/key.pem"}, "key_file is the key of cert_file"),
    "no time": ({"timeout_seconds": 0}, "greater than or equal to 1"),
    "an unknown key": ({"verify": False}, "Extra inputs are not permitted"),
}


@pytest.mark.parametrize(("keys", "said"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_said_without_what_may_be_a_secret(keys: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        PrometheusSettings.model_validate({"name": "prom", "url": URL, **keys})
    messages = " ".join(each["msg"] for each in caught.value.errors())
    assert said in messages
    assert "canary" not in messages


def test_a_bar_at_the_end_of_a_url_is_left_out() -> None:
    assert PrometheusSettings(name="prom", url=f"{URL}/mimir/").url == f"{URL}/mimir"


def test_nothing_large_is_imported_before_the_first_question() -> None:
    program = (
        "import sys; from collectors.prometheus import Prometheus, PrometheusSettings\n"
        f"Prometheus(PrometheusSettings(name='prom', url='{URL}')).close()\n"
        "print(*{name.split('.')[0] for name in sys.modules})"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    large = {"dateparser", "numpy", "pandas", "prometheus_api_client", "pyarrow", "requests", "stamina"}
    assert large & set(answer.stdout.split()) == set()


def test_pandas_is_not_imported_by_a_question_either() -> None:
    program = "import sys; import collectors.prometheus.session, prometheus_api_client.prometheus_connect\n"
    program += "print(*{name.split('.')[0] for name in sys.modules})"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert {"dateparser", "matplotlib", "pandas"} & set(answer.stdout.split()) == set()
