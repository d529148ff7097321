"""What no team carries, and what bears no tag: how much, where it lies, and what would name its owner."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal

import streamlit as st
from markupsafe import Markup

from costwatch import money, wording
from costwatch.answers import data
from costwatch.answers.unplaced import unplaced
from costwatch.answers.untagged import Untagged, untagged
from costwatch.model import UNALLOCATED
from costwatch.warehouse.facts.snapshot import WarehouseSnapshot
from dashboards import blocks, frame
from dashboards.blocks import Column
from dashboards.reading import ask, configured

_LARGEST = 5


def without_an_owner(currency: str, end: date) -> None:
    """Draws the card: the days up to ``end`` (UTC), in one currency."""
    found = ask(data.unowned, currency, end)
    share = found.unallocated / found.total if found.total > 0 else Decimal()
    remark = f"{data.SHARE_DAYS} days to {blocks.day(end)}, EffectiveCost"
    with frame.card("Without an owner", remark):
        lost = blocks.amount(
            found.unallocated, currency, money.exact(found.unallocated, currency), "unallocated"
        )
        text = Markup("<b>{}</b> of spend is unallocated: {} of {}.").format(
            wording.share(share), lost, money.exact(found.total, currency)
        )
        tags = ask(untagged, currency, end - timedelta(days=data.SHARE_DAYS - 1), end)
        st.html(blocks.lines([text, *_untagged(tags, currency)]))
        _nobodys(*ask(_near_misses))
        if notes := ask(unplaced):
            st.html(blocks.sentences([("◐", "warn", Markup("{}").format(text)) for text in notes]))
        if found.unallocated:
            left, right = st.columns(2, gap="medium")
            left.html(_largest("service", found.by_service, currency, found.unallocated))
            right.html(_largest("account", found.by_account, currency, found.unallocated))


def _near_misses(facts: WarehouseSnapshot) -> tuple[list[str], int, str]:
    """The largest that no team claims, how many more there are, and which closed periods keep other teams."""
    from costwatch.allocation.kept import Kept
    from costwatch.allocation.suggestions import suggestions

    allocation = configured().allocation
    known = suggestions(facts, allocation)
    told = [each.sentence for each in known[:_LARGEST]]
    return told, len(known) - len(told), Kept.of(facts, allocation).sentence


def _nobodys(told: Sequence[str], more: int, kept: str) -> None:
    remarks = [("○", "warn", Markup("No team claims {}").format(sentence)) for sentence in told]
    if told:
        also = f"{blocks.plural(more, 'more value')}: " if more else ""
        write = Markup("{}<code>costwatch teams suggest</code> shows all, and what to write.").format(also)
        remarks.append(("→", "", write))
    if kept:
        remarks.append(("◐", "warn", Markup("{}").format(kept)))
    if remarks:
        st.html(blocks.sentences(remarks))


def _largest(key: str, rows: Sequence[tuple[str, Decimal]], currency: str, whole: Decimal) -> Markup:
    columns = (Column(key.capitalize(), "text"), Column("Unallocated", "number"), Column("Share", "number"))
    lines = [
        (
            blocks.link(name or "(none)", "costs", team=UNALLOCATED, **{key: name}),
            blocks.amount(amount, currency, money.exact(amount, currency)),
            wording.share(amount / whole),
        )
        for name, amount in rows
    ]
    return blocks.table(columns, lines)


def _untagged(found: Untagged, currency: str) -> Iterator[Markup]:
    """Nothing where no tag is asked for."""
    if found.why_unknown:
        yield Markup("How much of it bears no owner tag is not known: {}.").format(found.why_unknown)
    elif found.whole > 0:
        amount = blocks.amount(found.amount, currency, money.exact(found.amount, currency), "untagged")
        text = Markup("<b>{}</b> of what an owner tag could name bears none: {} of {}, whoever carries it{}.")
        accounts = Markup(", ").join(
            Markup("{} ({})").format(
                blocks.link(account or "(none)", "costs", account=account), money.exact(cost, currency)
            )
            for account, cost in found.by_account
        )
        most = Markup("; the largest parts in {}").format(accounts) if accounts else ""
        whole = money.exact(found.whole, currency)
        yield text.format(wording.share(found.amount / found.whole), amount, whole, most)
