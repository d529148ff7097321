"""Is the published bill the delivered one, to the last digit: everything held against everything."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from costwatch.errors import CostwatchError
from costwatch.ledger.files import LedgerFiles
from costwatch.ledger.recount import Recount, recount
from costwatch.model import Amounts, Role
from costwatch.proof.bill import Differing, Discrepancy, Invoice, altered, delivered
from costwatch.proof.bridge import Bridge, Part, bridges
from costwatch.proof.priced import Priced, PricedProof
from costwatch.proof.second_opinion import Comparison, Tolerance, compare
from costwatch.warehouse.bill import priced, proof, second_opinion
from costwatch.warehouse.bill.proof import PublishedBills
from costwatch.warehouse.store import Warehouse


@dataclass(frozen=True, slots=True)
class Verified:
    """All that was held against each other, and what came of it. ``quick``: the ledger was left unread.

    ``bridges``: of the billing periods whose loads could all be counted again. ``notes``: what is odd about
    loads without making a number wrong.
    """

    held: PublishedBills
    places: tuple[Differing, ...]
    recounts: tuple[Recount, ...]
    opinions: tuple[Comparison, ...]
    invoices: tuple[Invoice, ...]
    findings: tuple[Discrepancy, ...]
    quick: bool
    bridges: tuple[Bridge, ...]
    notes: tuple[Discrepancy, ...]

    @property
    def trouble(self) -> list[str]:
        """What could not be verified, and why."""
        return [each.trouble for each in self.recounts if each.trouble]


def verification(
    warehouse: Warehouse,
    files: LedgerFiles | None,
    first: date | None,
    after: date | None,
    invoices: Sequence[tuple[str, Decimal]],
    tolerance: Tolerance,
) -> Verified:
    """The billing periods that have days in [first, after); None: all there are.

    files: the ledger, to be read once more; None: it is left unread. invoices: ids and stated amounts.
    Raises CostwatchError where nothing is published.
    """
    with warehouse.read() as db:
        held = proof.published_bills(db, first, after)
        places = [place for each in held.proofs for place in each.differing_bill()]
        places += proof.differing(db, held)
        told = [
            opinion for said in second_opinion.compared_bills(db, held.periods) for opinion in compare(said)
        ]
        known = proof.invoiced(db)
        unlike = [*proof.unlike_published(db, held)]
        of_priced = [*priced.proofs(db, held.bounds)]
    if not held.proofs and not held.findings:
        raise CostwatchError("cost verify: nothing is published there; run: costwatch collect, then allocate")
    asked = tuple(Invoice(number, amount, known.get(number, {})) for number, amount in invoices)
    recounts = tuple(recount(files, load) for load in held.loads) if files else ()
    crossed = bridges(_countable(recounts))
    odd = [(found.kind, delivered(load, found)) for load in held.loads for found in load.findings]
    findings = [
        *held.findings,
        *(told for kind, told in odd if kind.is_wrong),
        *(finding for each in held.proofs for finding in each.findings()),
        *altered(places, held.proofs),
        *unlike,
        *_of_priced(of_priced, recounts),
        *(finding for each in recounts for finding in each.findings()),
        *(finding for bridge in crossed if (finding := bridge.finding())),
        *(finding for opinion in told if (finding := opinion.finding(tolerance))),
        *(finding for invoice in asked if (finding := invoice.finding(known))),
    ]
    unpriced = (each.note() for each in of_priced if isinstance(each, PricedProof))
    notes = (*(told for kind, told in odd if not kind.is_wrong), *(note for note in unpriced if note))
    return Verified(
        held,
        tuple(places),
        recounts,
        tuple(told),
        asked,
        tuple(findings),
        files is None,
        crossed,
        notes,
    )


def _of_priced(
    proofs: Sequence[PricedProof | Discrepancy], recounts: Sequence[Recount]
) -> Iterator[Discrepancy]:
    """Where quantities and contracted cost do not agree, with those of lines where all of these were read."""
    lines: dict[date, Priced] = {}
    for each in _counted(recounts):
        lines[each.load.period] = lines.get(each.load.period, Priced()) + each.priced
    for told in proofs:
        if isinstance(told, Discrepancy):
            yield told
        else:
            yield from replace(told, lines=lines.get(told.period)).findings()


def _countable(
    recounts: Sequence[Recount],
) -> Iterator[tuple[date, Mapping[str, Mapping[Part, Amounts]]]]:
    """The bill of each period, unless some of it could not be read."""
    return ((each.load.period, each.parts) for each in _counted(recounts))


def _counted(recounts: Sequence[Recount]) -> list[Recount]:
    """Those of bills of which everything could be read."""
    bill = [each for each in recounts if each.load.role is Role.BILL]
    unread = {each.load.period for each in bill if each.totals is None}
    return [each for each in bill if each.load.period not in unread]
