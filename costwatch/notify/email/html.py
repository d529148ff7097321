"""What a message looks like in a mail program that shows HTML: no picture, no script, nothing fetched."""

from collections.abc import Iterator
from html import escape

from costwatch.alerts.line import AlertLine
from costwatch.alerts.message import Message, owner_in_words
from costwatch.alerts.series import Days, sparkline
from costwatch.wording import on_day, shortened

_LINES_AT_MOST = 100
_STYLE = "font-family:sans-serif;font-size:14px;line-height:1.5;color:#1d1c1d;max-width:40em"
_SMALL = "color:#616061;font-size:12px"


def page(message: Message) -> str:
    """The message as a page. All foreign text is escaped; only web addresses become links."""
    return f'<!doctype html><html><body style="{_STYLE}">{"".join(_parts(message))}</body></html>\n'


def _parts(message: Message) -> Iterator[str]:
    colour = "#b54708" if message.is_firing else "#067647"
    yield f'<h2 style="font-size:18px;border-left:4px solid {colour};padding-left:8px">'
    yield f"{escape(message.headline)}</h2>"
    if message.note:
        yield f"<p><em>{escape(message.note)}</em></p>"
    for line in message.lines[:_LINES_AT_MOST]:
        yield _line(line, is_of_one=message.is_of_one)
    if (more := len(message.lines) - _LINES_AT_MOST) > 0:
        yield f"<p>… and {more} more</p>"
    if message.links:
        yield f"<p>{' · '.join(_link(text, url) for text, url in message.links.items())}</p>"
    foot = [f"Owner: {', '.join(map(owner_in_words, message.owners))}"] if message.owners else []
    foot += [part for part in (message.about, message.data_through) if part]
    if foot:
        yield f'<p style="{_SMALL}">{escape(" · ".join(foot))}</p>'


def _line(line: AlertLine, *, is_of_one: bool) -> str:
    summary = escape(line.summary)
    if not is_of_one:
        summary = f"{'●' if line.is_firing else '✓'} <strong>{summary}</strong>"
    head = [summary] if line.summary else []
    below = [escape(text) for text in line.below]
    bars = [_bars(line.series)] if is_of_one and line.series else []
    return f"<p>{'<br>'.join((*head, *below, *bars))}</p>"


def _bars(days: Days) -> str:
    first, last = on_day(days[0][0]), on_day(days[-1][0])
    return f"<span>{sparkline(days)}</span> {first} to {last}"


def _link(text: str, url: str) -> str:
    if url.startswith(("https://", "http://")):
        return f'<a href="{escape(url)}">{escape(text)}</a>'
    return escape(f"{text}: {shortened(url, 200)}")
