"""AWS Cost Explorer on a loopback port: checks what it is asked as AWS does, and misbehaves on demand."""

import json
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

METRICS = ("UnblendedCost", "AmortizedCost", "NetUnblendedCost", "NetAmortizedCost")
Costs = dict[tuple[str, ...], str]  # a value of each of ``DIMENSIONS`` -> the same amount for every day
DIMENSIONS = ("SERVICE", "LINKED_ACCOUNT", "RECORD_TYPE", "REGION", "USAGE_TYPE")
COSTS: Costs = {
    ("Amazon Elastic Compute Cloud", "100000000001", "Usage", "eu-west-1", "BoxUsage"): "1.2345678901",
    ("Amazon Simple Storage Service", "100000000001", "Usage", "NoRegion", "TimedStorage"): "0.0000000005",
    ("Amazon Simple Storage Service", "100000000002", "Usage", "eu-west-1", "TimedStorage"): "0.1",
    ("Amazon Simple Storage Service", "100000000002", "Refund", "eu-west-1", "TimedStorage"): "-0.02",
    ("AWS Glue", "100000000002", "Usage", "eu-west-1", "ETL"): "0",
    ("Tax", "100000000001", "Tax", "NoRegion", "NoUsageType"): "0.3",
}


class Refused(Exception):
    """An error as AWS names it."""


@dataclass
class CostExplorerDouble:
    """``answers`` are what the next requests get instead of being served, in order: an error code, ``serve``,
    ``same token`` (the page as it is, naming itself as the next one) or ``lose a page`` (the next one).
    """

    today: date = date(2026, 11, 3)
    costs: Costs = field(default_factory=lambda: dict(COSTS))
    page_size: int = 1000  # groups
    requests: list[dict[str, Any]] = field(default_factory=list)
    scopes: set[str] = field(default_factory=set)  # region and service that requests were signed for
    answers: list[str] = field(default_factory=list)

    def serve(self, asked: dict[str, Any], misbehave: str) -> dict[str, Any]:
        self._require(asked)
        arguments = json.dumps({key: value for key, value in asked.items() if key != "NextPageToken"})
        offset, _, of = asked.get("NextPageToken", f"0 {arguments}").partition(" ")
        if of != arguments:
            raise Refused("RequestChangedException")
        groups = list(self._groups(asked))
        start, end = int(offset), int(offset) + self.page_size
        if misbehave == "lose a page":
            start, end = end, end + self.page_size
        days: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for day, group in groups[start:end]:
            days[day] += [group] if group else []
        results = [
            {
                "TimePeriod": {"Start": day, "End": str(date.fromisoformat(day) + timedelta(days=1))},
                "Total": {},
                "Groups": its_groups,
                "Estimated": day >= f"{self.today:%Y-%m-01}",
            }
            for day, its_groups in days.items()
        ]
        after = start if misbehave == "same token" else end
        token = {"NextPageToken": f"{after} {arguments}"} if after < len(groups) else {}
        return {"GroupDefinitions": asked["GroupBy"], "ResultsByTime": results, **token}

    def _require(self, asked: dict[str, Any]) -> None:
        start, end = (date.fromisoformat(asked["TimePeriod"][key]) for key in ("Start", "End"))
        this_month = self.today.replace(day=1)
        kept = this_month.replace(year=this_month.year - 1) - timedelta(days=1)
        fits = kept.replace(day=1) <= start < end <= (this_month + timedelta(days=31)).replace(day=1)
        known = asked["Granularity"] == "DAILY" and set(asked["Metrics"]) <= set(METRICS)
        if not fits or not known or len(asked["GroupBy"]) > 2:
            raise Refused("ValidationException")

    def _groups(self, asked: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any] | None]]:
        """(day, group) in order; a day without any is there all the same."""
        places = [DIMENSIONS.index(group["Key"]) for group in asked["GroupBy"]]
        sums: dict[tuple[str, ...], Decimal] = defaultdict(Decimal)
        for values, amount in self.costs.items():
            sums[tuple(values[place] for place in places)] += Decimal(amount)
        day, end = (date.fromisoformat(asked["TimePeriod"][key]) for key in ("Start", "End"))
        while day < end:
            for keys, its_sum in sums.items():
                yield str(day), {"Keys": keys, "Metrics": _metrics(its_sum, asked["Metrics"])}
            if not sums:
                yield str(day), None
            day += timedelta(days=1)


def _metrics(amount: Decimal, asked: list[str]) -> dict[str, dict[str, str]]:
    """Each of ``METRICS`` is 0.001 less than the one before it."""
    return {
        metric: {"Amount": f"{amount - METRICS.index(metric) * Decimal('0.001'):f}", "Unit": "USD"}
        for metric in asked
    }


def lead_to(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """AWS's clients find ``url``, and credentials."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)


@contextmanager
def ce_double(monkeypatch: pytest.MonkeyPatch) -> Iterator[CostExplorerDouble]:
    """A double that serves until the block ends, and to which AWS's clients are led."""
    double = CostExplorerDouble()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            double.requests.append(asked)
            double.scopes.add("/".join(self.headers["Authorization"].split("/")[2:4]))
            planned = double.answers.pop(0) if double.answers else "serve"
            try:
                if planned.endswith("Exception"):
                    raise Refused(planned)
                status, answer = 200, double.serve(asked, planned)
            except Refused as error:
                status, answer = 400, {"__type": str(error), "message": "arn:aws:iam::1:user/secret"}
            text = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    lead_to(monkeypatch, f"http://127.0.0.1:{server.server_port}")
    try:
        yield double
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
