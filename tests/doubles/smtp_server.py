"""A mail server on loopback: keeps what it is given, and refuses, stalls or hangs up as a test says."""

import base64
import email
import socketserver
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default


@dataclass
class Delivered:
    """One mail, as it came over the wire."""

    sender: str
    to: list[str]
    raw: bytes

    @property
    def mail(self) -> EmailMessage:
        found = email.message_from_bytes(self.raw, policy=default)
        assert isinstance(found, EmailMessage)
        return found


@dataclass
class MailServer:
    """``answers``: command -> what the next ones of it get: a line, ``drop`` or ``drip``."""

    port: int = 0
    delivered: list[Delivered] = field(default_factory=list)
    answers: dict[str, list[str]] = field(default_factory=dict)
    logins: list[str] = field(default_factory=list)
    context: ssl.SSLContext | None = None
    is_implicit: bool = False
    is_over: threading.Event = field(default_factory=threading.Event)


@contextmanager
def mail_server(
    certificate: Mapping[str, str] | None = None, *, is_implicit: bool = False
) -> Iterator[MailServer]:
    """One that serves until the block ends. certificate: TLS is offered by it, or there from the start."""
    double = MailServer(is_implicit=is_implicit)
    if certificate:
        double.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        double.context.load_cert_chain(certificate["cert_file"], certificate["key_file"])

    class Handler(_Handler):
        pass

    Handler.double = double
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    double.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield double
    finally:
        double.is_over.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(socketserver.StreamRequestHandler):
    double: MailServer
    sender = ""

    def handle(self) -> None:
        with suppress(OSError, ssl.SSLError):
            if self.double.is_implicit and self.double.context:
                self._begin_tls()
            self._talk()
        self.rfile.close()
        self.request.close()

    def _talk(self) -> None:
        self._say("220 mail.example ESMTP")
        to: list[str] = []
        while line := self.rfile.readline(65_536):
            command, _, rest = line.decode("latin-1").strip().partition(" ")
            command = command.upper()
            planned = self.double.answers.get(command)
            answer = planned.pop(0) if planned else ""
            if answer == "drop" and command != "DATA":
                return
            if answer == "drip":
                self._drip()
            elif answer and answer != "drop":
                self._say(answer)
            elif command in ("EHLO", "HELO"):
                offers = ["STARTTLS"] if self.double.context and not self.double.is_implicit else []
                lines = ["mail.example", "AUTH PLAIN", "8BITMIME", *offers]
                for number, each in enumerate(lines):
                    self._say(f"250{' ' if number == len(lines) - 1 else '-'}{each}")
            elif command == "STARTTLS":
                self._say("220 go ahead")
                self._begin_tls()
            elif command == "AUTH":
                self.double.logins.append(base64.b64decode(rest.split()[-1]).decode())
                self._say("235 ok")
            elif command == "MAIL":
                self.sender, to = rest.partition("<")[2].partition(">")[0], []
                self._say("250 ok")
            elif command == "RCPT":
                to.append(rest.partition("<")[2].partition(">")[0])
                self._say("250 ok")
            elif command == "DATA":
                self._say("354 go on")
                raw = self._data()
                self.double.delivered.append(Delivered(self.sender, to, raw))
                if answer == "drop":
                    return
                self._say("250 queued")
            elif command == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 ok")

    def _data(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)

    def _begin_tls(self) -> None:
        assert self.double.context
        self.request = self.double.context.wrap_socket(self.request, server_side=True)
        self.rfile = self.request.makefile("rb")

    def _say(self, line: str) -> None:
        self.request.sendall(line.encode() + b"\r\n")

    def _drip(self) -> None:
        while not self.double.is_over.is_set():
            self.request.sendall(b"2")
            self.double.is_over.wait(0.05)
