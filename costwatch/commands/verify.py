"""``costwatch cost verify``: is the published bill the delivered one, to the last digit."""

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import click

from costwatch.commands.context import Context, pass_context
from costwatch.commands.options import Command, json_option, require_order, window_options
from costwatch.commands.output import complain
from costwatch.errors import UsageError

_FAILED, _FINDINGS = 1, 3
_AMOUNT = re.compile(r"-?\d{1,15}(\.\d{1,9})?")


class Amount(click.ParamType[Decimal]):
    """An amount of money, exact."""

    name = "amount"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        """1234.56 as a Decimal."""
        if isinstance(value, Decimal):
            return value
        if not _AMOUNT.fullmatch(value):
            self.fail(f"{value!r} is not an amount; write it like 1234.56", param, ctx)
        return Decimal(value)


@click.command("verify", cls=Command)
@window_options("the billing periods to verify")
@click.option(
    "--invoice",
    "invoices",
    type=(str, Amount()),
    multiple=True,
    metavar="ID AMOUNT",
    help="An invoice's id, and its total in the currency of the bill; may be repeated.",
)
@click.option("--quick", is_flag=True, help="Leave the files of the ledger unread.")
@click.option(
    "--tolerance-percent",
    type=Amount(),
    default=Decimal(1),
    show_default=True,
    help="What may stay unexplained between the bill of a day and what another source says,",
)
@click.option(
    "--tolerance-amount",
    type=Amount(),
    default=Decimal(1),
    show_default=True,
    help="or this much, in the currency of the bill, if that is more.",
)
@json_option
@pass_context
def verify(
    context: Context,
    first: date | None,
    after: date | None,
    invoices: Sequence[tuple[str, Decimal]],
    quick: bool,
    tolerance_percent: Decimal,
    tolerance_amount: Decimal,
    as_json: bool,
) -> int:
    """Prove the published bill.

    \b
    Holds against each other, for each billing period that has days in --from .. --to:
      the bill by invoice, issuer, payer and category, and what teams and residuals carry;
      the tables that this is stored in, to the nano-unit;
      the files in the ledger, and what was registered of them: SHA-256, lines, sums, control totals;
      the bill and what sources of role check say of it, by service and day, each difference named;
      the BilledCost of an invoice, over all periods, and what it states;
      BilledCost and EffectiveCost: what bridges them, from the purchase of commitments to the tax. Lines that
      belong to no commitment cost the same in both, up to half a cent (or whatever the currency's is) in all.

    What another source says differs by tax, credits (and refunds), rounding (at most the smallest unit of
    the currency for a service and day), days not yet settled, commitments (billed on one side, spread on the
    other), other names of services, or it is unexplained: only that, beyond the tolerance, is a finding.

    Exits 3 if something does not agree, 1 if something could not be read, else 0. Changes nothing.

    \b
    Example: costwatch cost verify
             costwatch cost verify --from 2026-10-01 --to 2026-11-01 --invoice EUINGB26-1234567 97412.08
    """
    from costwatch.answers.verification import verification
    from costwatch.commands.verify_json import print_as_json
    from costwatch.commands.verify_output import print_for_people
    from costwatch.ledger.files import LedgerFiles
    from costwatch.proof.second_opinion import Tolerance

    require_order(first, after)
    if min(tolerance_percent, tolerance_amount) < 0:
        raise UsageError("cost verify: a tolerance is never negative; leave it out, or name 0")
    tolerance = Tolerance(tolerance_percent / 100, tolerance_amount)
    files = LedgerFiles(context.config.ledger)
    with context.working("Verifying"):
        found = verification(context.warehouse, None if quick else files, first, after, invoices, tolerance)
    (print_as_json if as_json else print_for_people)(found)
    for trouble in found.trouble:
        complain(trouble)
    return _FINDINGS if found.findings else _FAILED if found.trouble else 0
