"""What Slack takes of a message: https://docs.slack.dev/reference/block-kit/blocks."""

from collections.abc import Iterator
from typing import Any

TEXT_AT_MOST = 40_000
BLOCKS_AT_MOST = 50
# All blocks together: undocumented, seen by https://github.com/slackapi/bolt-js/issues/2509.
ALL_BLOCKS_AT_MOST = 13_200
_KINDS = {"actions", "context", "data_visualization", "divider", "header", "image", "markdown", "rich_text"}
_KINDS |= {"section", "table"}


def refusal(text: Any, blocks: Any) -> str:
    """The code of what is wrong with a message; empty: nothing."""
    if not isinstance(text, str) or (not text and not blocks):
        return "no_text"
    if len(text) > TEXT_AT_MOST:
        return "msg_too_long"
    if blocks is None:
        return ""
    if not isinstance(blocks, list):
        return "invalid_blocks_format"
    if len(blocks) > BLOCKS_AT_MOST or any(_mistakes(block) for block in blocks):
        return "invalid_blocks"
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    charts = [block for block in blocks if block["type"] == "data_visualization"]
    if len(set(ids)) != len(ids) or len(charts) > 2:
        return "invalid_blocks"
    return "msg_blocks_too_long" if sum(map(len, _texts(blocks))) > ALL_BLOCKS_AT_MOST else ""


def _mistakes(block: Any) -> list[str]:
    return list(_wrong(block)) if isinstance(block, dict) else ["no object"]


def _wrong(block: dict[str, Any]) -> Iterator[str]:
    kind = block.get("type")
    if kind not in _KINDS:
        yield f"type {kind}"
    if not 0 < len(str(block.get("block_id", "x"))) <= 255:
        yield "block_id"
    if kind == "section":
        fields = block.get("fields", [])
        if "text" not in block and not fields:
            yield "an empty section"
        if "text" in block:
            yield from _wrong_text(block["text"], 3_000)
        if not isinstance(fields, list) or len(fields) > 10:
            yield "fields"
        else:
            for each in fields:
                yield from _wrong_text(each, 2_000)
    if kind == "header":
        yield from _wrong_text(block.get("text"), 150, "plain_text")
    if kind == "context":
        elements = block.get("elements")
        if not isinstance(elements, list) or not 1 <= len(elements) <= 10:
            yield "elements"
        else:
            for each in elements:
                yield from _wrong_text(each, 3_000)
    if kind == "actions":
        yield from _wrong_actions(block.get("elements"))
    if kind == "markdown" and not 0 < len(str(block.get("text", ""))) <= 12_000:
        yield "markdown"
    if kind == "data_visualization":
        yield from _wrong_chart(block)


def _wrong_text(text: Any, at_most: int, *kinds: str) -> Iterator[str]:
    if not isinstance(text, dict) or text.get("type") not in (kinds or ("plain_text", "mrkdwn")):
        yield "no text object"
        return
    said = text.get("text")
    if not isinstance(said, str) or not 0 < len(said) <= at_most:
        yield "the length of a text"
    if text["type"] == "plain_text" and "verbatim" in text:
        yield "verbatim of a plain_text"
    if text["type"] == "mrkdwn" and "emoji" in text:
        yield "emoji of a mrkdwn"


def _wrong_actions(elements: Any) -> Iterator[str]:
    if not isinstance(elements, list) or not 1 <= len(elements) <= 25:
        yield "elements"
        return
    for each in elements:
        if each.get("type") == "button":
            yield from _wrong_text(each.get("text"), 75, "plain_text")
        if len(str(each.get("value", ""))) > 2_000 or len(str(each.get("url", ""))) > 3_000:
            yield "the length of a value"


def _wrong_chart(block: dict[str, Any]) -> Iterator[str]:
    """https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block."""
    chart = block.get("chart")
    if not 0 < len(str(block.get("title", ""))) <= 50 or not isinstance(chart, dict):
        yield "title or chart"
        return
    if chart.get("type") == "pie":
        segments = chart.get("segments", ())
        if not 1 <= len(segments) <= 6 or any(each["value"] <= 0 for each in segments):
            yield "segments"
        return
    series, axis = chart.get("series"), chart.get("axis_config")
    if chart.get("type") not in ("line", "bar", "area") or not isinstance(series, list):
        yield "the kind of chart"
        return
    categories = axis.get("categories", ()) if isinstance(axis, dict) else ()
    if not 1 <= len(series) <= 6 or not 1 <= len(categories) <= 20:
        yield "how many series or categories"
    if len(set(categories)) != len(categories) or any(not 0 < len(each) <= 20 for each in categories):
        yield "categories"
    for each in series:
        data = each.get("data", ())
        if not 0 < len(str(each.get("name", ""))) <= 20 or [point["label"] for point in data] != [
            *categories
        ]:
            yield "a series"
        if any(
            isinstance(point["value"], bool) or not isinstance(point["value"], int | float) for point in data
        ):
            yield "a value"


def _texts(of: Any) -> Iterator[str]:
    """All texts that people see, wherever they stand."""
    if isinstance(of, dict):
        for key, value in of.items():
            if isinstance(value, str) and key in ("text", "title", "label", "name"):
                yield value
            else:
                yield from _texts(value)
    elif isinstance(of, list):
        for each in of:
            yield from _texts(each)
