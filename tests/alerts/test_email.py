"""Receiver kind email: a conversation is a thread, and no header is anyone else's."""

import re
from collections.abc import Iterator, Mapping
from time import monotonic

import pytest
from pydantic import ValidationError

from costwatch.errors import NotifyError
from costwatch.model import Reason, labels
from costwatch.notify.email import Email
from costwatch.testing import a_report
from tests.doubles.smtp_server import MailServer, mail_server
from tests.made.messages import HOSTILE, OVER, SPEND, STALE, group

ENCODED = "=?utf-8?q?x=0d=0aBcc:_eve@evil.example?="
PASSWORD = "canary-password"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[MailServer]:
    monkeypatch.setenv("SMTP_PASSWORD", PASSWORD)
    with mail_server() as running:
        yield running


def mailer(server: MailServer, **settings: object) -> Email:
    given = {"name": "mail", "host": "127.0.0.1", "port": server.port, "tls": "none"}
    addresses = {"from": "costwatch@example.com", "to": ["a@example.com", "b@example.com"]}
    return Email.model_validate({**given, **addresses, **settings})


def test_a_mail_says_the_same_as_text_and_as_html(server: MailServer) -> None:
    mailer(server).notify(group(), None)
    (delivered,) = server.delivered
    assert (delivered.sender, delivered.to) == ("costwatch@example.com", ["a@example.com", "b@example.com"])
    mail = delivered.mail
    assert mail["Subject"] == "FIRING · ml-platform: $9,412.33 on 17 Nov 2026, above $6,000.00"
    assert (mail["From"], mail["To"]) == ("costwatch <costwatch@example.com>", "a@example.com, b@example.com")
    assert mail["Auto-Submitted"] == "auto-generated"
    text, html = mail.iter_parts()
    assert [part.get_content_type() for part in (text, html)] == ["text/plain", "text/html"]
    assert text.get_content().splitlines()[0] == mail["Subject"]
    assert '<a href="https://runbooks.example/spend?a=1&amp;b=2">Runbook</a>' in html.get_content()


def test_mails_of_a_conversation_refer_to_its_first(server: MailServer) -> None:
    mail = mailer(server)
    first = mail.notify(group(), None)
    second = mail.notify(group(SPEND, STALE, id="m-2", reason=Reason.NEW), first)
    third = mail.notify(group(OVER, id="m-3", reason=Reason.RESOLVED), second)
    assert first == second == third
    ids = [str(each.mail["Message-ID"]) for each in server.delivered]
    assert len({*ids}) == 3
    assert [str(each.mail["References"]) for each in server.delivered] == ["None", ids[0], ids[0]]
    assert server.delivered[2].mail["Subject"].startswith("RESOLVED")


def test_a_mail_sent_again_is_known_by_its_id_and_another_text_is_another_mail(server: MailServer) -> None:
    for message in (group(), group(attempt=2), group(STALE)):
        mailer(server).notify(message, None)
    ids = [str(each.mail["Message-ID"]) for each in server.delivered]
    assert ids[0] == ids[1] != ids[2]


@pytest.mark.parametrize(
    "text", ["x\r\nBcc: eve@example.com", "x\nSubject: y", "\u2028z", "\x00", "\ud800", ENCODED]
)
def test_no_text_becomes_a_header(server: MailServer, text: str) -> None:
    from dataclasses import replace

    alert = replace(SPEND, summary=text, labels=labels(team=text), annotations={text: text}, runbook=text)
    mailer(server).notify(group(alert, owners=(text,), note=text, id=f"m{text}"), None)
    mailer(server).notify(group(HOSTILE, labels=labels(team=text)), None)
    for delivered in server.delivered:
        assert delivered.to == ["a@example.com", "b@example.com"]
        assert {*delivered.mail.keys()} == {
            "Message-ID", "Date", "Subject", "From", "To", "Auto-Submitted", "MIME-Version", "Content-Type",
        }  # fmt: skip


def test_nothing_in_html_is_active(server: MailServer) -> None:
    mailer(server).notify(group(HOSTILE, owners=("<img src=x onerror=alert(1)>",)), None)
    _, html = server.delivered[0].mail.iter_parts()
    tags = set(re.findall(r"<(/?\w+)", html.get_content()))
    assert tags <= {
        "html",
        "body",
        "h2",
        "p",
        "a",
        "/html",
        "/body",
        "/h2",
        "/p",
        "/a",
        "br",
        "strong",
        "/strong",
    }
    assert "javascript:" not in re.findall(r'href="([^"]*)"', html.get_content())


