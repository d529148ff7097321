"""An ``alertmanager.yml`` as an ``alerts.yaml``, as far as it can be taken over; the rest is told by line.

Its keys: https://prometheus.io/docs/alerting/latest/configuration/. What differs is written out where it can
be (defaults of timers, ``alertname``, severities); secrets are never copied, only where they are to be found.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from costwatch.alerts.intervals import NamedTimeInterval
from costwatch.config.alertmanager.receivers import Receivers
from costwatch.config.alertmanager.routes import Routes, inhibit_rule
from costwatch.config.tree import Mistakes, Tree, read, shown
from costwatch.errors import ConfigError

_KNOWN = ("global", "route", "receivers", "inhibit_rules", "time_intervals", "mute_time_intervals")
_ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class TakenOver:
    """``text``: of an ``alerts.yaml``; empty: nothing could be used. ``remarks``: ``file:line: ...``."""

    text: str
    remarks: tuple[str, ...]


class _Dumper(yaml.SafeDumper):
    """Writes what is there twice, twice: our files have no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def taken_over(file: Path) -> TakenOver:
    """Read the file of an Alertmanager. Raises ConfigError where it cannot be read."""
    mistakes = Mistakes(file)
    tree = read(file, mistakes)
    if tree is None or mistakes:
        raise ConfigError(list(mistakes))
    remarks = Mistakes(file)
    made = _made(tree, remarks)
    told = tuple(remarks)
    return TakenOver(_written(made, file, told) if made else "", told)


def _made(tree: Tree, remarks: Mistakes) -> dict[str, Any]:
    for key in tree.root:
        if key not in _KNOWN:
            remarks.add(tree.line((key,)), f"'{key}' is not taken over; costwatch has nothing like it")
    receivers = Receivers(tree, remarks)
    intervals = _intervals(tree, remarks)
    routes = Routes(tree, remarks, receivers, tuple(each["name"] for each in intervals), _ALWAYS)
    route = routes.root()
    if not route:
        remarks.add(0, "has no 'route' that names a receiver; nothing can be taken over")
        return {}
    if routes.is_muted:
        intervals = [*intervals, {"name": _ALWAYS, "time_intervals": [{}]}]
    rules = [inhibit_rule(tree, place, remarks) for place, _ in tree.entries(("inhibit_rules",))]
    return {
        "route": route,
        "inhibit_rules": [rule for rule in rules if rule],
        "time_intervals": intervals,
        "receivers": receivers.made,
    }


def _intervals(tree: Tree, remarks: Mistakes) -> list[dict[str, Any]]:
    found = []
    for section in ("time_intervals", "mute_time_intervals"):
        for place, entry in tree.entries((section,)):
            for below, interval in tree.entries((*place, "time_intervals")):
                if interval.get("location") == "Local":
                    interval["location"] = "UTC"
                    remarks.add(
                        tree.line((*below, "location")), "location Local is UTC here; name the time zone"
                    )
            given = {"name": entry.get("name"), "time_intervals": entry.get("time_intervals") or []}
            try:
                NamedTimeInterval.model_validate(given)
            except ValidationError as error:
                why = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
                remarks.add(tree.line(place), f"this time interval is not taken over: {why}")
            else:
                found.append(given)
    return found


def _written(made: dict[str, Any], file: Path, remarks: tuple[str, ...]) -> str:
    head = [f"# Taken over from {shown(file)} by `costwatch alerts import`."]
    if remarks:
        head += [
            "# Not taken over, or to be completed:",
            *(f"#   {' '.join(each.split())}" for each in remarks),
        ]
    head += [
        "# Rules come from elsewhere: `costwatch init` writes an alerts.yaml that shows each kind.",
        "rules: []",
    ]
    body = yaml.dump(made, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)
    return "\n".join([*head, "", body])
