"""CloudWatch on a loopback port: moto's, whose answers are paged, and which misbehaves on demand."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import groupby
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests.doubles.cost_explorer import Refused, lead_to

REGION = "eu-west-1"
Answer = dict[str, Any]


@dataclass
class CloudWatchDouble:
    """``answers`` are what the next requests get instead of being served, in order: an error code, ``serve``,
    ``same token`` (the page as it is, naming itself as the next one), ``message``, or the status that all
    results have (``PartialData``, ``InternalError``, ``Forbidden``). page_size: values in a page.
    """

    upstream: str
    page_size: int = 100_800
    requests: list[tuple[str, Answer]] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)

    def put(self, *data: Answer, namespace: str = "AWS/Kafka") -> None:
        """What CloudWatch is to have: ``MetricData`` as boto3 takes it."""
        client = boto3.client("cloudwatch", region_name=REGION, endpoint_url=self.upstream)
        for first in range(0, len(data), 500):
            client.put_metric_data(Namespace=namespace, MetricData=data[first : first + 500])

    def clear(self) -> None:
        """Forget all of it."""
        self._forward("POST", "/moto-api/reset", b"", {})

    def asked(self, operation: str) -> list[Answer]:
        """What was asked by ``operation``, in order."""
        return [asked for name, asked in self.requests if name == operation]

    def serve(self, operation: str, asked: Answer, headers: dict[str, str], planned: str) -> Answer:
        is_data = operation == "GetMetricData"  # of which moto makes no pages
        token = asked.pop("NextToken", None) if is_data else None
        answer = json.loads(self._forward("POST", "/", json.dumps(asked).encode(), headers))
        if "__type" in answer:
            raise Refused(answer["__type"])
        if is_data:
            self._page(answer, int(token or 0))
        if planned == "same token":
            answer["NextToken"] = token or "0"
        elif planned == "message":
            answer["Messages"] = [{"Code": "MaxMetricsExceeded", "Value": "arn:aws:iam::1:user/secret"}]
        elif planned != "serve":
            for result in answer["MetricDataResults"]:
                result["StatusCode"] = planned
        return answer

    def _page(self, answer: Answer, offset: int) -> None:
        """As AWS does: a result is PartialData as long as more of it follows."""
        results = {result["Id"]: result for result in answer["MetricDataResults"]}
        values = [
            (name, at, value)
            for name, result in results.items()
            for at, value in zip(result["Timestamps"], result["Values"], strict=True)
        ]
        after = offset + self.page_size
        page, rest = values[offset:after], {name for name, _, _ in values[after:]}
        shown = {
            name: {"Timestamps": [at for _, at, _ in some], "Values": [value for _, _, value in some]}
            for name, group in groupby(page, key=lambda each: each[0])
            if (some := list(group))
        }
        empty = {"Timestamps": [], "Values": []}
        answer["MetricDataResults"] = [
            {**result, **shown.get(name, empty), "StatusCode": "PartialData" if name in rest else "Complete"}
            for name, result in results.items()
            if name in shown or (not offset and not result["Values"])
        ]
        if rest:
            answer["NextToken"] = str(after)

    def _forward(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> bytes:
        connection = HTTPConnection(self.upstream.partition("//")[2], timeout=30)
        try:
            connection.request(method, path, body, headers)
            return connection.getresponse().read()
        finally:
            connection.close()


@contextmanager
def moto_server() -> Iterator[str]:
    """The url of a moto that serves until the block ends."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@contextmanager
def cloudwatch_double(moto: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[CloudWatchDouble]:
    """A double before ``moto``, without any metrics, to which AWS's clients are led."""
    double = CloudWatchDouble(moto)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            operation = self.headers["X-Amz-Target"].partition(".")[2]
            double.requests.append((operation, dict(asked)))
            planned = double.answers.pop(0) if double.answers else "serve"
            wanted = ("Authorization", "Content-Type", "X-Amz-Target", "X-Amz-Date")
            headers = {name: value for name, value in self.headers.items() if name in wanted}
            try:
                if planned.endswith(("Exception", "Value", "Throttling")):
                    raise Refused(planned)
                status, answer = 200, double.serve(operation, asked, headers, planned)
            except Refused as error:
                status, answer = 400, {"__type": str(error), "message": "arn:aws:iam::1:user/secret"}
            text = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.0")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    lead_to(monkeypatch, f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    double.clear()
    try:
        yield double
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
