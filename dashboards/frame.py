"""What all pages have around them: errors as sentences, heading, freshness, filters bound to the URL."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import takewhile

import streamlit as st
from markupsafe import Markup
from streamlit.delta_generator import DeltaGenerator

from costwatch.answers import sources
from costwatch.answers.deliveries import not_allocated
from costwatch.answers.sources import LateSource, SourceState
from costwatch.answers.unamortised import label, unamortised
from costwatch.charts.axes import Spec, theme_of
from costwatch.cost.conversion import Unit, months_of
from costwatch.errors import CostwatchError
from costwatch.model import State
from costwatch.warehouse.facts.cost import days_held, values
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from dashboards import blocks, filters
from dashboards.reading import ask, configured, moment, rules, warehouse_stamp
from dashboards.theme import STYLE

METRICS = {"amortised": "EffectiveCost", "billed": "BilledCost"}
_REFRESH_SECONDS = 60


@dataclass(frozen=True, slots=True)
class DataReach:
    """How far the cost data reach: ``first`` .. ``last`` hold any cost, estimated days included."""

    first: date
    last: date
    through: date | None  # the last settled day
    closed: date | None  # the last day before which all are closed, itself included
    late: tuple[LateSource, ...]
    currencies: tuple[str, ...]
    unamortised: str  # which commitments' charges are in EffectiveCost as they were billed; empty: none

    @property
    def end(self) -> date:
        """The day numbers end at: the last settled one; before any is settled, the last one."""
        return self.through or self.last


def freshness(facts: WarehouseSnapshot) -> DataReach | None:
    """A question for ``ask``; None: nothing is published yet."""
    held = days_held(facts.db)
    if held is None:
        return None
    after = held[1] + timedelta(days=1)
    currencies = values(facts.db, "currency", held[0], after)
    states = facts.states(held[0], after)
    closed = max(takewhile(lambda day: states[day] is State.CLOSED, sorted(states)), default=None)
    return DataReach(
        held[0],
        held[1],
        facts.data_through,
        closed,
        late_sources(facts),
        tuple(currencies),
        label(unamortised(facts, held[0], after)),
    )


def late_sources(facts: WarehouseSnapshot) -> tuple[LateSource, ...]:
    """A question for ``ask``: the sources that do not deliver."""
    names = [source.name for source in configured().sources]
    found = sources.late_sources(facts, names, rules())
    return tuple(found.values())


def show(page: Callable[[], None]) -> None:
    """Run a page; what the user can mend is said in a sentence."""
    st.html(STYLE)
    try:
        page()
    except filters.NothingKnown as told:
        st.html(blocks.unknown(told.sentence))
    except CostwatchError as error:
        st.html(blocks.title("This page cannot be shown") + blocks.lines(str(error).splitlines()))


def heading(
    title: str, metric: str = "", place: DeltaGenerator | None = None, *, needs_cost: bool = True
) -> DataReach | None:
    """The title, in ``place``, with the freshness under it; None, and what to do, where there is no data.

    needs_cost: False where the page has something else to show: then nothing is said of it.
    """
    stamp = st.session_state["stamp"] = warehouse_stamp()
    state = ask(freshness) if stamp else None
    with place or st.container():
        st.html(blocks.heading(title))
        if state is not None:
            _freshness_strip(metric)
    if state is None:
        if needs_cost:
            st.html(blocks.nothing_yet(ask(not_allocated) if stamp else ""))
    elif not configured().teams:
        st.html(blocks.no_teams())
    return state


def pick(label: str, key: str, options: Sequence[str], everything: str, what: str = "cost") -> str | None:
    """A filter bound to the URL as ``?key=``; None: not filtered. Raises NothingKnown for another value.

    what: is not known of it then.
    """
    unknown = filters.unknown(key, options)
    chosen = st.selectbox(
        label, [*options, *unknown], index=None, placeholder=everything, key=key, bind="query-params"
    )
    if chosen in unknown:
        raise filters.NothingKnown(filters.no_cost(key, chosen, options, what))
    return chosen


def select(label: str, key: str, options: Sequence[str], default: str) -> str:
    """One of many, bound to the URL as ``?key=``. Raises NothingKnown for another value."""
    at, unknown = options.index(default), filters.unknown(key, options)
    chosen = st.selectbox(label, [*options, *unknown], index=at, key=key, bind="query-params", width=180)
    return _known(label, chosen, options)


def choose(label: str, key: str, options: Sequence[str], default: str, passed: Sequence[str] = ()) -> str:
    """One of a few, bound to the URL as ``?key=``. Raises NothingKnown for another value.

    passed: values that mean something to other pages, and here as much as none.
    """
    chosen = st.segmented_control(
        label,
        [*options, *filters.unknown(key, (*options, *passed))],
        default=default,
        key=key,
        bind="query-params",
        required=True,
        width="content",
    )
    return _known(label, chosen, options)


def _known(label: str, chosen: str, options: Sequence[str]) -> str:
    if chosen not in options:
        raise filters.NothingKnown(filters.no_choice(label, chosen, options))
    return chosen


def currency(state: DataReach) -> str:
    """The currency shown; a choice where there are several, for they are never summed."""
    conversion = configured().currency
    return _currency(state, state.currencies, (conversion.unit.name,) if conversion else ())


def chosen_currency() -> dict[str, str]:
    """The currency that the reader chose, for links to other pages; empty where none was chosen."""
    return {name: value for name, value in st.query_params.items() if name == "currency"}


def unit(state: DataReach) -> Unit:
    """As ``currency``; where rates are configured, the converted whole can be chosen, too."""
    conversion = configured().currency
    if conversion is None or {*state.currencies} == {conversion.reporting}:
        return Unit(currency(state))
    whole = conversion.unit
    chosen = _currency(state, (*state.currencies, whole.name))
    return whole if chosen == whole.name else Unit(chosen)


def _currency(state: DataReach, choices: Sequence[str], passed: Sequence[str] = ()) -> str:
    default = "USD" if "USD" in state.currencies else state.currencies[0]
    if len(choices) > 1:
        return choose("Currency", "currency", choices, default, passed)
    for other in filters.unknown("currency", (*choices, *passed)):
        raise filters.NothingKnown(filters.no_choice("Currency", other, choices))
    return default


def tell_conversion(unit: Unit, kept: Iterable[tuple[str, date]]) -> None:
    """Where ``unit`` is converted, say by what, and what was left out for want of a rate: ``kept``."""
    if not unit.converted:
        return
    badges = [blocks.badge(f"{unit.name} at the fixed monthly rates of costwatch.yaml")]
    if months := months_of(kept):
        badges.append(blocks.badge(f"▲ left out, for want of a rate: {months}", "warn"))
    st.html(blocks.strip(badges))


def is_dark() -> bool:
    """Whether the reader sees the dark theme."""
    return bool(st.context.theme.type == "dark")


def chart(spec: Spec, unit: Unit | None = None) -> None:
    """Draw one of ``costwatch.charts``' specifications in the width there is; it says if it is converted."""
    if unit and unit.converted:
        muted = theme_of(is_dark()).muted
        title = {"text": unit.name, "anchor": "start", "color": muted, "fontSize": 12, "fontWeight": "normal"}
        spec = spec | {"title": title, "description": f"{spec['description']} All of it {unit.name}."}
    st.vega_lite_chart(spec | {"padding": {"bottom": 0}}, theme=None)


