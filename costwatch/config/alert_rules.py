"""What ``alerts.yaml`` may hold: each key once, each section by the model of its domain."""

from collections.abc import Mapping
from inspect import cleandoc
from typing import Annotated, Any

from pydantic import PrivateAttr, ValidationError, create_model

from costwatch.alerts.intervals import NamedTimeInterval
from costwatch.alerts.muting import InhibitRule
from costwatch.alerts.routing import RootRoute
from costwatch.alerts.rule_tests import RuleTest
from costwatch.alerts.silencing import SilenceLimits
from costwatch.config.files import ENTRIES, LOADED, File, Included
from costwatch.config.tree import Line, Node, Tree, shown
from costwatch.plugins import Receiver, Rule, RuleSettings, Settings

# What every rule has unless it says otherwise: all that rules share, their names aside.
_SHARED: dict[str, Any] = {
    name: (field.annotation, field) for name, field in RuleSettings.model_fields.items() if name != "name"
}
_DOC = f"""What every rule has unless it says otherwise; of ``labels`` and ``annotations`` it has these, too.

{cleandoc(RuleSettings.__doc__ or "").partition("name: unique; becomes the label ``rule``. ")[2]}
"""
Defaults = create_model("Defaults", __base__=Settings, __doc__=_DOC, **_SHARED)


class AlertRules(File):
    """``alerts.yaml``. ``fallback``: the receiver of what others do not take.

    defaults: what every rule has unless it says otherwise. include: files with more ``rules`` and ``tests``,
    such as ``rules.d/*.yaml``, below the folder of this file. silences: how many there may be, and how long.
    tests: what `costwatch alerts test` holds the rules to.
    """

    defaults: Defaults | None = None
    include: Included = ()
    rules: Annotated[tuple[Rule, ...], ENTRIES, LOADED] = ()
    route: RootRoute
    receivers: Annotated[tuple[Receiver, ...], ENTRIES, LOADED] = ()
    inhibit_rules: tuple[InhibitRule, ...] = ()
    time_intervals: tuple[NamedTimeInterval, ...] = ()
    fallback: str | None = None
    silences: SilenceLimits = SilenceLimits()
    tests: tuple[RuleTest, ...] = ()

    _tree: Tree = PrivateAttr(default_factory=lambda: Tree({}, {}))

    def model_post_init(self, context: Any) -> None:
        """Keep where it was written, too."""
        super().model_post_init(context)
        self._tree = (context or {}).get("tree", self._tree)

    def place(self, section: str, name: str, *more: str) -> str:
        """``file:line`` of the entry of that name, or of what is below it."""
        places = (place for place, entry in self._tree.entries((section,)) if entry.get("name") == name)
        line = self._tree.line((*next(places, (section,)), *more))
        return f"{shown(line.file if isinstance(line, Line) else self.file)}:{int(line)}"


def defaults_of(tree: Tree) -> Mapping[str, Node]:
    """What ``defaults`` says; nothing where it has mistakes, which whoever reads the whole file tells."""
    written = tree.root.get("defaults")
    try:
        Defaults.model_validate(written)
    except ValidationError:
        return {}
    return written if isinstance(written, dict) else {}
