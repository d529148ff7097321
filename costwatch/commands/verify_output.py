"""How ``costwatch cost verify`` tells people what it found; ``verify_json`` tells programs."""

from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

import click

from costwatch.commands.output import line, print_table
from costwatch.model import METRICS
from costwatch.money import exact, units
from costwatch.wording import digits

if TYPE_CHECKING:
    from costwatch.answers.verification import Verified
    from costwatch.model import Amounts
    from costwatch.proof.bill import Invoice, Proof
    from costwatch.proof.second_opinion import Comparison

_METRICS = sorted(METRICS)
_SHOWN = 10  # differences from another source, the largest
_NOT_READ = "the files of the ledger were not read (--quick)"


def print_for_people(found: "Verified") -> None:
    """What was held against what, with its figures; findings last."""
    _print_totals(found.held.proofs)
    _print_parts(found.held.proofs)
    _print_ledger(found)
    _print_bridges(found)
    _print_opinions(found.opinions)
    _print_invoices(found.invoices)
    click.echo()
    for note in found.notes:
        line(f"note: {note.text}")
    for finding in found.findings:
        line(f"FINDING {finding.text}")
    periods = len({proof.period for proof in found.held.proofs})
    agree = "all of it agrees" if not found.findings else f"findings: {len(found.findings)}"
    click.echo(f"billing periods verified: {periods}; {agree}")


def _print_totals(proofs: "Iterable[Proof]") -> None:
    columns = (
        "period",
        "metric",
        "lines",
        "bill",
        "teams + residuals",
        "difference",
        "files' own total",
        "rounding",
    )
    rows = [
        (
            f"{proof.period:%Y-%m}",
            metric,
            f"{proof.published.line_count:,}",
            exact(units(proof.published.nano(metric)), proof.currency),
            exact(units(proof.carried().nano(metric)), proof.currency),
            digits(units((proof.published - proof.carried()).nano(metric))),
            digits(proof.control.get(metric, Decimal())),
            digits(proof.rounding(metric)),
        )
        for proof in proofs
        for metric in _METRICS
    ]
    print_table(columns, rows, right={*columns[2:]})


def _print_parts(proofs: "Iterable[Proof]") -> None:
    columns = (
        "period",
        "payer",
        "issuer",
        "invoice",
        "category",
        "BilledCost",
        "EffectiveCost",
        "difference",
    )
    rows = [
        (
            f"{proof.period:%Y-%m}",
            part.BillingAccountId,
            part.InvoiceIssuerName,
            part.InvoiceId or "(not issued)",
            part.ChargeCategory,
            *(exact(units(part.bill.nano(metric)), proof.currency) for metric in _METRICS),
            _difference(part.bill - part.carried),
        )
        for proof in proofs
        for part in proof.parts
    ]
    if rows:
        click.echo()
        print_table(columns, rows, right={*columns[5:]})


def _difference(by: "Amounts") -> str:
    named = [digits(units(by.nano(metric))) for metric in _METRICS]
    return " / ".join(named) if by else "0"


def _print_ledger(found: "Verified") -> None:
    click.echo()
    if found.quick:
        click.echo(_NOT_READ)
        return
    columns = ("period", "source", "role", "files", "lines", "counted again")
    rows = [
        (
            f"{each.load.period:%Y-%m}",
            each.load.source,
            each.load.role,
            ", ".join(f"{number} {kept}" for kept, number in Counter(each.files.values()).items()),
            f"{sum(counted.amounts.line_count for counted in each.load.totals.values()):,}",
            "no" if each.totals is None else "the same" if each.totals == each.load.totals else "DIFFERS",
        )
        for each in found.recounts
    ]
    print_table(columns, rows, right={"lines"})


def _print_bridges(found: "Verified") -> None:
    """From what was billed to what it cost in effect; it is counted from the lines, so not with --quick."""
    from costwatch.proof.bridge import MEANS, nano_difference

    columns = ("period", "from billed to effective", "lines", *_METRICS, "difference")
    rows = [
        (
            f"{bridge.period:%Y-%m}",
            means,
            f"{amounts.line_count:,}",
            *(exact(units(amounts.nano(metric)), bridge.currency) for metric in _METRICS),
            digits(units(nano_difference(amounts))),
        )
        for bridge in found.bridges
        for means, amounts in (
            *((MEANS[part], amounts) for part, amounts in bridge.rows.items()),
            (f"total {bridge.currency}", bridge.total),
        )
    ]
    if rows:
        click.echo()
        print_table(columns, rows, right={*columns[2:]})


def _print_opinions(opinions: "Sequence[Comparison]") -> None:
    if not opinions:
        return
    columns = ("period", "source", "metric", "bill", "says", "difference", "because")
    rows = [
        (
            f"{opinion.period:%Y-%m}",
            opinion.source,
            opinion.metric,
            exact(units(sum(opinion.bill.values())), opinion.currency),
            exact(units(sum(opinion.said.values())), opinion.currency),
            digits(units(sum(opinion.reasons().values()))),
            _because(opinion),
        )
        for opinion in opinions
    ]
    click.echo()
    print_table(columns, rows, right={*columns[3:6]})
    _print_differences(opinions)


def _because(opinion: "Comparison") -> str:
    """Each reason that comes to something; other names of a service come to nothing."""
    return ", ".join(f"{reason} {digits(units(nano))}" for reason, nano in opinion.reasons().items() if nano)


def _print_differences(opinions: "Iterable[Comparison]") -> None:
    from costwatch.proof.second_opinion import most_telling

    every = most_telling(opinions)
    columns = ("day", "source", "metric", "service", "bill", "says", "difference", "because")
    rows = [
        (
            one.day,
            opinion.source,
            opinion.metric,
            one.ServiceName,
            *(exact(units(nano), opinion.currency) for nano in (one.bill_nano, one.said_nano)),
            digits(units(one.nano)),
            one.reason,
        )
        for opinion, one in every[:_SHOWN]
    ]
    if rows:
        click.echo(f"\n{len(rows)} of {len(every)} differences by day and service, unexplained ones first")
        print_table(columns, rows, right={*columns[4:7]})


def _print_invoices(invoices: "Iterable[Invoice]") -> None:
    rows = [
        (
            invoice.InvoiceId,
            exact(invoice.amount, currency),
            exact(units(amounts.BilledCostNano), currency),
            digits(invoice.difference(currency)),
        )
        for invoice in invoices
        for currency, amounts in invoice.held.items()
    ]
    if rows:
        click.echo()
        columns = ("invoice", "states", "BilledCost", "difference")
        print_table(columns, rows, right={*columns[1:]})
