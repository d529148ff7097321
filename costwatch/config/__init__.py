"""``costwatch.yaml`` and ``alerts.yaml``: read once, at the edge, into what the steps take as arguments."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, Field, ValidationError, field_validator

from costwatch.alerts.routing import RootRoute, Route
from costwatch.allocation.settings import Allocation
from costwatch.config.consistency import check_alerts, check_config
from costwatch.config.editor import default_text, schema
from costwatch.config.kinds import loaded
from costwatch.config.quote import looks_secret
from costwatch.config.sentences import sentences, subject
from costwatch.config.tree import Mistakes, Tree, read
from costwatch.cost.conversion import Conversion
from costwatch.errors import ConfigError, UsageError
from costwatch.ledger.engines import address
from costwatch.plugins import COLLECTORS, NOTIFIERS, RULES, SPLITS, Collector, Notifier, Rule, Settings
from costwatch.secret import NOT_A_REFERENCE

__all__ = [
    "UI",
    "AlertRules",
    "Config",
    "check",
    "default_text",
    "find_config",
    "load_alerts",
    "load_config",
    "schema",
]

_Model = TypeVar("_Model", bound=BaseModel)


def _at_home(path: str) -> str:
    try:
        return str(Path(path).expanduser())
    except RuntimeError:
        raise ValueError("no home is known for what follows the '~'; write the whole path") from None


_FilePath = Annotated[str, Field(min_length=1), AfterValidator(_at_home)]


class UI(Settings):
    """Where the pages are served; ``public_url``: how links in messages begin."""

    host: str = Field(default="127.0.0.1", min_length=1)
    port: int = Field(default=8501, ge=1, le=65535)
    public_url: str = Field(default_factory=lambda ui: f"http://{ui['host']}:{ui['port']}")

    @field_validator("public_url")
    @classmethod
    def _is_url(cls, url: str) -> str:
        if not url.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return url.rstrip("/")


class ConfigFile(Allocation):
    """The keys of ``costwatch.yaml``. Paths are relative to the file."""

    warehouse: _FilePath = "costwatch.db"
    ledger: _FilePath = "ledger"
    engine: Annotated[str, AfterValidator(address.checked)] = address.IN_PROCESS
    reports: _FilePath = "reports"
    alerts: _FilePath = "alerts.yaml"
    sources: tuple[dict[str, Any], ...] = ()
    pools: tuple[dict[str, Any], ...] = ()  # type: ignore[assignment]  # what they are, their kinds tell
    currency: Conversion | None = None
    ui: UI = UI()


class AlertsFile(Settings):
    """The keys of ``alerts.yaml``."""

    rules: tuple[dict[str, Any], ...] = ()
    route: RootRoute
    receivers: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class Config:
    """``costwatch.yaml``, its paths absolute."""

    file: Path
    warehouse: Path
    ledger: Path
    engine: str
    reports: Path
    alerts_file: Path
    sources: tuple[Collector, ...]
    allocation: Allocation
    conversion: Conversion | None
    ui: UI


@dataclass(frozen=True)
class AlertRules:
    """``alerts.yaml``."""

    file: Path
    rules: tuple[Rule, ...]
    route: Route
    receivers: tuple[Notifier, ...]


def load_config(file: Path) -> Config:
    """Read ``costwatch.yaml``. Raises ConfigError with all its mistakes."""
    mistakes = Mistakes(file)
    config = _config(_read(file, mistakes), file.absolute(), mistakes)
    if config is None or mistakes:
        raise ConfigError(list(mistakes))
    return config


def load_alerts(file: Path) -> AlertRules:
    """Read ``alerts.yaml``. Raises ConfigError with all its mistakes."""
    mistakes = Mistakes(file)
    rules = _alerts(_read(file, mistakes), file.absolute(), mistakes)
    if rules is None or mistakes:
        raise ConfigError(list(mistakes))
    return rules


def check(file: Path) -> list[str]:
    """All mistakes of ``costwatch.yaml`` at ``file`` and of the rules file it names; none: both are good."""
    mistakes = Mistakes(file)
    tree = _read(file, mistakes)
    config = _config(tree, file.absolute(), mistakes)
    named = tree.root.get("alerts") if tree else None
    beside = file.parent / (named if isinstance(named, str) else "alerts.yaml")
    alerts_file = config.alerts_file if config else beside
    of_alerts = Mistakes(alerts_file)
    if file.exists():
        _alerts(_read(alerts_file, of_alerts), alerts_file.absolute(), of_alerts)
    return [*mistakes, *of_alerts]


def find_config(explicit: Path | None = None) -> Path:
    """``explicit``, else what ``COSTWATCH_CONFIG`` names, else ``costwatch.yaml`` here. Raises UsageError."""
    named = os.environ.get("COSTWATCH_CONFIG")
    file = explicit or Path(named or "costwatch.yaml")
    if not file.is_file():
        by = "" if explicit or not named else " (from COSTWATCH_CONFIG)"
        raise UsageError(
            f"{file}{by}: no such file; `costwatch init` writes one, `costwatch demo` needs none, -c names it"
        )
    return file


def _read(file: Path, mistakes: Mistakes) -> Tree | None:
    tree = read(file, mistakes)
    if tree is None:
        return None
    # A list with all its entries commented out is an empty one.
    for key in [key for key, value in tree.root.items() if value is None]:
        del tree.root[key]
    for place, text in tree.texts():
        if looks_secret(text):
            mistakes.add(tree.value_line(place), f"{subject(place)}: {NOT_A_REFERENCE}")
    return tree


def _config(tree: Tree | None, file: Path, mistakes: Mistakes) -> Config | None:
    if tree is None:
        return None
    parsed = _parsed(ConfigFile, tree, mistakes)
    sources = loaded(tree, ("sources",), COLLECTORS, file.parent, mistakes)
    pools = loaded(tree, ("pools",), SPLITS, file.parent, mistakes, key="split")
    for line, text in check_config(tree):
        mistakes.add(line, text)
    if parsed is None:
        return None
    folder = file.parent
    shared = {key: getattr(parsed, key) for key in Allocation.model_fields} | {"pools": pools}
    return Config(
        file=file,
        warehouse=folder / parsed.warehouse,
        ledger=folder / parsed.ledger,
        engine=parsed.engine,
        reports=folder / parsed.reports,
        alerts_file=folder / parsed.alerts,
        sources=sources,
        allocation=Allocation(**shared),
        conversion=parsed.currency,
        ui=parsed.ui,
    )


def _alerts(tree: Tree | None, file: Path, mistakes: Mistakes) -> AlertRules | None:
    if tree is None:
        return None
    parsed = _parsed(AlertsFile, tree, mistakes)
    rules = loaded(tree, ("rules",), RULES, file.parent, mistakes)
    receivers = loaded(tree, ("receivers",), NOTIFIERS, file.parent, mistakes)
    for line, text in check_alerts(tree):
        mistakes.add(line, text)
    return AlertRules(file, rules, parsed.route, receivers) if parsed else None


def _parsed(model: type[_Model], tree: Tree, mistakes: Mistakes) -> _Model | None:
    try:
        return model.model_validate(tree.root)
    except ValidationError as error:
        for line, text in sentences(error, model, tree):
            mistakes.add(line, text)
        return None
