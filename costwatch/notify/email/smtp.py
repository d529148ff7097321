"""How mail gets to a server: one connection, ended in time however slowly it answers."""

import smtplib
import socket
import ssl
from collections.abc import Sequence
from contextlib import closing, suppress
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from typing import Any, Literal

from costwatch.plugins.transport import Watch

Tls = Literal["starttls", "implicit", "none"]


class MailError(Exception):
    """A server did not take a mail; the text says why, with nothing of what was sent."""

    def __init__(self, why: str, *, permanent: bool) -> None:
        super().__init__(why)
        self.permanent = permanent


def send(
    message: EmailMessage,
    sender: str,
    to: Sequence[str],
    server: tuple[str, int],
    tls: Tls,
    login: tuple[str, str] | None,
    timeout_seconds: float,
) -> None:
    """Hand ``message`` to ``server`` for all of ``to``, or for none of them.

    timeout_seconds: for all of it. Raises MailError; the mail may have been taken, if it is not permanent.
    """
    watch = Watch(timeout_seconds)
    watch.start()
    try:
        with closing(_connected(server, tls, timeout_seconds, watch)) as smtp:
            if login:
                smtp.login(*login)
            smtp.ehlo_or_helo_if_needed()
            _require(smtp.mail(sender), "the sender")
            for each in to:
                _require(smtp.rcpt(each), f"the recipient {each}")
            _require(smtp.data(message.as_bytes(policy=SMTP_POLICY)), "the mail")
            if watch.is_over:  # what was cut looks like what has ended
                raise TimeoutError
            with suppress(smtplib.SMTPException, OSError):  # it has the mail, however the parting goes
                smtp.quit()
    except (MailError, smtplib.SMTPException, OSError, ValueError) as error:
        raise _meant(TimeoutError() if watch.is_over else error) from None
    finally:
        watch.end()


def _meant(error: Exception) -> MailError:
    if isinstance(error, MailError):
        return error
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return MailError(f"it refused the password ({error.smtp_code})", permanent=error.smtp_code >= 500)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return MailError("it does not offer what is asked for: TLS or a login", permanent=True)
    if isinstance(error, smtplib.SMTPResponseException):
        return MailError(f"it answered {error.smtp_code}", permanent=error.smtp_code >= 500)
    is_certificate = isinstance(error, ssl.SSLCertVerificationError)
    return MailError(f"it cannot be reached ({type(error).__name__})", permanent=is_certificate)


class _Watched(smtplib.SMTP):
    """A connection that is cut when its time is over, and that does not look up its own name."""

    def __init__(self, server: tuple[str, int], timeout_seconds: float, watch: Watch) -> None:
        self.watch = watch
        super().__init__(*server, local_hostname=socket.gethostname() or "localhost", timeout=timeout_seconds)

    def _get_socket(self, host: str, port: int, timeout: float) -> Any:
        connected = socket.create_connection((host, port), timeout)
        self.watch.hold(connected)
        return self._wrapped(connected)

    def _wrapped(self, connected: socket.socket) -> socket.socket:
        return connected


class _WatchedTLS(_Watched):
    """The same with TLS from its first byte."""

    def _wrapped(self, connected: socket.socket) -> socket.socket:
        return ssl.create_default_context().wrap_socket(connected, server_hostname=self._host)  # type: ignore[attr-defined]


def _connected(server: tuple[str, int], tls: Tls, timeout_seconds: float, watch: Watch) -> _Watched:
    smtp = (_WatchedTLS if tls == "implicit" else _Watched)(server, timeout_seconds, watch)
    if tls == "starttls":
        try:
            smtp.starttls(context=ssl.create_default_context())
        except BaseException:
            smtp.close()
            raise
    return smtp


def _require(answer: tuple[int, bytes], what: str) -> None:
    code = answer[0]
    if not 200 <= code < 300:
        raise MailError(f"it refused {what} ({code})", permanent=code >= 500)
