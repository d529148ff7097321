"""Registering files by themselves, as ``collect`` does with a delivery."""

from pathlib import Path

from costwatch.errors import RefusedError
from costwatch.ledger.files import LedgerFiles
from costwatch.ledger.register import register
from costwatch.model import DeliveredFile, Export, Load


def loads_of(ledger: LedgerFiles | Path, *paths: Path, declared: bool = False) -> list[Load]:
    """The loads of files that all must be accepted. Raises RefusedError with every reason."""
    files = ledger if isinstance(ledger, LedgerFiles) else LedgerFiles(ledger)
    delivered = tuple(DeliveredFile(path.name, path) for path in paths)
    found = register(files, Export(delivered), declared=declared)
    if found.reasons:
        raise RefusedError(found.reasons)
    return [*found.loads]
