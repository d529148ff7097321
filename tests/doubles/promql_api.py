"""Prometheus' query API on a loopback port, which knows one question: series that count seconds.

What goes wrong on the way is planned with a ``fault_proxy`` before it.
"""

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.doubles.fault_proxy import Answer


def says(status: int, document: object) -> Answer:
    """A JSON body as servers write it, for a ``fault_proxy`` to answer."""
    body = json.dumps(document, separators=(",", ":")).encode()
    return Answer(status, body, {"Content-Type": "application/json"})


def matrix(*values: tuple[float, str], **more: object) -> Answer:
    """One series of times and values, with ``more`` beside the data."""
    series = {"metric": {"a": "b"}, "values": [list(pair) for pair in values]}
    return says(200, {"status": "success", "data": {"resultType": "matrix", "result": [series]}, **more})


def error(kind: str, text: str) -> dict[str, str]:
    """The body of a refusal."""
    return {"status": "error", "errorType": kind, "error": text}


@dataclass(frozen=True)
class Asked:
    """One request: its method, its path, its parameters from address or body, and its headers."""

    method: str
    path: str
    parameters: dict[str, str]
    headers: dict[str, str]

    @property
    def points(self) -> int:
        """How many instants of a range it asks for."""
        start, end, step = (float(self.parameters[key]) for key in ("start", "end", "step"))
        return round((end - start) / step) + 1


@dataclass
class PromqlApi:
    """Serves ``series`` series; the sample of number n at t is t + n.

    most_samples: more are refused with 422, as Prometheus does. most_points: of a series, refused with 400.
    by_get_only: POST is answered with 405.
    """

    url: str = ""
    series: int = 2
    most_samples: float = float("inf")
    most_points: int = 11_000
    by_get_only: bool = False
    connections: int = 0
    asked: list[Asked] = field(default_factory=list)

    def answer(self, asked: Asked) -> tuple[int, dict[str, Any]]:
        if asked.method == "POST" and self.by_get_only:
            return 405, {}
        if asked.path.endswith("/query"):
            at = float(asked.parameters["time"])
            result = [{"metric": {"n": str(n)}, "value": [at, str(at + n)]} for n in range(self.series)]
            return 200, {"status": "success", "data": {"resultType": "vector", "result": result}}
        if not asked.path.endswith("/query_range"):
            return 404, {}
        if asked.points > self.most_points:
            text = f"exceeded maximum resolution of {self.most_points} points per timeseries."
            return 400, error("bad_data", text)
        if asked.points * self.series > self.most_samples:
            text = "query processing would load too many samples into memory in query execution"
            return 422, error("execution", text)
        start, step = float(asked.parameters["start"]), float(asked.parameters["step"])
        times = [round(start + step * point, 3) for point in range(asked.points)]
        result = [
            {"metric": {"n": str(n)}, "values": [[time, str(time + n)] for time in times]}
            for n in range(self.series)
        ]
        return 200, {"status": "success", "data": {"resultType": "matrix", "result": result}}


@contextmanager
def promql_api(tls: ssl.SSLContext | None = None) -> Iterator[PromqlApi]:
    """A double that serves until the block ends."""
    double = PromqlApi()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def setup(self) -> None:
            super().setup()
            double.connections += 1

        def _handle(self) -> None:
            address = urlsplit(self.path)
            text = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            parameters = dict(parse_qsl(text or address.query))
            asked = Asked(self.command, address.path, parameters, dict(self.headers.items()))
            double.asked.append(asked)
            status, document = double.answer(asked)
            body = json.dumps(document, separators=(",", ":")).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _handle

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    double.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield double
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
