"""A week as HTML and as Markdown. Names are anyone's text: both escape every value unless told not to."""

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlencode

from costwatch import money
from costwatch.charts import cost as charts
from costwatch.charts.axes import Spec
from costwatch.cost.explain import Change
from costwatch.model import State
from costwatch.report.sentence import change_in_words, sentence
from costwatch.report.view import Restated, Section, Weekly, in_words
from costwatch.wording import at_instant, on_day, percent, printable

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

_Moved = TypeVar("_Moved", Change, Restated)

WIDE_PX, NARROW_PX = 720, 340  # drawn twice, so that text keeps its size on a phone
SHOWN = 8  # rows of a table; the rest is summed in its last line
_LEAST_SHARE = Decimal("0.002")  # of the week: smaller changes are not worth a line of their own


def html(weekly: Weekly) -> str:
    """One file that needs nothing else: styles and pictures inside, no scripts, light and dark."""
    from markupsafe import Markup

    def picture(draw: Callable[[int], Spec]) -> Markup:
        wide, narrow = (charts.svg(draw(width), width) for width in (WIDE_PX, NARROW_PX))
        # Safe: vl-convert escapes the texts it draws.
        return Markup(f'<div class="wide">{wide}</div><div class="narrow">{narrow}</div>')  # noqa: S704

    return _render("weekly.html.j2", weekly, picture=picture)


def markdown(weekly: Weekly) -> str:
    """For terminals, wikis and issue trackers; tables instead of pictures."""
    return _render("weekly.md.j2", weekly)


def _render(template: str, weekly: Weekly, **more: Any) -> str:
    return _environment(template.endswith(".html.j2")).get_template(template).render(report=weekly, **more)


@cache
def _environment(is_html: bool) -> "Environment":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("costwatch.report"),
        autoescape=is_html,  # noqa: S701  Markdown has an escaping of its own
        finalize=None if is_html else escaped_markdown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(_FILTERS, url=_url if is_html else _markdown_url)
    environment.globals.update(
        changes_chart=_changes_chart,
        contact=_contact,
        day_sums=_day_sums,
        days_chart=_days_chart,
        in_words=in_words,
        large=_large,
        link=_link,
        sentence=sentence,
    )
    return environment


def _large(section: Section, rows: Sequence[_Moved]) -> Sequence[_Moved]:
    """The first of ``rows``, largest first, as far as they are worth a line."""
    least = abs(section.whole.week) * _LEAST_SHARE
    return [one for one in rows[:SHOWN] if abs(one.delta) >= least]


def _changes_chart(section: Section, team: str | None) -> Callable[[int], Spec]:
    rows = [
        {"label": _named(change, team), "value": change.delta} for change in _large(section, section.changes)
    ]
    return lambda width_px: charts.changes(rows, section.currency, dark=None)


def _days_chart(section: Section) -> Callable[[int], Spec]:
    rows = [
        {"day": one.day, "key": one.service, "value": one.cost, "estimated": one.state is State.ESTIMATED}
        for one in section.days
    ]
    return lambda width_px: charts.stacked_days(rows, section.currency, dark=None, names_px=width_px // 4)


def _day_sums(weekly: Weekly, section: Section) -> list[tuple[date, Decimal, State]]:
    """(day, cost, how settled it is) for the days of the week that have costs."""
    sums: dict[date, Decimal] = defaultdict(Decimal)
    states = {one.day: one.state for one in section.days if one.day >= weekly.first}
    for one in section.days:
        sums[one.day] += one.cost
    return [(day, sums[day], states[day]) for day in sorted(states)]


def _named(change: Change, team: str | None) -> str:
    names = dict(change.labels)
    return names["service"] if team else f"{names['team']} · {names['service']}"


def _signed(amount: Decimal, currency: str) -> str:
    """``+$6,312.55``."""
    return ("+" if amount > 0 else "") + money.exact(amount, currency)


def _link(weekly: Weekly, page: str = "", **query: str | None) -> str:
    """A page of costwatch; empty where it is not known under which address they are served."""
    kept = urlencode({name: value for name, value in query.items() if value})
    return weekly.public_url and f"{weekly.public_url}/{page}" + (f"?{kept}" if kept else "")


def _url(text: str) -> str:
    """Empty unless it is one that a browser may safely follow."""
    return printable(text) if re.match(r"https?://", text, re.IGNORECASE) else ""


def _markdown_url(text: str) -> "Markup":
    """As it stands between the brackets of a link, which brackets of its own would end."""
    from markupsafe import Markup

    return Markup(re.sub(r"[()\s<>\\]", lambda found: quote(found[0]), _url(text)))  # noqa: S704


def _contact(weekly: Weekly, team: str) -> str:
    """Who to ask; Slack's mentions mean something in Slack only, except for the name they carry."""
    return re.sub(r"<[@!#][^|>]*\|?([^>]*)>", r"\1", weekly.contacts.get(team, ""))


def escaped_markdown(value: object) -> str:
    r"""Text that cannot become markup, a table cell or a link: ``a_b|c`` is written ``a\_b\|c``."""
    from markupsafe import Markup

    if isinstance(value, Markup):
        return str(value)
    text = printable(str(value)).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = re.sub(r"([\\`*_{}\[\]|~])", r"\\\1", text)
    return re.sub(r":(?=//)|(?<=www)\.|^[#+-](?= )", r"\\\g<0>", text)


_FILTERS = {
    "short": money.short,
    "exact": money.exact,
    "signed": _signed,
    "change": change_in_words,
    "percent": percent,
    "on_day": on_day,
    "at_instant": at_instant,
}
