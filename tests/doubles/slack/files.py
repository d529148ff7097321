"""Slack's three steps to a file: an address to send it to, the file itself, and where it goes.

https://docs.slack.dev/messaging/working-with-files#uploading_files
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

ALT_TEXT_AT_MOST = 1_000


@dataclass
class Files:
    """``sizes``: how long each file is to be; ``sent``: what came of them; ``shared``: where they went."""

    sizes: dict[str, int] = field(default_factory=dict)
    sent: dict[str, bytes] = field(default_factory=dict)
    shared: list[tuple[str, str, str]] = field(default_factory=list)  # file, channel, thread

    def begun(self, asked: Mapping[str, Any], url: str) -> dict[str, Any]:
        """See files.getUploadURLExternal."""
        length = str(asked.get("length", ""))
        if not asked.get("filename") or not length.isdecimal() or int(length) == 0:
            return {"ok": False, "error": "invalid_arguments"}
        if len(str(asked.get("alt_txt", ""))) > ALT_TEXT_AT_MOST:
            return {"ok": False, "error": "alt_txt_too_long"}
        name = f"F{len(self.sizes):04}"
        self.sizes[name] = int(length)
        upload_url = f"{url.removesuffix('api/')}upload/v1/{name}"
        return {"ok": True, "upload_url": upload_url, "file_id": name}

    def taken(self, name: str, body: bytes) -> int:
        """The status that the file's own address answers with."""
        if self.sizes.get(name) != len(body):
            return 400
        self.sent[name] = body
        return 200

    def completed(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """See files.completeUploadExternal: ``files`` is a JSON text."""
        try:
            names = [str(each["id"]) for each in json.loads(asked["files"])]
        except (KeyError, TypeError, ValueError):
            return {"ok": False, "error": "invalid_arguments"}
        if not names or not {*names} <= {*self.sent}:
            return {"ok": False, "error": "file_not_found"}
        channel, thread = str(asked.get("channel_id", "")), str(asked.get("thread_ts", ""))
        self.shared += [(name, channel, thread) for name in names]
        return {"ok": True, "files": [{"id": name} for name in names]}
