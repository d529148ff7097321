"""What rules of Prometheus come to: each is asked for with what it records in place of its names."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import promql_parser

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Recorded:
    """Recording rules of one file; alerts are those that ask for them."""

    rules: tuple[Mapping[str, Any], ...]

    @classmethod
    def of(cls, groups: Iterable[Mapping[str, Any]], without: str = "") -> "Recorded":
        """without: a label that is left out of all."""
        rules = [rule for group in groups for rule in group["rules"]]
        for rule in rules:
            rule["labels"] = {key: value for key, value in rule["labels"].items() if key != without}
        return cls(tuple(rules))

    @property
    def names(self) -> list[tuple[str, Labels]]:
        return [(rule.get("record") or rule["alert"], _labels(rule)) for rule in self.rules]

    def series(self, rule: Mapping[str, Any]) -> str:
        """PromQL of what a rule gives: its expression over what others record, and its labels."""
        parsed: Any = promql_parser.parse(rule["expr"])
        text = promql_parser.transform(parsed, post_visit=self._asked).prettify()
        for name, value in rule["labels"].items():
            text = f'label_replace({text}, {json.dumps(name)}, {json.dumps(value)}, "", "")'
        return str(text)

    def _asked(self, node: Any) -> Any:
        if not isinstance(node, promql_parser.VectorSelector) or not str(node.name).startswith("slo:"):
            return None
        wanted = {each.name: each.value for each in node.matchers.matchers}
        (rule,) = (
            rule
            for rule in self.rules
            if rule.get("record") == node.name and wanted.items() <= rule["labels"].items()
        )
        return promql_parser.parse(f"({self.series(rule)})")


def answer(url: str, promql: str, at: float) -> dict[Labels, float]:
    """What Prometheus says of an instant; NaN is left out."""
    body = urlencode({"query": promql, "time": at}).encode()
    with urlopen(f"{url}/api/v1/query", body, timeout=60) as response:
        result = json.load(response)["data"]["result"]
    values = {
        tuple(sorted((key, value) for key, value in each["metric"].items() if key != "__name__")): float(
            each["value"][1]
        )
        for each in result
    }
    return {labels: value for labels, value in values.items() if value == value}


def _labels(rule: Mapping[str, Any]) -> Labels:
    return tuple(sorted(rule["labels"].items()))
