"""What ``costwatch.yaml`` may hold: each key once, each section by the model of its domain."""

import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import (
    AfterValidator,
    Field,
    GetPydanticSchema,
    PrivateAttr,
    ValidationInfo,
    field_validator,
)

from costwatch.allocation.settings import Allocation
from costwatch.config.names import Names
from costwatch.cost.charges import Charge
from costwatch.cost.conversion import Conversion
from costwatch.cost.settings import RunsSettings
from costwatch.errors import ConfigError
from costwatch.ledger.engines import address
from costwatch.plugins import Collector, Settings, SplitSettings
from costwatch.secret import SecretReference

if TYPE_CHECKING:
    from costwatch.config.slos.loading import Loaded
    from costwatch.slo.objectives import Objective


def _beside_the_file(path: str, info: ValidationInfo) -> Path:
    """A path as the file means it: relative to its own folder, ``~`` being its owner's home."""
    try:
        return Path((info.context or {}).get("folder", "")) / Path(path).expanduser()
    except RuntimeError:
        raise ValueError("no home is known for what follows the '~'; write the whole path") from None


def _as_loaded(_: Any, info: ValidationInfo) -> Any:
    """The plugins that these entries describe, which whoever reads the file has loaded already."""
    return (info.context or {}).get(info.field_name, ())


# What is written is text; what is read is a path.
FilePath = Annotated[
    Path,
    GetPydanticSchema(lambda _, handler: handler(Annotated[str, Field(min_length=1)])),
    AfterValidator(_beside_the_file),
]
# What is written are entries that name a kind; what is read are the plugins that they describe.
ENTRIES = GetPydanticSchema(lambda _, handler: handler(tuple[dict[str, Any], ...]))
LOADED = AfterValidator(_as_loaded)

# Patterns such as ``budgets.d/*.yaml``; what they fit has been read into the other sections.
Included = tuple[Annotated[str, Field(min_length=1)], ...]


def _path(name: str) -> Any:
    return Field(default=name, validate_default=True)


class File(Settings):
    """A file, as it is read."""

    _file: Path = PrivateAttr(default=Path())
    _root: Mapping[str, Any] = PrivateAttr(default_factory=dict)

    def model_post_init(self, context: Any) -> None:
        """Keep where it was read from, and what was written."""
        self._file = (context or {}).get("file", self._file)
        self._root = (context or {}).get("root", self._root)

    @property
    def file(self) -> Path:
        """Where it was read from."""
        return self._file

    @property
    def text(self) -> str:
        """All that the file and those that it includes say: what it can be loaded from when it is kept."""
        return json.dumps({key: value for key, value in self._root.items() if key != "include"})


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


class SloFiles(Settings):
    """Files of SLOs, in OpenSLO, Sloth's or Pyrra's format.

    path: a file, or a folder with all that is in it. team: whose they are, whatever they say; empty: as
    ``owner_labels`` say, the first of these labels and annotations that an SLO has; empty: the usual ones.
    """

    path: FilePath
    team: str = ""
    owner_labels: tuple[str, ...] = ()


class Pings(Settings):
    """A URL for each step, such as a check of healthchecks.io, which hears when it begins and how it ends.

    Each is a reference, as who knows the URL could say that all is well: ``${env:PING_COLLECT}``.
    """

    collect: SecretReference | None = None
    allocate: SecretReference | None = None
    evaluate: SecretReference | None = None
    deliver: SecretReference | None = None


class Config(File, Allocation):
    """``costwatch.yaml``. Paths are relative to the file, and absolute once it is read.

    include: files with more ``budgets``, ``teams`` and ``systems``, such as ``budgets.d/*.yaml``, below the
    folder of this file.
    """

    include: Included = ()
    warehouse: FilePath = _path("costwatch.db")
    ledger: FilePath = _path("ledger")
    engine: Annotated[str, AfterValidator(address.checked)] = address.IN_PROCESS
    reports: FilePath = _path("reports")
    alerts: FilePath = _path("alerts.yaml")
    sources: Annotated[tuple[Collector, ...], ENTRIES, LOADED] = ()
    pools: Annotated[tuple[SplitSettings, ...], ENTRIES, LOADED] = ()
    charges: tuple[Charge, ...] = ()
    currency: Conversion | None = None
    runs: RunsSettings = RunsSettings()
    slos: tuple[FilePath | SloFiles, ...] = ()
    ui: UI = UI()
    pings: Pings = Pings()

    _names: Names = PrivateAttr(default_factory=Names)

    def model_post_init(self, context: Any) -> None:
        """Keep what the file names, too."""
        super().model_post_init(context)
        self._names = (context or {}).get("names", self._names)

    @property
    def names(self) -> Names:
        """What ``alerts.yaml`` may name again."""
        return self._names

    @property
    def allocation(self) -> Allocation:
        """What the bill is allocated by."""
        return Allocation.model_construct(**{key: getattr(self, key) for key in Allocation.model_fields})

    @cached_property
    def loaded_slos(self) -> "Loaded":
        """What ``slos`` names, read when it is first asked for: most commands do without."""
        from costwatch.config.slos.loading import Loaded, load_slos
        from costwatch.config.slos.owners import Owners

        if not self.slos:
            return Loaded()
        entries = [SloFiles(path=str(each)) if isinstance(each, Path) else each for each in self.slos]
        return load_slos(entries, Owners(self.teams, self.systems), self.file.parent)

    @property
    def objectives(self) -> "tuple[Objective, ...]":
        """The SLOs that ``slos`` names. Raises ConfigError with all mistakes of their files."""
        if self.loaded_slos.mistakes:
            raise ConfigError(self.loaded_slos.mistakes)
        return self.loaded_slos.objectives

    @cached_property
    def asked_sources(self) -> tuple[Collector, ...]:
        """``sources`` as they are asked: those that ask for SLOs have theirs, of files without mistakes."""
        from costwatch.config.slos.asking import asks_slos, with_objectives

        if not any(map(asks_slos, self.sources)):
            return self.sources
        return with_objectives(self.sources, self.loaded_slos.objectives)
