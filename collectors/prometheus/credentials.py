"""What lets us in: resolved once, sent with each question, and seen nowhere else."""

import base64

from requests import PreparedRequest
from requests.auth import AuthBase

from collectors.prometheus.settings import PrometheusSettings
from costwatch.errors import CostwatchError, SourceError
from costwatch.secret import is_reference, resolve


class Credentials(AuthBase):
    """Headers from the settings, those with secrets among them. That it is there keeps netrc out.

    Raises SourceError where a secret cannot be had.
    """

    def __init__(self, settings: PrometheusSettings) -> None:
        self._where = settings.name
        self._secrets: list[str] = []
        self._headers = self._authorization(settings)
        for name, value in settings.headers.items():
            self._headers[name] = self._secret(value) if is_reference(value) else value

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add them to a request."""
        request.headers.update(self._headers)
        return request

    def hidden(self, text: str) -> str:
        """``text`` without the secrets: a server may repeat what it was sent."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, "…")
        return text

    def _authorization(self, settings: PrometheusSettings) -> dict[str, str]:
        if settings.token:
            return {"Authorization": f"Bearer {self._secret(settings.token)}"}
        if settings.password:
            pair = f"{settings.username}:{self._secret(settings.password)}"
            self._secrets.append(base64.b64encode(pair.encode()).decode())
            return {"Authorization": f"Basic {self._secrets[-1]}"}
        return {}

    def _secret(self, reference: str) -> str:
        try:
            value = resolve(reference)
        except CostwatchError as error:
            raise SourceError(f"{self._where}: {error}") from None
        if not (value.isascii() and value.isprintable()):
            raise SourceError(
                f"{self._where}: secret {reference}: has characters that no header may have; write it anew"
            )
        self._secrets.append(value)
        return value
