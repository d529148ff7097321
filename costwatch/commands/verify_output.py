"""How ``costwatch cost verify`` tells what it found: tables for people, all of it as JSON."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import click

from costwatch.commands.output import line, print_json, print_table
from costwatch.model import METRICS
from costwatch.money import exact, units
from costwatch.wording import digits

if TYPE_CHECKING:
    from costwatch.answers.verification import Verified
    from costwatch.ledger.recount import Recount
    from costwatch.model import Amounts, Counted
    from costwatch.proof.bill import Invoice, Proof
    from costwatch.proof.second_opinion import Comparison, Difference

_METRICS = sorted(METRICS)
_SHOWN = 10  # differences from another source, the largest
_NOT_READ = "the files of the ledger were not read (--quick)"


def print_for_people(found: "Verified") -> None:
    """What was held against what, with its figures; findings last."""
    _print_totals(found.held.proofs)
    _print_parts(found.held.proofs)
    _print_ledger(found)
    _print_opinions(found.opinions)
    _print_invoices(found.invoices)
    click.echo()
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


def print_as_json(found: "Verified") -> None:
    """Everything, money exact: nano-units as integers, decimals as text."""
    print_json(
        {
            "findings": [asdict(finding) for finding in found.findings],
            "not_verified": found.trouble,
            "periods": [_proof(proof) for proof in found.held.proofs],
            "differing": [{**asdict(place), "by": _amounts(place.by)} for place in found.places],
            "ledger": None if found.quick else [_recount(each) for each in found.recounts],
            "opinions": [_opinion(opinion) for opinion in found.opinions],
            "invoices": [_invoice(invoice) for invoice in found.invoices],
        }
    )


def _amounts(of: "Amounts") -> dict[str, int]:
    return {
        "BilledCostNano": of.BilledCostNano,
        "EffectiveCostNano": of.EffectiveCostNano,
        "x_LineCount": of.line_count,
    }


def _proof(proof: "Proof") -> dict[str, Any]:
    from costwatch.warehouse.encoding import to_text

    return {
        "BillingPeriodStart": proof.period.isoformat(),
        "BillingPeriodEnd": proof.period_end.isoformat(),
        "BillingCurrency": proof.currency,
        "known_at": to_text(proof.known_at),
        "x_LoadCount": proof.load_count,
        "published": _amounts(proof.published),
        "load": _amounts(proof.loads),
        "bill": _amounts(proof.bill),
        **{table: _amounts(proof.carried(table)) for table in proof.teams},
        "control": {metric: digits(total) for metric, total in proof.control.items()},
        "rounding": {metric: digits(proof.rounding(metric)) for metric in METRICS},
        "rounding_at_most": {metric: digits(proof.may_round(metric)) for metric in METRICS},
        "parts": [
            {**asdict(part), "bill": _amounts(part.bill), "carried": _amounts(part.carried)}
            for part in proof.parts
        ],
        "teams": {
            table: {team: _amounts(of) for team, of in teams.items()} for table, teams in proof.teams.items()
        },
    }


def _recount(each: "Recount") -> dict[str, Any]:
    return {
        "load": each.load.id,
        "source": each.load.source,
        "role": each.load.role,
        "BillingPeriodStart": each.load.period.isoformat(),
        "files": dict(each.files),
        "registered": _totals(each.load.totals),
        "counted": None if each.totals is None else _totals(each.totals),
        "trouble": each.trouble,
    }


def _totals(of: "Mapping[str, Counted]") -> dict[str, Any]:
    return {
        currency: {
            **_amounts(counted.amounts),
            "control": {metric: digits(total) for metric, total in counted.control.items()},
        }
        for currency, counted in of.items()
    }


def _opinion(opinion: "Comparison") -> dict[str, Any]:
    return {
        "source": opinion.source,
        "BillingPeriodStart": opinion.period.isoformat(),
        "BillingCurrency": opinion.currency,
        "metric": opinion.metric,
        "days": [
            {"day": day.isoformat(), "bill_nano": opinion.bill[day], "said_nano": opinion.said[day]}
            for day in opinion.bill
        ],
        "reasons": {str(reason): nano for reason, nano in opinion.reasons().items()},
        "differences": [_one(one) for one in opinion.differences],
    }


def _one(of: "Difference") -> dict[str, Any]:
    return {
        "day": of.day.isoformat(),
        "ServiceName": of.ServiceName,
        "bill_nano": of.bill_nano,
        "said_nano": of.said_nano,
        "difference_nano": of.nano,
        "reason": of.reason,
    }


def _invoice(of: "Invoice") -> dict[str, Any]:
    return {
        "InvoiceId": of.InvoiceId,
        "amount": digits(of.amount),
        "held": {
            currency: {**_amounts(amounts), "difference": digits(of.difference(currency))}
            for currency, amounts in of.held.items()
        },
    }