def test_a_report_is_mailed_and_its_correction_refers_to_it(server: MailServer) -> None:
    mail = mailer(server)
    receipt = mail.publish(a_report(), None)
    mail.publish(a_report(markdown="restated"), receipt)
    first, second = (delivered.mail for delivered in server.delivered)
    assert first["Subject"] == a_report().title
    assert second["References"] == first["Message-ID"] != second["Message-ID"]


def test_tls_is_begun_before_anything_is_said(
    certificate: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", certificate["cert_file"])
    monkeypatch.setenv("SMTP_PASSWORD", PASSWORD)
    for is_implicit, tls in ((False, "starttls"), (True, "implicit")):
        with mail_server(certificate, is_implicit=is_implicit) as server:
            login = {"user": "u", "password": "${env:SMTP_PASSWORD}", "tls": tls}
            mailer(server, **login).notify(group(), None)
            assert server.logins == [f"\0u\0{PASSWORD}"]
            assert len(server.delivered) == 1


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_certificate_that_nobody_vouches_for_is_not_trusted(
    certificate: Mapping[str, str], tls: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with mail_server(certificate, is_implicit=tls == "implicit") as server:
        with pytest.raises(NotifyError, match="SSLCertVerificationError") as raised:
            mailer(server, tls=tls).notify(group(), None)
        assert raised.value.permanent
        assert server.delivered == []


def test_a_server_without_tls_gets_nothing(server: MailServer) -> None:
    with pytest.raises(NotifyError, match="does not offer") as raised:
        mailer(server, tls="starttls").notify(group(), None)
    assert raised.value.permanent
    assert server.delivered == []


@pytest.mark.parametrize(
    ("command", "answer", "permanent", "said"),
    [
        ("AUTH", "535 no", True, "refused the password (535)"),
        ("AUTH", "454 later", False, "refused the password (454)"),
        ("MAIL", "553 no", True, "refused the sender (553)"),
        ("RCPT", "550 nobody", True, "refused the recipient a@example.com (550)"),
        ("RCPT", "450 greylisted", False, "refused the recipient a@example.com (450)"),
        ("DATA", "554 spam", True, "answered 554"),
        ("DATA", "drop", False, "cannot be reached (SMTPServerDisconnected)"),
        ("EHLO", "drop", False, "cannot be reached (SMTPServerDisconnected)"),
        ("MAIL", "421 closing", False, "refused the sender (421)"),
    ],
)
def test_failures_say_whether_trying_again_helps(
    server: MailServer, command: str, answer: str, permanent: bool, said: str
) -> None:
    server.answers = {command: [answer, answer]}
    with pytest.raises(NotifyError, match=re.escape(said)) as raised:
        mailer(server, user="u", password="${env:SMTP_PASSWORD}").notify(group(), None)
    assert raised.value.permanent is permanent
    assert PASSWORD not in str(raised.value)


def test_a_mail_that_was_taken_is_taken_however_the_parting_goes(server: MailServer) -> None:
    server.answers = {"QUIT": ["500 what"]}
    mailer(server).notify(group(), None)
    assert len(server.delivered) == 1


@pytest.mark.parametrize("command", ["EHLO", "RCPT", "DATA"])
def test_a_server_that_drips_is_given_up_when_its_time_is_over(server: MailServer, command: str) -> None:
    server.answers = {command: ["drip"]}
    began = monotonic()
    with pytest.raises(NotifyError, match="TimeoutError") as raised:
        mailer(server, timeout_seconds=1).notify(group(), None)
    assert not raised.value.permanent
    assert monotonic() - began < 5


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"host": "smtp.example.com", "tls": "none"}, "on this machine alone"),
        ({"user": "u"}, "go together"),
        ({"to": ["x@example.com\nBcc: y@example.com"]}, "must be an address"),
        ({"from": "Costs <c@example.com>"}, "must be an address"),
        ({"to": []}, "at least 1 item"),
    ],
)
def test_settings_that_cannot_work_are_refused(
    server: MailServer, settings: dict[str, object], said: str
) -> None:
    with pytest.raises(ValidationError, match=said):
        mailer(server, **settings)
