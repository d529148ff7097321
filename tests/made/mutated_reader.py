"""A process that registers mutated bills, for a crash of an engine ends the process it is in.

``python -m tests.made.mutated_reader FIRST AFTER FOLDER`` reads those of the seeds FIRST up to AFTER, and
prints a line of JSON before and one after each: what became of it, in how many seconds, for how much memory.
"""

import json
import resource
import sys
import time
import traceback
from pathlib import Path

from costwatch.errors import SourceError
from costwatch.ledger.files import LedgerFiles
from costwatch.ledger.register import register
from costwatch.model import DeliveredFile, Export
from tests.made.mutated import mutated

_MOST_BYTES = 6 << 30  # of addresses; far more than is used, and far less than would hurt others


def read(path: Path, folder: Path) -> str:
    """Accepted, refused and why, or uncaught and where."""
    try:
        found = register(LedgerFiles(folder / "ledger"), Export((DeliveredFile(path.name, path),)))
    except SourceError as refused:
        return f"refused: {refused}"
    except Exception:
        return f"uncaught: {traceback.format_exc()[-6000:]}"
    loads = found.loads
    if not all(load.period < load.period_end and all(map(str.isupper, load.totals)) for load in loads):
        return f"uncaught: {loads}"
    return "refused: " + "\n".join(found.reasons) if found.reasons else f"accepted: {len(loads)}"


def memory_mb(kind: str) -> float:
    """``VmRSS``, or its peak ``VmHWM``, as Linux says of this process."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith(kind)).split()[1]) / 1024


def main(first: int, after: int, folder: Path) -> None:
    """See above."""
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_BYTES, _MOST_BYTES))
    idle = 0.0
    for number, seed in enumerate((0, 100, *range(first, after))):  # the first two load what is loaded once
        name, content = mutated(seed)
        path = folder / name
        path.write_bytes(content)
        is_asked = number >= 2
        if is_asked:
            print(json.dumps({"seed": seed}), flush=True)
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
        idle = idle or memory_mb("VmRSS")
        started = time.monotonic()
        found = read(path, folder)
        told = {"seed": seed, "found": found, "seconds": time.monotonic() - started}
        if is_asked:
            print(json.dumps({**told, "mb": memory_mb("VmHWM") - idle}), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
