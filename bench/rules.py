"""What ten thousand rules by team and service cost to evaluate, beside reading the file that holds them.

In the last case one in five is of kind ``change``, each comparison in turn; the others are thresholds.

Prints Markdown. CPU time is a process's own, all its threads'; the parts take turns, so that a busy moment of
the machine meets them all. The bill of thirteen months is made up, collected and allocated once, and kept in
--folder. Exits 1 over a limit, at full size.
"""

import argparse
import json
import os
import shutil
import sys
from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from itertools import pairwise
from pathlib import Path
from statistics import median

import duckdb
from ledger import COSTWATCH, Measured, measured, middle, print_machine

MONTHS = [
    date(2025 + month // 12, month % 12 + 1, 1) for month in range(10, 24)
]  # the last one ends the bill
NOW = "2026-12-04T06:00:00Z"
TEAMS = [f"t{number:02d}" for number in range(40)]
FULL_SIZE = 250  # services: by team and service then ten thousand series
LIMIT_SECONDS = 2.0  # beyond reading the file
READ = "from pathlib import Path; from costwatch.config import load_alerts, load_config;"
READ += "config = load_config(Path('costwatch.yaml')); load_alerts(config.alerts, config.names)"

# One line a day, team and service: amounts differ from day to day, and are the same whenever they are made.
BILL = """
COPY (
  WITH line AS (
    SELECT day, 't' || printf('%02d', team) AS team, 's' || printf('%03d', service) AS service,
      (hash(day, team, service) % 10000) / 100 AS amount
    FROM range(?::TIMESTAMP, ?::TIMESTAMP, INTERVAL 1 DAY) days(day), range({teams}) teams(team),
      range({services}) services(service)
  )
  SELECT amount AS BilledCost, amount AS EffectiveCost, amount AS ListCost, amount AS ContractedCost,
    '900000000001' AS BillingAccountId, 'payer' AS BillingAccountName, 'USD' AS BillingCurrency,
    ?::TIMESTAMP AS BillingPeriodStart, ?::TIMESTAMP AS BillingPeriodEnd,
    'Usage' AS ChargeCategory, NULL::VARCHAR AS ChargeClass, service || ' of a day' AS ChargeDescription,
    day AS ChargePeriodStart, day + INTERVAL 1 DAY AS ChargePeriodEnd, 'AWS' AS InvoiceIssuerName,
    1.0 AS PricingQuantity, 'Days' AS PricingUnit, 'AWS' AS ProviderName, 'AWS' AS PublisherName,
    'Compute' AS ServiceCategory, service AS ServiceName, team AS SubAccountId, team AS SubAccountName,
    'eu-west-1' AS RegionId, team || '/' || service AS ResourceId
  FROM line ORDER BY day
) TO '{file}' (FORMAT parquet)
"""


def company(folder: Path, services: int) -> Path:
    """Thirteen months of a bill, collected and allocated, made once."""
    made = folder / f"rules-{services}"
    if not (made / "costwatch.db").exists():
        shutil.rmtree(made, ignore_errors=True)
        aside = made.with_suffix(".making")
        shutil.rmtree(aside, ignore_errors=True)
        (aside / "bill").mkdir(parents=True)
        for start, end in pairwise(MONTHS):
            file = aside / "bill" / f"{start:%Y-%m}.parquet"
            sql = BILL.format(teams=len(TEAMS), services=services, file=file)
            duckdb.execute(sql, [start, end, start, end])
        settings = {
            "sources": [{"name": "aws", "kind": "exports", "location": "bill"}],
            "teams": [{"name": team, "accounts": [team]} for team in TEAMS],
        }
        (aside / "costwatch.yaml").write_text(json.dumps(settings), encoding="utf-8")  # JSON is YAML
        for step in ("collect", "allocate"):
            measured(aside, COSTWATCH, "--now", NOW, step)
        aside.rename(made)
    return made


def rules(services: int, above: int) -> str:
    """One for each team and service, in one line each: a file of rules may have a megabyte.

    above 0: one in five is of kind ``change``.
    """
    kinds = [f"threshold,above: {above or 100}"]
    if not above:
        changes = [f"change,compare: {compare},above_pct: 900" for compare in COMPARED]
        kinds = [kind for change in changes for kind in (change, *kinds * 4)]
    lines = [
        f"- {{name: {team}{service:03d},kind: {kinds[(number * services + service) % len(kinds)]},"
        f"by: [team,service],match: {{team: {team},service: s{service:03d}}}}}"
        for number, team in enumerate(TEAMS)
        for service in range(services)
    ]
    return "\n".join(["receivers: [{name: here, kind: stdout}]", "route: {receiver: here}", "rules:", *lines])


# What the rules have as `above`; the amounts of a day are 0 to 100 dollars.
CASES: Mapping[str, int] = {
    "none fires": 100,
    "one in fifty fires": 98,
    "half of them fire": 50,
    "with changes": 0,
}
COMPARED = ("day", "same_weekday", "week", "month_to_date")


def measure(folder: Path, services: int) -> Mapping[str, tuple[Measured, Measured, Measured]]:
    """Of each case, in turns: reading the file; the first evaluation; the next, where nothing has changed."""
    found = {}
    for name, above in CASES.items():
        (folder / "alerts.yaml").write_text(rules(services, above), encoding="utf-8")
        read = measured(folder, sys.executable, "-c", READ)
        first = measured(folder, COSTWATCH, "--now", NOW, "alerts", "eval")
        found[name] = read, first, measured(folder, COSTWATCH, "--now", NOW, "alerts", "eval")
    return found


def main() -> int:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--services", type=int, default=FULL_SIZE, help="of each of forty teams")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=Path(os.environ.get("COSTWATCH_BENCH", ".bench")))
    arguments = parser.parse_args()
    folder = company(arguments.folder.resolve(), arguments.services)
    rounds: dict[str, list[tuple[Measured, Measured, Measured]]] = defaultdict(list)
    for turn in range(arguments.rounds):
        print(f"round {turn + 1} of {arguments.rounds}", file=sys.stderr)
        for name, parts in measure(folder, arguments.services).items():
            rounds[name].append(parts)
    print_machine()
    print(
        f"\n| {len(TEAMS) * arguments.services:,} rules | reading the file | first evaluation beyond it"
        " | next one beyond it | peak MB |\n|---|---:|---:|---:|---:|"
    )
    worst = 0.0
    for name, of in rounds.items():
        reading, first, after = (middle(part) for part in zip(*of, strict=True))
        beyond = [median(each[part].cpu_seconds - each[0].cpu_seconds for each in of) for part in (1, 2)]
        worst = max(worst, *beyond)
        peak = max(first.peak_mb, after.peak_mb)
        print(f"| {name} | {reading.cpu_seconds:.2f} | {beyond[0]:.2f} | {beyond[1]:.2f} | {peak:,.0f} |")
    missed = arguments.services >= FULL_SIZE and worst > LIMIT_SECONDS
    if missed:
        print(f"OVER: {worst:.2f} CPU seconds beyond reading, limit {LIMIT_SECONDS:g}", file=sys.stderr)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
