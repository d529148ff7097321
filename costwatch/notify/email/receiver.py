"""Receiver kind ``email``: mails by SMTP, a conversation of alerts as one thread; the weekly report, too."""

import hashlib
import re
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from costwatch.alerts.message import compose, plain
from costwatch.errors import NotifyError
from costwatch.model import Group, Receipt, Report
from costwatch.notify.email.html import page
from costwatch.notify.email.smtp import MailError, Tls, send
from costwatch.notify.web.addresses import is_loopback
from costwatch.notify.web.posting import secret
from costwatch.plugins import Settings
from costwatch.secret import SecretReference
from costwatch.wording import printable, shortened

_SUBJECT_AT_MOST = 200
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}")
_MESSAGE_ID = re.compile(r"<[A-Za-z0-9.@_-]{1,400}>")


def _is_address(text: str) -> str:
    if not _ADDRESS.fullmatch(text):
        raise ValueError("must be an address such as costs@example.com, without a name before it")
    return text


MailAddress = Annotated[str, AfterValidator(_is_address)]


class Email(Settings):
    """A mail to one or more addresses for each message, with the same text as HTML; also for reports.

    The subject is the headline. Mails of one conversation refer to its first, so that mail programs show
    them together; what was mailed cannot be corrected, so a new mail says what changed.

    name: as routes call it. host, port: of the mail server. tls: ``starttls`` (port 587), ``implicit``
    (port 465), or ``none``, for a server on this machine alone. user, password: to log in;
    the password is a reference to where it is. from, to: addresses; a server that refuses one of them
    is given no mail for the others, either. timeout_seconds: how long handing over a mail may take.

    Example::

        - {name: mail, kind: email, host: smtp.example.com, user: costwatch, password: "${env:SMTP_PASSWORD}",
           from: costwatch@example.com, to: [finops@example.com]}
    """

    name: str = Field(min_length=1)
    host: str = Field(pattern=r"^[A-Za-z0-9.:-]+$")
    port: int = Field(default=587, ge=1, le=65_535)
    tls: Tls = "starttls"
    user: str = ""
    password: SecretReference | None = None
    from_: MailAddress = Field(alias="from")
    to: tuple[MailAddress, ...] = Field(min_length=1, max_length=100)
    timeout_seconds: int = Field(default=30, ge=1, le=120)

    @model_validator(mode="after")
    def _is_safe(self) -> Self:
        if self.tls == "none" and not is_loopback(self.host):
            raise ValueError("tls: none is for a server on this machine alone; write starttls or implicit")
        if bool(self.user) != bool(self.password):
            raise ValueError("user and password go together; give both")
        return self

    def notify(self, group: Group, previous: Receipt | None) -> Receipt:
        """See ``plugins.Notifier``. The receipt holds the id of the conversation's first mail."""
        message = compose(group)
        return self._sent(group.id, message.headline, plain(message), page(message), previous)

    def publish(self, report: Report, previous: Receipt | None) -> Receipt:
        """See ``plugins.Publisher``."""
        return self._sent(report.name, report.title, report.markdown, report.html, previous)

    def _sent(self, key: str, subject: str, text: str, html: str, previous: Receipt | None) -> Receipt:
        text, html = (_encodable(each) for each in (text, html))
        # The same again, if its answer was lost; another, if it says something else.
        seed = "\n".join((self.name, key, subject, text))
        digest = hashlib.sha256(seed.encode("utf-8", "backslashreplace")).hexdigest()[:32]
        mail = EmailMessage()
        mail["Message-ID"] = f"<{digest}@{self.from_.rpartition('@')[2]}>"
        mail["Date"] = format_datetime(datetime.now(UTC))  # when it is sent, which nobody hands down
        # Python reads what looks like an encoded word, and writes the line breaks in it as they are.
        mail["Subject"] = shortened(printable(subject).replace("=?", "= ?"), _SUBJECT_AT_MOST)
        mail["From"] = Address("costwatch", addr_spec=self.from_)
        mail["To"] = [Address(addr_spec=each) for each in self.to]
        mail["Auto-Submitted"] = (
            "auto-generated"  # https://www.rfc-editor.org/rfc/rfc3834: no replies by machines
        )
        first = previous.reference.get("message_id", "") if previous else ""
        if _MESSAGE_ID.fullmatch(first):
            mail["In-Reply-To"] = mail["References"] = first
        mail.set_content(text)
        mail.add_alternative(html, subtype="html")
        self._hand_over(mail)
        return Receipt({"message_id": first if _MESSAGE_ID.fullmatch(first) else str(mail["Message-ID"])})

    def _hand_over(self, mail: EmailMessage) -> None:
        login = (self.user, secret(self.name, self.password)) if self.password else None
        try:
            send(mail, self.from_, self.to, (self.host, self.port), self.tls, login, self.timeout_seconds)
        except MailError as error:
            advice = "check its settings" if error.permanent else "it is tried again"
            what = f"receiver '{self.name}': the mail server did not take the mail: {error}"
            raise NotifyError(f"{what}; {advice}", permanent=error.permanent) from None


def _encodable(text: str) -> str:
    """Half a character cannot be sent."""
    return text.encode("utf-8", "backslashreplace").decode()