def card(title: str, remark: str = "", *, stretch: bool = False) -> DeltaGenerator:
    """A bordered container with its heading; ``stretch``: as high as its neighbour."""
    container = st.container(border=True, height="stretch" if stretch else "content")
    container.html(blocks.title(title, remark))
    return container


@st.fragment(run_every=_REFRESH_SECONDS)
def _freshness_strip(metric: str) -> None:
    if warehouse_stamp() != st.session_state["stamp"]:
        st.rerun()  # the whole page: its numbers have changed
    state = ask(freshness)
    if state is not None:
        st.html(blocks.strip(_badges(state, metric)))


def _badges(state: DataReach, metric: str) -> list[Markup]:
    year = moment().year
    if state.through is None:
        found = [blocks.badge(f"◐ Nothing settled yet · estimated to {blocks.day(state.last, year)}", "warn")]
    else:
        found = [blocks.badge(f"● Cost data settled through {blocks.day(state.through, year)}")]
        if state.closed:
            found.append(blocks.badge(f"closed through {blocks.day(state.closed, year)}"))
        if state.last > state.through:
            found.append(blocks.badge(f"◐ estimated to {blocks.day(state.last, year)}"))
    ended = [one for one in state.late if one.state is SourceState.ENDED]
    found += [blocks.badge(blocks.link(f"▲ {one.reason}", "data"), "warn") for one in ended]
    if late := [one.source for one in state.late if one not in ended]:
        text = f"▲ {blocks.plural(len(late), 'source')} late: {', '.join(late)}"
        found.append(blocks.badge(blocks.link(text, "data"), "warn"))
    if state.unamortised:
        text = Markup("◐ EffectiveCost {}").format(blocks.link(state.unamortised, "data"))
        found.append(blocks.badge(text, "warn"))
    return [*found, blocks.badge(f"UTC · {', '.join(state.currencies)} {metric}")]
