"""Where the lines of a bill are read and summed: ``engine_at`` starts what ``engine:`` names by its URL."""

from typing import TYPE_CHECKING

from costwatch.errors import EngineError
from costwatch.ledger.engines.address import IN_PROCESS

if TYPE_CHECKING:
    from costwatch.ledger.engines.engine import Engine


def engine_at(url: str) -> "Engine":
    """The engine that ``costwatch.yaml`` names, started. Raises EngineError where that is not possible."""
    if url == IN_PROCESS:
        from costwatch.ledger.engines.duckdb import InProcess

        return InProcess()
    try:
        from costwatch.ledger.engines.spark import Spark
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        raise EngineError(f"engine {url}: {package} is missing; install costwatch[spark]") from None
    return Spark(url)
