"""What a plugin may know of its surroundings while it is built."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class PluginContext:
    """The validation context of a plugin that a file describes; None for one that a program builds.

    Validators find it as ``info.context``, ``model_post_init`` as its argument.

    folder: of the file; relative paths start there. kind: by which the file names the plugin. teams: the
    names under ``teams:``, in their order; dimensions: those under ``dimensions:``. slos: names and ids of
    the SLOs, where their files were read, as `costwatch check` does; else None.
    prometheus: URL of the Prometheus that serves where a plugin names none; empty: none is known.
    """

    folder: Path
    kind: str
    teams: tuple[str, ...] = ()
    dimensions: tuple[str, ...] = ()
    slos: tuple[str, ...] | None = None
    prometheus: str = ""
