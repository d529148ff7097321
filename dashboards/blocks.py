"""Pieces of a page as HTML. ``Markup.format`` escapes every value it is given: names come from bills."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from urllib.parse import quote, urlencode

from markupsafe import Markup

from costwatch import money, wording

Text = str | Markup

_SPARK_HEIGHT = 18


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure: its ``label``, its ``value`` and a short ``note``; tone: good, warn, bad or empty."""

    label: str
    value: Markup
    note: Text
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A table's column. kind: mark (narrow), text, word (never broken), number; wide: if there is room."""

    title: str
    kind: str = "word"
    wide: bool = False


def amount(value: Decimal, currency: str, shown: str, name: str = "") -> Markup:
    """``shown``, with the exact amount on hover; ``name`` tells tests and scripts which number it is."""
    return Markup('<span title="{0} {1}" data-exact="{0}" data-name="{2}">{3}</span>').format(
        wording.digits(value), currency, name, shown
    )


def count(value: int, name: str) -> Markup:
    """A number of things; ``name`` as in ``amount``."""
    return Markup('<span data-exact="{0}" data-name="{1}">{0}</span>').format(value, name)


def link(text: Text, page: str, **query: str) -> Markup:
    """A link to a page of ours."""
    kept = {name: value for name, value in query.items() if value}
    return Markup('<a href="{}">{}</a>').format(page + (f"?{urlencode(kept)}" if kept else ""), text)


def badge(text: Text, tone: str = "") -> Markup:
    """A short remark on a coloured ground."""
    return Markup('<span class="badge {}">{}</span>').format(tone, text)


def strip(badges: Iterable[Markup]) -> Markup:
    """Badges in a row."""
    return Markup('<div class="cw cw-strip">{}</div>').format(Markup().join(badges))


def title(text: Text, remark: Text = "") -> Markup:
    """The heading of a card."""
    return Markup('<div class="cw"><h2>{}{}</h2></div>').format(
        text, Markup(" <small>— {}</small>").format(remark) if remark else ""
    )


def tiles(of: Iterable[Tile]) -> Markup:
    """Figures side by side; two in a row on a phone."""
    one = Markup('<div class="cw-tile"><div class="label">{}</div><div class="value">{}</div>{}</div>')
    parts = (one.format(tile.label, tile.value, badge(tile.note, tile.tone)) for tile in of)
    return Markup('<div class="cw cw-tiles">{}</div>').format(Markup().join(parts))


def sentences(of: Iterable[tuple[str, str, Markup]]) -> Markup:
    """A list of (mark, tone, sentence); marks are shapes, so that no colour has to be told apart."""
    one = Markup('<li><span class="{}" aria-hidden="true">{}</span><span>{}</span></li>')
    parts = (one.format(tone, mark, sentence) for mark, tone, sentence in of)
    return Markup('<div class="cw"><ul>{}</ul></div>').format(Markup().join(parts))


def table(columns: Sequence[Column], rows: Iterable[Sequence[Text]]) -> Markup:
    """A table that scrolls sideways rather than break its numbers."""
    classes = [f"{column.kind} wide" if column.wide else column.kind for column in columns]
    heads = (
        Markup('<th scope="col" class="{}">{}</th>').format(kind, column.title)
        for kind, column in zip(classes, columns, strict=True)
    )
    lines = (
        Markup("<tr>{}</tr>").format(
            Markup().join(
                Markup('<td class="{}">{}</td>').format(kind, cell)
                for kind, cell in zip(classes, row, strict=True)
            )
        )
        for row in rows
    )
    return Markup(
        '<div class="cw cw-scroll"><table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>'
    ).format(Markup().join(heads), Markup().join(lines))


def sparkline(values: Sequence[Decimal], description: str, within: Sequence[Decimal] = ()) -> Markup:
    """A small line, drawn as a mask over the line colour: so it follows the theme without a rerun.

    within: values that have their place, too, so that lines beside each other can be compared.
    """
    if len(values) < 2:
        return Markup('<span class="muted">–</span>')
    low = min(*values, *within)
    scale = _SPARK_HEIGHT / float(max(*values, *within) - low or 1)
    points = " ".join(f"{at},{(float(value - low)) * -scale:.1f}" for at, value in enumerate(values))
    picture = (
        f"<svg xmlns='http://www.w3.org/2000/svg' preserveAspectRatio='none'"
        f" viewBox='0 {-_SPARK_HEIGHT - 2} {len(values) - 1} {_SPARK_HEIGHT + 4}'>"
        f"<polyline points='{points}' fill='none' stroke='black' stroke-width='1.6'"
        " stroke-linejoin='round' vector-effect='non-scaling-stroke'/></svg>"
    )
    mask = f"mask-image: url(data:image/svg+xml,{quote(picture)})"
    return Markup('<span class="cw-spark" role="img" aria-label="{}" style="{}"></span>').format(
        description, mask
    )


