"""Runs of exports as Azure's Cost Management writes them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.made.bills import Line, of_month, write_csv

SCOPE = "/subscriptions/one/providers/Microsoft.CostManagement/exports/"


def run(
    folder: Path,
    *,
    lines: Sequence[Line] = (),
    parts: int = 1,
    submitted: str = "",
    days: tuple[str, str] | None = None,
    scope: str = SCOPE,
    dataset: str = "FocusCost",
    prefix: str = "costs/",
    **changes: Any,
) -> Path:
    """A run in ``folder`` (``<export>/<range>/<run>``), as Azure writes it. Returns its manifest."""
    names = [f"part_0_{number:04d}.csv" for number in range(1, parts + 1)]
    files = [write_csv(folder / name, list(lines) or [of_month("2026-10")]) for name in names]
    info = {"submittedTime": submitted, "runId": folder.name} if submitted else {}
    if days:
        info |= {"startDate": f"{days[0]}T00:00:00", "endDate": f"{days[1]}T00:00:00"}
    blobs = [
        {"blobName": f"{prefix}{'/'.join(file.parts[-4:])}", "byteCount": file.stat().st_size}
        for file in files
    ]
    manifest = {
        "manifestVersion": "2024-04-01",
        "byteCount": sum(blob["byteCount"] for blob in blobs),
        "blobCount": len(blobs),
        "exportConfig": {"resourceId": f"{scope}{folder.parts[-3]}" if scope else "", "type": dataset},
        "deliveryConfig": {"partitionData": True, "fileFormat": "Csv"},
        "runInfo": info,
        "blobs": blobs,
    }
    path = folder / "manifest.json"
    path.write_text(json.dumps({**manifest, **changes}))
    return path
