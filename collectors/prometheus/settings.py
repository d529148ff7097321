"""The keys that all sources have which are asked by PromQL."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from collectors.prometheus.addresses import is_refused
from costwatch.plugins import CollectorSettings
from costwatch.secret import NOT_A_REFERENCE, SecretReference, is_reference

_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, a token
_TEXT = re.compile(r"[\x20-\x7e]*")
_SECRET_HEADER = re.compile(r"authorization|cookie|token|secret|password|key", re.IGNORECASE)


class PrometheusSettings(CollectorSettings):
    """Where Prometheus is, or what speaks like it, and how to be let in.

    url: its address, with the path before ``/api/v1`` where there is one: ``http://prometheus:9090``,
    ``https://mimir.example/prometheus``. Redirects are not followed; link-local and metadata addresses are
    refused. A proxy that the environment names is used; a ``.netrc`` is not.
    headers: sent with each question, such as ``X-Scope-OrgID: risk`` for a tenant of Mimir. A value may be a
    secret reference; that of ``Authorization`` and the like must be one.
    username, password: for basic authentication. token: for bearer authentication. Password and token are
    secret references: ``${env:NAME}``, ``${file:/path}`` or ``${aws-sm:name#key}``.
    ca_file: the certificates to trust instead of the system's, as PEM. cert_file, key_file: the client's
    certificate and its key, where the server asks for one; the key may be in cert_file too.
    timeout_seconds: how long one answer may take, to its last byte.
    max_bytes: how large one answer may be, unpacked; what would be larger is asked in smaller parts.
    gzip: have answers packed, for a slow or metered network; it takes the server five times as long.

        url: https://mimir.example/prometheus
        headers: {X-Scope-OrgID: risk}
        token: "${env:MIMIR_TOKEN}"
    """

    role: None = None

    url: str
    headers: Mapping[str, str] = Field(default_factory=dict)
    username: str = ""
    password: SecretReference | None = None
    token: SecretReference | None = None
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    timeout_seconds: int = Field(default=60, ge=1, le=3_600)
    max_bytes: int = Field(default=64 * 2**20, ge=1_000, le=2**30)
    gzip: bool = False

    @field_validator("url")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname or "", parts.port
        except ValueError:
            raise ValueError("must be an address such as http://prometheus:9090") from None
        if parts.username is not None or parts.password is not None:
            # The address itself may hold the secret: it is not repeated here.
            raise ValueError("must not hold a name or password; write username and password beside it")
        if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment:
            raise ValueError("must be an address such as http://prometheus:9090")
        if is_refused(host):
            raise ValueError("must not be a link-local or metadata address")
        address = url.rstrip("/")
        if re.search(r"/api/v1(/|$)", parts.path):
            raise ValueError(f"must end before /api/v1: {address.partition('/api/v1')[0]}")
        return address

    @field_validator("headers")
    @classmethod
    def _are_headers(cls, headers: Mapping[str, str]) -> Mapping[str, str]:
        for name, value in headers.items():
            if not _HEADER.fullmatch(name):
                raise ValueError("the name of a header has letters, digits and dashes only")
            if is_reference(value):
                continue
            if _SECRET_HEADER.search(name):
                raise ValueError(f"{name}: {NOT_A_REFERENCE}")
            if not _TEXT.fullmatch(value):
                raise ValueError(f"{name}: has characters that no header may have")
        return headers

    @model_validator(mode="after")
    def _fit_together(self) -> "PrometheusSettings":
        if bool(self.username) != bool(self.password):
            raise ValueError("username and password belong together: write both")
        named = {name.lower() for name in self.headers}
        ways = [bool(self.token), bool(self.username), "authorization" in named]
        if sum(ways) > 1:
            raise ValueError("token, username and the header Authorization say the same: write one of them")
        if self.key_file and not self.cert_file:
            raise ValueError("key_file is the key of cert_file: write both")
        return self