def meter(share: Decimal, tone: str, shown: str = "") -> Markup:
    """A bar filled to ``share`` (at most whole), and beside it what is ``shown``; else the percentage."""
    filled = min(max(share, Decimal()), Decimal(1))
    bar = Markup('<span class="cw-meter {}"><i style="width: {:.0f}%"></i></span>').format(tone, filled * 100)
    return Markup('{}<span class="cw-percent">{}</span>').format(bar, shown or wording.percent(share))


def day(of: date, now_year: int | None = None) -> str:
    """``Thu 19 Nov``, with the year where it is not ``now_year``."""
    year = "" if now_year in (None, of.year) else f" {of.year}"
    return f"{of:%a} {of.day} {of:%b}{year}"


def plural(number: int, noun: str) -> str:
    """``1 source``, ``2 sources``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def heading(text: str) -> Markup:
    """The title of a page."""
    return Markup('<div class="cw"><h1>{}</h1></div>').format(text)


def lines(of: Iterable[Text]) -> Markup:
    """One paragraph each."""
    return Markup('<div class="cw">{}</div>').format(
        Markup().join(Markup("<p>{}</p>").format(one) for one in of)
    )


def nothing_yet(waiting: str = "") -> Markup:
    """What is shown before the first bill. waiting: what is loaded and not allocated, in a sentence."""
    if waiting:
        one = Markup('<div class="cw cw-empty"><h2>Not allocated yet</h2><p>{}</p></div>')
        return one.format(waiting)
    return Markup(
        '<div class="cw cw-empty"><h2>No data yet</h2><p class="muted">Look at a made-up company with '
        "<code>costwatch demo</code>, or load your own bill with <code>costwatch collect</code> and "
        "<code>costwatch allocate</code>.</p></div>"
    )


def no_teams() -> Markup:
    """What is shown while nobody can own anything."""
    return Markup(
        '<div class="cw"><p><b>No team is named yet</b>, so no one carries it: add <code>teams:</code> '
        "to <code>costwatch.yaml</code>, then run <code>costwatch check</code> and "
        "<code>costwatch allocate</code>.</p></div>"
    )


def unknown(sentence: Markup) -> Markup:
    """What is shown in place of all numbers, where the address asks for what nobody knows."""
    return Markup('<div class="cw cw-empty"><h2>Nothing to show</h2><p>{}</p></div>').format(sentence)


def note(text: Text) -> Markup:
    """A remark in the muted colour."""
    return Markup('<div class="cw muted">{}</div>').format(text)


def signed(value: Decimal, currency: str) -> str:
    """To the cent, with its sign: ``+$12.00``."""
    return ("+" if value > 0 else "") + money.exact(value, currency)


def signed_percent(ratio: Decimal) -> str:
    """``+51 %``; ``0 %`` for what rounds to it."""
    text = wording.percent(abs(ratio))
    return text if text == "0 %" else f"{'+' if ratio > 0 else '-'}{text}"


def change(value: Decimal | None, currency: str, than: str) -> tuple[str, str]:
    """The note and the tone of a tile for a change in cost; ``than`` says against what."""
    if value is None:
        return f"– unknown {than}", ""
    arrow, tone = ("▲", "bad") if value > 0 else ("▼", "good") if value < 0 else ("●", "")
    return f"{arrow} {money.change(value, currency)} {than}", tone


def toned(text: Text, tone: str) -> Markup:
    """Text in a tone; the text itself says what the colour does."""
    return Markup('<span class="word {}">{}</span>').format(tone, text)


def hover(text: Text, more: str, tone: str = "") -> Markup:
    """Text that tells ``more`` on hover."""
    return Markup('<span class="{}" title="{}">{}</span>').format(tone, more, text)


def day_strip(days: Sequence[tuple[date, str | None]]) -> Markup:
    """A mark for each day by its state; None: the day holds no cost."""
    names = {"closed": "closed", "settled": "settled", "estimated": "estimated", None: "missing"}
    one = Markup('<i class="{1}" title="{0}: {1}"></i>')
    marks = Markup().join(one.format(day(at), names[state]) for at, state in days)
    counts = {name: sum(names[state] == name for _, state in days) for name in names.values()}
    key = Markup().join(
        Markup('<span><i class="{0}"></i>{0} {1}</span>').format(name, count)
        for name, count in counts.items()
    )
    summary = ", ".join(f"{name}: {count} days" for name, count in counts.items())
    strip = Markup('<div class="cw-days" role="img" aria-label="{}">{}</div>').format(summary, marks)
    return Markup('<div class="cw">{}<div class="cw-key">{}</div></div>').format(strip, key)


def legend(colours: Iterable[tuple[str, str]]) -> Markup:
    """(name, colour) pairs under a chart, in its order."""
    one = Markup('<span><i style="background: {1}"></i>{0}</span>')
    parts = Markup().join(one.format(name, colour) for name, colour in colours)
    return Markup('<div class="cw"><div class="cw-key">{}</div></div>').format(parts)
