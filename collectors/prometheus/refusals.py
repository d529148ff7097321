"""What goes wrong, in our words."""

import re
from urllib.parse import urlsplit

import requests
from requests import exceptions

from collectors.prometheus.answers import StatusError, parsed
from collectors.prometheus.connection import reason
from collectors.prometheus.credentials import Credentials
from collectors.prometheus.errors import AskError, TooMuchError
from collectors.prometheus.settings import PrometheusSettings
from costwatch.wording import printable

_QUOTED = 300  # characters of what a server says
_PASSING = (429, 502, 503, 504)
_OF_QUERY = (200, 400, 422)  # with an error in the answer
_TOO_MUCH = re.compile(
    r"too many (samples|points|series|chunks)|maximum resolution|exceed|too large|larger than max"
    "|ResourceExhausted",
    re.IGNORECASE,
)
SMALLER = "ask for fewer series, or raise the limit"
_ADVICE = {
    400: "correct the query",
    401: "check username, password, token and headers",
    403: "check username, password, token and headers, and what they may read",
    404: "check the path of url, such as /prometheus for Mimir",
    422: "correct the query, or ask for fewer series",
} | dict.fromkeys(_PASSING, "look at its load, and run it again")


class Refusals:
    """The errors of one server: each names the source and its url, and no secret."""

    def __init__(self, settings: PrometheusSettings, credentials: Credentials) -> None:
        self._settings, self._credentials = settings, credentials

    def error(self, what: str, to_do: str) -> AskError:
        """An error that names the source and its url."""
        return AskError(self._sentence(what, to_do))

    def too_much(self, what: str, to_do: str, *, is_of_query: bool) -> TooMuchError:
        """One that a smaller question may not run into."""
        return TooMuchError(self._sentence(what, to_do), is_of_query=is_of_query)

    def _sentence(self, what: str, to_do: str) -> str:
        return f"{self._settings.name}: {self._settings.url} {what}; {to_do}"

    def quoted(self, text: str) -> str:
        """What a server says, short, in one line and without a secret of ours."""
        return printable(self._credentials.hidden(text))[:_QUOTED]

    def answered(self, response: requests.Response, body: bytes) -> AskError:
        """An answer by another status than 200."""
        status = response.status_code
        if response.is_redirect:
            target = self.quoted(_place(response.headers["Location"]))
            return self.error(f"answers with a redirect to {target}", "write the address that answers itself")
        try:
            parsed(body)
        except StatusError as error:
            return self.said(status, error.kind, error.text)
        except ValueError:
            pass
        return self.said(status, "", "")

    def said(self, status: int, kind: str, text: str) -> AskError:
        """The server's own refusal."""
        said = ": ".join(self.quoted(each) for each in (kind, text) if each)
        what = f"answers {status}{f' ({said})' if said else ''}"
        is_of_query = status in _OF_QUERY and kind != "timeout"
        if kind == "timeout" or _TOO_MUCH.search(text):
            return self.too_much(what, SMALLER, is_of_query=is_of_query)
        if status == 422:  # a limit in other words, or a query that cannot be evaluated
            return self.too_much(what, _ADVICE[status], is_of_query=is_of_query)
        error = self.error(what, _ADVICE.get(status, "correct what it names"))
        error.may_pass, error.is_of_query = status in _PASSING, is_of_query
        return error

    def broken(self, error: Exception) -> AskError:
        """What breaks on the way."""
        match error:
            case exceptions.ReadTimeout():
                limit = self._settings.timeout_seconds
                return self.error(
                    f"has not answered whole in {limit} s", "look at its load, or raise timeout_seconds"
                )
            case exceptions.SSLError():
                return self.error(
                    f"speaks TLS that fails ({reason(error)})", "check ca_file, cert_file and key_file"
                )
            case exceptions.ChunkedEncodingError() | exceptions.ContentDecodingError():
                broken = self.error("broke off its answer", "look whether it is restarted, and run it again")
            case exceptions.ConnectionError():
                broken = self.error(f"cannot be reached ({reason(error)})", "check url, and that it runs")
            case _:
                return self.error(
                    f"cannot be asked ({reason(error)})", "check url, ca_file, cert_file and key_file"
                )
        broken.may_pass = True
        return broken


def _place(address: str) -> str:
    """An address without what may be a secret in it."""
    try:
        parts = urlsplit(address)
        return f"{parts.scheme}://{parts.hostname}{parts.path}" if parts.hostname else parts.path
    except ValueError:
        return "an address that cannot be read"
