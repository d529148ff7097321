"""What ``costwatch.yaml`` may hold: each key once, each section by the model of its domain."""

from pathlib import Path
from typing import Annotated, Any

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
from costwatch.ledger.engines import address
from costwatch.plugins import Collector, Settings, SplitSettings


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


def _path(name: str) -> Any:
    return Field(default=name, validate_default=True)


class File(Settings):
    """A file, as it is read."""

    _file: Path = PrivateAttr(default=Path())

    def model_post_init(self, context: Any) -> None:
        """Keep where it was read from."""
        self._file = (context or {}).get("file", self._file)

    @property
    def file(self) -> Path:
        """Where it was read from."""
        return self._file


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


class Config(File, Allocation):
    """``costwatch.yaml``. Paths are relative to the file, and absolute once it is read."""

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
    ui: UI = UI()

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
