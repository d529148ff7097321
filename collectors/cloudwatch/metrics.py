"""Asking CloudWatch: which metrics there are, and their values by the hour. Each request is paid first."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from collectors.aws.session import explained, limits, session
from collectors.cloudwatch.source import ANY, CloudWatch, CloudWatchMeasure
from costwatch.model import Window
from costwatch.plugins import SpendLimit

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.client import CloudWatchClient

# https://aws.amazon.com/cloudwatch/pricing/: $0.01 for 1,000 metrics that GetMetricData is asked for, and for
# 1,000 requests of ListMetrics. It does not say that a further page of an answer is free.
_USD = Decimal("0.00001")
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
_MOST_QUERIES, _MOST_DATAPOINTS, _PERIOD_SECONDS = 500, 100_800, 3_600
_MOST_FILTERS = 10  # of ListMetrics
_MOST_PAGES = 1_000
_ALLOW = "cloudwatch:GetMetricData, cloudwatch:ListMetrics, and sts:AssumeRole where a role is assumed"
_OF_A_MEASURE = ("InvalidParameter", "MissingParameter", "Validation")  # what such codes begin with
_AGAIN = "it is asked again by the next run"

Dimensions = Mapping[str, str]


class MetricError(Exception):
    """A measure was not answered as it must be: ``what is wrong; what to do``."""


@dataclass(frozen=True, slots=True)
class Hours:
    """One metric: its values by when their hour begins (UTC); hours without one are not there."""

    dimensions: Dimensions
    values: dict[datetime, float] = field(default_factory=dict)


class Metrics:
    """The metrics of one source's measures.

    What AWS refuses altogether, and what the purse refuses, is a SourceError; what concerns one measure, a
    MetricError.
    """

    def __init__(self, settings: CloudWatch, purse: SpendLimit) -> None:
        self._settings = settings
        self._listed: dict[str, Sequence[Dimensions] | MetricError] = {}
        self._price = Decimal()
        self._client = self._connected()
        # botocore's own retries pass here, too.
        self._client.meta.events.register("before-send.cloudwatch", lambda **_: purse.pay(self._price))

    def parts(self, days: Sequence[Window]) -> Iterator[Sequence[Window]]:
        """``days``, as many at a time as one request is answered for: it costs no more than one day."""
        most = 1
        for measure in self._settings.measures:
            listed = self._metrics(measure)
            if not isinstance(listed, MetricError):
                most = max(most, len(listed))
        count = _MOST_DATAPOINTS // (24 * min(most, _MOST_QUERIES))
        for first in range(0, len(days), count):
            yield days[first : first + count]

    def hours(self, measure: CloudWatchMeasure, asked: Window) -> Sequence[Hours]:
        """Of each metric of ``measure``. Raises MetricError where one is not told whole."""
        listed = self._metrics(measure)
        if isinstance(listed, MetricError):
            raise listed
        found = [Hours(dimensions) for dimensions in listed]
        for first in range(0, len(found), _MOST_QUERIES):
            self._fill(measure, found[first : first + _MOST_QUERIES], asked)
        return found

    def _connected(self) -> "CloudWatchClient":
        aws = session(
            self._settings.name,
            region=self._settings.region,
            profile=self._settings.profile,
            role_arn=self._settings.role_arn,
            external_id=self._settings.external_id,
        )
        with explained(self._settings.name, allow=_ALLOW):
            client: CloudWatchClient = aws.client("cloudwatch", config=limits())
        return client

    def _metrics(self, measure: CloudWatchMeasure) -> Sequence[Dimensions] | MetricError:
        """The dimensions of each metric; asked once, since that costs money."""
        if ANY not in measure.dimensions.values():
            return [measure.dimensions]
        if measure.name not in self._listed:
            try:
                self._listed[measure.name] = self._list(measure)
            except MetricError as error:
                self._listed[measure.name] = error
        return self._listed[measure.name]

    def _list(self, measure: CloudWatchMeasure) -> Sequence[Dimensions]:
        filters = [
            {"Name": name} if value == ANY else {"Name": name, "Value": value}
            for name, value in measure.dimensions.items()
        ]
        found: dict[tuple[tuple[str, str], ...], Dimensions] = {}
        others: set[str] = set()
        for page in self._pages(
            self._client.list_metrics,
            1,
            Namespace=measure.namespace,
            MetricName=measure.metric,
            Dimensions=filters[:_MOST_FILTERS],
        ):
            for metric in page["Metrics"]:
                dimensions = {each["Name"]: each["Value"] for each in metric["Dimensions"]}
                if dimensions.keys() != measure.dimensions.keys():
                    others.add(", ".join(sorted(dimensions)))
                elif all(value in (ANY, dimensions[name]) for name, value in measure.dimensions.items()):
                    found[tuple(sorted(dimensions.items()))] = dimensions
        if not found:
            but = f"; there are some by {' and by '.join(sorted(others))}" if others else ""
            raise MetricError(
                f"CloudWatch lists no metric {measure.namespace} {measure.metric} with just the dimensions "
                f"{', '.join(measure.dimensions)} that had a value in the last two weeks{but}; correct them"
            )
        return [found[key] for key in sorted(found)]

    def _fill(self, measure: CloudWatchMeasure, some: Sequence[Hours], asked: Window) -> None:
        """The values of as many metrics as one request may ask for."""
        states: dict[str, str] = {}
        for page in self._pages(
            self._client.get_metric_data,
            len(some),
            MetricDataQueries=[_query(measure, number, one) for number, one in enumerate(some)],
            StartTime=asked.start,
            EndTime=asked.end,
            ScanBy="TimestampAscending",
        ):
            if messages := page.get("Messages"):
                codes = ", ".join(sorted({message["Code"] for message in messages}))
                raise MetricError(f"CloudWatch says {codes} of its answer; {_AGAIN}")
            for result in page["MetricDataResults"]:
                states[result["Id"]] = result["StatusCode"]
                values = some[int(result["Id"][1:])].values
                for at, value in zip(result["Timestamps"], result["Values"], strict=True):
                    if math.isfinite(value):
                        values[at.astimezone(UTC)] = value
        # PartialData alone only announces a further page.
        if odd := sorted({*states.values()} - {"Complete"}):
            raise MetricError(f"CloudWatch calls its answer {' and '.join(odd)}; {_AGAIN}")

    def _pages(
        self, ask: Callable[..., Mapping[str, Any]], price: int, **asked: Any
    ) -> Iterator[Mapping[str, Any]]:
        """All pages of an answer, each at ``price`` times what one metric costs."""
        tokens: set[str] = set()
        while len(tokens) < _MOST_PAGES:
            self._price = price * _USD
            page = self._asked(ask, asked)
            yield page
            token = page.get("NextToken")
            if not token:
                return
            if token in tokens:
                raise MetricError(f"CloudWatch names a page of its answer twice; {_AGAIN}")
            tokens.add(token)
            asked["NextToken"] = token
        raise MetricError(f"CloudWatch's answer has more than {_MOST_PAGES:,} pages; {_AGAIN}")

    def _asked(self, ask: Callable[..., Mapping[str, Any]], asked: Mapping[str, Any]) -> Mapping[str, Any]:
        from botocore.exceptions import ClientError

        with explained(self._settings.name, allow=_ALLOW):
            try:
                return ask(**asked)
            except ClientError as error:
                code = error.response.get("Error", {}).get("Code", "")
                if code.startswith(_OF_A_MEASURE):
                    raise MetricError(
                        f"AWS says {code}; correct namespace, metric, stat and dimensions"
                    ) from None
                raise


def _query(measure: CloudWatchMeasure, number: int, one: Hours) -> Mapping[str, Any]:
    dimensions = [{"Name": name, "Value": value} for name, value in one.dimensions.items()]
    metric = {"Namespace": measure.namespace, "MetricName": measure.metric, "Dimensions": dimensions}
    stat = {"Metric": metric, "Period": _PERIOD_SECONDS, "Stat": measure.stat}
    return {"Id": f"m{number}", "MetricStat": stat}
