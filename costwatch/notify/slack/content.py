"""What a message looks like in Slack.

Foreign text stands in texts of the kind ``plain_text``, in which nothing mentions, links or formats; only
links and mentions of ours are ``mrkdwn``. https://docs.slack.dev/reference/block-kit/blocks
"""

import re
from collections.abc import Iterator
from typing import Any

from costwatch.alerts.line import AlertLine
from costwatch.alerts.message import Message
from costwatch.wording import on_day, shortened

# Slack's own limits. All blocks together fail near 13,200 characters
# (https://github.com/slackapi/bolt-js/issues/2509), which no page documents.
_HEADER_AT_MOST = 150
_SECTION_AT_MOST = 2_900
_TOTAL_AT_MOST = 10_000
_LINES_AT_MOST = 40
_URL_AT_MOST = 500
_LABEL_AT_MOST = 20  # of a chart's days and series
_MORE_AT_MOST = 40  # the line that says how many alerts are left out

_OWNER = re.compile(r"<(?:@[UW][A-Z0-9]+|!subteam\^S[A-Z0-9]+|#C[A-Z0-9]+|!here|!channel)>")
_CALLING = re.compile(r"<[@!]")
_MARKS = re.compile(r"[*~`]|(?<![^\W_])_|_(?![^\W_])")  # inside a word _ formats nothing
_LOOK_ALIKE = str.maketrans("*_~`", "∗＿∼ˋ")
FIRING, RESOLVED = "🔶", "✅"  # told apart by their shape, too


def content(message: Message, block_id: str, mention: str = "", *, is_quiet: bool = False) -> dict[str, Any]:
    """``text`` and ``blocks`` of a message; ``block_id``: how the ids of its blocks begin.

    mention: whom it calls. is_quiet: it calls nobody, not even owners.
    """
    said = [message.headline, *(line.summary for line in message.lines[:3] if line.summary)]
    blocks = list(_blocks(message, mention, is_quiet=is_quiet))
    return {
        "text": _unmarked(_fitting(" · ".join(said))),
        "blocks": [{**block, "block_id": f"{block_id}-{number}"} for number, block in enumerate(blocks)],
    }


def without_chart(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same blocks for a workspace that does not take charts."""
    return [block for block in blocks if block["type"] != "data_visualization"]


def _blocks(message: Message, mention: str, *, is_quiet: bool) -> Iterator[dict[str, Any]]:
    if mention:
        yield {"type": "section", "text": _mrkdwn(mention)}
    head = f"{_symbol(is_firing=message.is_firing)} {escape(message.headline)}"
    if len(head) <= _HEADER_AT_MOST:
        yield {"type": "header", "text": _plain(head)}
    else:
        yield _section(cut(head, _SECTION_AT_MOST))
    note, foot = _fitting(message.note), list(_foot(message, is_quiet=is_quiet))
    if note:
        yield _section(note)
    fixed = len(mention) + len(head) + len(note) + sum(len(each["text"]) for each in foot) + _MORE_AT_MOST
    yield from _lines(message, _TOTAL_AT_MOST - fixed)
    if foot:
        yield {"type": "context", "elements": foot}


def _lines(message: Message, left: int) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(message.lines):
        text = _text(line, is_of_one=message.is_of_one)
        left -= len(text)
        if number == _LINES_AT_MOST or left < 0:
            yield _section(f"… and {len(message.lines) - number} more")
            return
        if text:
            yield _section(text)
        if message.is_of_one and len(line.series) > 1 and any(value for _, value in line.series):
            yield _chart(line)


def _text(line: AlertLine, *, is_of_one: bool) -> str:
    symbol = "" if is_of_one else f"{_symbol(is_firing=line.is_firing)} "
    text = "\n".join(part for part in (line.summary, *line.below) if part)
    return _fitting(f"{symbol}{text}")


def _chart(line: AlertLine) -> dict[str, Any]:
    """https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block#line."""
    days = [on_day(day).rpartition(" ")[0] for day, _ in line.series]
    data = [
        {"label": day, "value": round(float(value), 2)}
        for day, (_, value) in zip(days, line.series, strict=True)
    ]
    return {
        "type": "data_visualization",
        "title": f"The last {len(days)} days",
        "chart": {
            "type": "line",
            "series": [{"name": "a day"[:_LABEL_AT_MOST], "data": data}],
            "axis_config": {"categories": days},
        },
    }


def _foot(message: Message, *, is_quiet: bool) -> Iterator[dict[str, Any]]:
    """At most five elements: Slack takes ten, and refuses an empty text."""
    mentions = [owner for owner in message.owners[:10] if _OWNER.fullmatch(owner)]
    if is_quiet:
        mentions = [owner for owner in mentions if not _CALLING.match(owner)]
    others = [owner for owner in message.owners[:10] if not _OWNER.fullmatch(owner)]
    if mentions:
        yield _mrkdwn(f"Owner: {', '.join(mentions)}")
    if others:
        names = ", ".join(shortened(owner, 100) for owner in others)
        yield _plain(_fitting(names if mentions else f"Owner: {names}"))
    links = list(message.links.items())[:5]
    if web := [_link(text, url) for text, url in links if _is_link(url)]:
        yield _mrkdwn(" · ".join(web))
    if texts := [f"{text}: {shortened(url, 200)}" for text, url in links if not _is_link(url)]:
        yield _plain(_fitting(" · ".join(texts)))
    if facts := [fact for fact in (message.about, message.data_through) if fact]:
        yield _plain(_fitting(" · ".join(facts)))


def _is_link(url: str) -> bool:
    return url.startswith(("https://", "http://")) and len(url) <= _URL_AT_MOST


def _link(text: str, url: str) -> str:
    address = escape(url).replace("|", "%7C").replace(" ", "%20")
    return f"<{address}|{_unmarked(_fitting(text, 100))}>"


def _symbol(*, is_firing: bool) -> str:
    return FIRING if is_firing else RESOLVED


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": _plain(text)}


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}


def _mrkdwn(text: str) -> dict[str, Any]:
    # verbatim: names of channels and addresses inside a text do not become links.
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _unmarked(escaped: str) -> str:
    """Text for where Slack formats: what would format it is replaced by what looks like it."""
    return _MARKS.sub(lambda mark: mark[0].translate(_LOOK_ALIKE), escaped)


def _fitting(text: str, at_most: int = _SECTION_AT_MOST) -> str:
    """Escaped text of at most so many characters."""
    return cut(escape(text), at_most)


def cut(escaped: str, at_most: int) -> str:
    """Cut between characters as Slack shows them."""
    if len(escaped) <= at_most:
        return escaped
    return re.sub(r"&[a-z]*$", "", escaped[: at_most - 1]) + "…"


def escape(text: str) -> str:
    """Text that Slack shows as it is (https://docs.slack.dev/messaging/formatting-message-text#escaping)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
