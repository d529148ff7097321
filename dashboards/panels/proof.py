"""The proof on the Data page: the bill as delivered, as teams carry it, and as other sources tell it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal

import streamlit as st
from markupsafe import Markup

from costwatch import money, wording
from costwatch.model import METRICS, Amounts
from costwatch.money import smallest_unit, units
from costwatch.proof.bill import SHOWN, InvoicePart, Proof, delivered
from costwatch.proof.second_opinion import Cause, Comparison, Difference, Tolerance, most_telling
from costwatch.warehouse.bill.proof import PublishedBills
from dashboards import blocks, frame
from dashboards.blocks import Column

_NEWEST = 2
_MOST_PARTS = 40
_SHOWN = 10
_EXACT = "0, exactly"
_MEANS = {
    Cause.TAX: "tax is told on other days, or not told at all",
    Cause.CREDITS: "credits, refunds or other adjustments are told by one of them, or differ",
    Cause.ROUNDING: "less than the smallest unit of the currency",
    Cause.UNSETTLED: "one of them calls the day estimated, or does not reach it yet",
    Cause.COMMITMENT: "one tells the cost as billed, the other spread over its time",
    Cause.NAMING: "the day agrees; its services have other names or other borders",
    Cause.UNEXPLAINED: "nothing explains it: a delivery may be missing, or an account left out",
}

# day, service, bill, what is said, difference, reason
_Row = tuple[str, str, Markup, Markup, Markup, Cause]


def newest(of: Mapping[date, date]) -> tuple[tuple[date, date], ...]:
    """The billing periods that are told in full, each with its end."""
    return tuple(sorted(of.items(), reverse=True)[:_NEWEST])


def periods(held: PublishedBills) -> None:
    """Each published period: the bill, teams and residuals, and what rounding its lines has done."""
    columns = (
        Column("Period"),
        Column("Known since", wide=True),
        Column("Loads", "number", wide=True),
        Column("Lines", "number", wide=True),
        Column("Bill, BilledCost", "number"),
        Column("Teams + residuals", "number", wide=True),
        Column("Bill, EffectiveCost", "number", wide=True),
        Column("Teams + residuals", "number", wide=True),
        Column("Difference", "number"),
        Column("Rounding", "number", wide=True),
    )
    places = [place for proof in held.proofs for place in proof.differing()]
    findings = [*held.findings, *(each for proof in held.proofs for each in proof.findings())]
    remark = (
        "teams and residuals differ from the bill" if places else "teams and residuals carry exactly the bill"
    )
    odd = [(load, found) for load in held.loads for found in load.findings]
    told = [place.text for place in places] + [finding.text for finding in findings]
    told += [delivered(load, found).text for load, found in odd if found.kind.is_wrong]
    notes = [delivered(load, found).text for load, found in odd if not found.kind.is_wrong]
    with frame.card("Published periods", remark):
        st.html(blocks.table(columns, [_period(proof) for proof in held.proofs]))
        for texts, mark, tone in ((told, "▲", "bad"), (notes, "◐", "warn")):
            more = [f"and {len(texts) - SHOWN} more"] if len(texts) > SHOWN else []
            if texts:
                said = (Markup("{}").format(text) for text in texts[:SHOWN] + more)
                st.html(blocks.sentences((mark, tone, text) for text in said))
        st.html(
            blocks.note(
                Markup(
                    "Rounding: the files' own totals less the sum of their lines, each to nine decimals. "
                    "<code>costwatch cost verify</code> also reads the files of the ledger, and every row."
                )
            )
        )


def _period(proof: Proof) -> tuple[blocks.Text, ...]:
    bill, carried = proof.published, proof.carried()
    return (
        f"{proof.period:%b %Y}",
        wording.at_instant(proof.known_at),
        f"{proof.load_count:,}",
        f"{bill.line_count:,}",
        _amount(bill.BilledCostNano, proof.currency, f"{proof.period:%Y-%m}-{proof.currency}"),
        _amount(carried.BilledCostNano, proof.currency),
        _amount(bill.EffectiveCostNano, proof.currency),
        _amount(carried.EffectiveCostNano, proof.currency),
        _difference(bill - carried),
        _rounding(proof),
    )


def _amount(nano: int, currency: str, name: str = "") -> Markup:
    return blocks.amount(units(nano), currency, money.exact(units(nano), currency), name)


def _difference(by: Amounts) -> Markup:
    if not by:
        return blocks.toned(_EXACT, "good")
    text = " / ".join(wording.digits(units(by.nano(metric))) for metric in sorted(METRICS))
    return blocks.toned(text, "bad")


def _rounding(proof: Proof) -> Markup:
    of = {metric: proof.rounding(metric) for metric in sorted(METRICS)}
    totals = ", ".join(f"{metric} {wording.digits(proof.control.get(metric, Decimal()))}" for metric in of)
    return blocks.hover(
        " / ".join(map(wording.digits, of.values())) if any(of.values()) else "0",
        f"the files' own totals: {totals}",
    )


def parts(proofs: Sequence[Proof]) -> None:
    """The newest periods by invoice, issuer, payer and category."""
    columns = (
        Column("Invoice", "text"),
        Column("Issuer", "text", wide=True),
        Column("Payer", wide=True),
        Column("Category"),
        Column("BilledCost", "number"),
        Column("EffectiveCost", "number", wide=True),
        Column("Difference", "number"),
    )
    shown = dict(newest({proof.period: proof.period_end for proof in proofs}))
    kept = [proof for proof in proofs if proof.period in shown and proof.parts]
    if not kept:
        return
    with frame.card("Bill by invoice", "and what it differs by from teams and residuals"):
        for proof in kept:
            st.html(blocks.lines([f"{proof.period:%B %Y}, {proof.currency}"]))
            st.html(blocks.table(columns, [_part(proof, part) for part in proof.parts[:_MOST_PARTS]]))
            if len(proof.parts) > _MOST_PARTS:
                left = len(proof.parts) - _MOST_PARTS
                st.html(blocks.note(Markup("and {} more: <code>costwatch cost verify</code>").format(left)))


def _part(proof: Proof, part: InvoicePart) -> tuple[blocks.Text, ...]:
    return (
        part.InvoiceId or blocks.hover("not issued", "the bill names no invoice yet", "muted"),
        part.InvoiceIssuerName,
        part.BillingAccountId,
        part.ChargeCategory,
        _amount(part.bill.BilledCostNano, proof.currency),
        _amount(part.bill.EffectiveCostNano, proof.currency),
        _difference(part.bill - part.carried),
    )


def opinions(found: Iterable[Comparison]) -> None:
    """What each source of role check says of the newest periods, and why it differs."""
    sources: dict[str, list[Comparison]] = defaultdict(list)
    for opinion in found:
        sources[opinion.source].append(opinion)
    for source, its in sources.items():
        with frame.card(f"Second opinion: {source}", "the bill less what it says"):
            _opinion_table(its)
            _differences(its)


def _opinion_table(found: Sequence[Comparison]) -> None:
    columns = (
        Column("Period", "text"),
        Column("Bill", "number", wide=True),
        Column("It says", "number", wide=True),
        Column("Difference", "number"),
        Column("Because", "text"),
    )
    st.html(blocks.table(columns, [_opinion(each) for each in found]))


def _opinion(of: Comparison) -> tuple[blocks.Text, ...]:
    bill, said = sum(of.bill.values()), sum(of.said.values())
    return (
        f"{of.period:%b %Y}, {of.metric}",
        _amount(bill, of.currency),
        _amount(said, of.currency),
        _signed(bill - said, of.currency),
        _because(of),
    )


def _signed(nano: int, currency: str) -> Markup:
    return blocks.amount(units(nano), currency, blocks.signed(units(nano), currency))


def _because(of: Comparison) -> Markup:
    """What each reason comes to, if it comes to anything; other names of a service come to nothing."""
    named = ", ".join(
        f"{reason} {blocks.signed(units(nano), of.currency)}"
        for reason, nano in of.reasons().items()
        if abs(units(nano)) >= smallest_unit(of.currency)
    )
    if of.unexplained(Tolerance()):
        return blocks.hover(
            named, "on some day more than 1 % of its bill, and more than 1, is unexplained", "bad"
        )
    return Markup("{}").format(named or "–")


def _differences(found: Sequence[Comparison]) -> None:
    columns = (
        Column("Day"),
        Column("Service", "text"),
        Column("Bill", "number", wide=True),
        Column("It says", "number", wide=True),
        Column("Difference", "number"),
        Column("Because", "text"),
    )
    rows: dict[_Row, list[str]] = defaultdict(list)
    for opinion, one in most_telling(found):
        rows[_one(opinion, one)].append(opinion.metric)
    if len(rows) > _SHOWN:
        st.html(
            blocks.note(f"{_SHOWN} of {len(rows):,} differences by day and service, unexplained ones first:")
        )
    if rows:
        lines = [(*row, _reason(reason, metrics)) for (*row, reason), metrics in rows.items()]
        st.html(blocks.table(columns, lines[:_SHOWN]))


def _reason(reason: Cause, metrics: Sequence[str]) -> Markup:
    only = "" if len(metrics) == len(METRICS) else f", {metrics[0]} only"
    return blocks.hover(f"{reason}{only}", _MEANS[reason], "bad" if reason is Cause.UNEXPLAINED else "")


def _one(opinion: Comparison, of: Difference) -> _Row:
    """Its row but for the metric: often both differ alike."""
    return (
        f"{of.day.day} {of.day:%b}",
        of.ServiceName,
        _amount(of.bill_nano, opinion.currency),
        _amount(of.said_nano, opinion.currency),
        _signed(of.nano, opinion.currency),
        of.reason,
    )
