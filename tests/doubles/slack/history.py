"""How Slack gives back what stands in a channel or a thread, page by page."""

from collections.abc import Iterable, Mapping
from typing import Any

MOST = 999
_USUAL = 100


def page(messages: Iterable[dict[str, Any]], asked: Mapping[str, Any], at_most: int) -> dict[str, Any]:
    """Of a channel the newest first, of a thread its parent and then the oldest.

    ``oldest`` and ``latest`` are not among it themselves, unless ``inclusive``; ``limit`` is at most 999, and
    100 where none is given. Metadata comes with ``include_all_metadata`` alone.
    """
    channel, thread = asked.get("channel"), asked.get("ts")
    here = [each for each in messages if each.get("channel", channel) == channel]
    limit = int(asked.get("limit", _USUAL))
    if not 1 <= limit <= MOST:
        return {"ok": False, "error": "invalid_limit"}
    if thread:
        found = [each for each in here if each["ts"] == thread]
        if not found:
            return {"ok": False, "error": "thread_not_found"}
        replies = [each for each in here if each.get("thread_ts") == thread and each["ts"] != thread]
        found += sorted((each for each in replies if _is_within(each, asked)), key=_at)
    else:
        shown = [each for each in here if "thread_ts" not in each or _is_true(each.get("reply_broadcast"))]
        found = sorted((each for each in shown if _is_within(each, asked)), key=_at, reverse=True)
    start = int(asked.get("cursor") or 0)
    end = start + min(limit, at_most)
    more = end < len(found)
    kept = [_as_asked(each, asked) for each in found[start:end]]
    return {
        "ok": True,
        "messages": kept,
        "has_more": more,
        "response_metadata": {"next_cursor": str(end) if more else ""},
    }


def _is_within(message: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
    at, oldest = _at(message), float(asked.get("oldest") or 0)
    latest = float(asked.get("latest") or "inf")
    return oldest <= at <= latest if _is_true(asked.get("inclusive")) else oldest < at < latest


def _as_asked(message: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
    left_out = set() if _is_true(asked.get("include_all_metadata")) else {"metadata"}
    return {key: value for key, value in message.items() if key not in left_out}


def _is_true(given: Any) -> bool:
    return given in (True, 1, "1", "true", "True")


def _at(message: Mapping[str, Any]) -> float:
    return float(message["ts"])
