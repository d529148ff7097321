"""What ``alerts.yaml`` may hold: each key once, each section by the model of its domain."""

from typing import Annotated

from costwatch.alerts.intervals import NamedTimeInterval
from costwatch.alerts.muting import InhibitRule
from costwatch.alerts.routing import RootRoute
from costwatch.alerts.silencing import SilenceLimits
from costwatch.config.files import ENTRIES, LOADED, File
from costwatch.plugins import Receiver, Rule


class AlertRules(File):
    """``alerts.yaml``. ``fallback``: the receiver of what others do not take. ``silences``: their limits."""

    rules: Annotated[tuple[Rule, ...], ENTRIES, LOADED] = ()
    route: RootRoute
    receivers: Annotated[tuple[Receiver, ...], ENTRIES, LOADED] = ()
    inhibit_rules: tuple[InhibitRule, ...] = ()
    time_intervals: tuple[NamedTimeInterval, ...] = ()
    fallback: str | None = None
    silences: SilenceLimits = SilenceLimits()
