"""What ``costwatch cost verify --json`` prints: everything that was held against each other."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from costwatch.commands.output import print_json
from costwatch.model import METRICS
from costwatch.wording import digits

if TYPE_CHECKING:
    from costwatch.answers.verification import Verified
    from costwatch.ledger.recount import Recount
    from costwatch.model import Amounts, Counted
    from costwatch.proof.bill import Invoice, Proof
    from costwatch.proof.bridge import Bridge
    from costwatch.proof.second_opinion import Comparison, Difference


def print_as_json(found: "Verified") -> None:
    """Everything, money exact: nano-units as integers, decimals as text."""
    print_json(
        {
            "findings": [asdict(finding) for finding in found.findings],
            "not_verified": found.trouble,
            "periods": [_proof(proof) for proof in found.held.proofs],
            "differing": [{**asdict(place), "by": _amounts(place.by)} for place in found.places],
            "notes": [asdict(note) for note in found.notes],
            "bridge": None if found.quick else [_bridge(bridge) for bridge in found.bridges],
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


def _bridge(bridge: "Bridge") -> dict[str, Any]:
    return {
        "BillingPeriodStart": bridge.period.isoformat(),
        "BillingCurrency": bridge.currency,
        "rows": [{"part": part, **_crossed(amounts)} for part, amounts in bridge.rows.items()],
        "total": _crossed(bridge.total),
        "rounding_at_most": digits(bridge.may_round),
    }


def _crossed(of: "Amounts") -> dict[str, int]:
    from costwatch.proof.bridge import nano_difference

    return {**_amounts(of), "difference_nano": nano_difference(of)}


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
