"""A web server on loopback that keeps what is posted to it, and answers as a test says."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, Mapping[str, str], str]  # status, headers, body


@dataclass(frozen=True)
class Request:
    """One that came: where to, its headers by their names in lower case, its body."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class WebServer:
    """``answers``: what the next requests get instead of what ``serve`` says: a status, or ``drop``."""

    url: str = ""
    requests: list[Request] = field(default_factory=list)
    answers: list[int | str] = field(default_factory=list)
    retry_after: str = "7"
    serve: Callable[[Request], Answer] = lambda request: (200, {}, "{}")


@contextmanager
def web_server(serve: Callable[[Request], Answer] | None = None) -> Iterator[WebServer]:
    """One that serves until the block ends."""
    double = WebServer(**({"serve": serve} if serve else {}))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            request = Request(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            double.requests.append(request)
            planned = double.answers.pop(0) if double.answers else None
            if planned == "drop":
                double.serve(request)
                self.close_connection = True
                return
            headers = {"Retry-After": double.retry_after, "Location": "http://127.0.0.1:9/"}
            status, headers, text = (planned, headers, "") if planned else double.serve(request)
            self.send_response(int(status))
            for name, value in {**headers, "Content-Length": str(len(text.encode()))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    double.url = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield double
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
