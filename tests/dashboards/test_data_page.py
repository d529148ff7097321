"""The data: teams carry the bill, and everything is held against everything."""

import json
import re
import shutil
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from costwatch import cli
from costwatch.model import METRICS
from costwatch.money import units
from costwatch.warehouse.store import Warehouse
from tests.made import pages_company
from tests.made.bills import on_day, tags, write_csv
from tests.made.cluster_company import LATER, TEN, Cluster, billed, train
from tests.made.command_line import CONFIG, NOW, configure, publish
from tests.made.cur_bills import cur2_csv, usage
from tests.made.cur_bills import line as cur_line
from tests.made.opened_pages import Open, spent
from tests.made.usage_by_hand import node


def test_the_data_page_proves_that_teams_carry_the_bill(open_page: Open, full: Path) -> None:
    shown = open_page(full, "data")
    assert "teams and residuals carry exactly the bill" in shown.text
    assert shown.number("2026-10-USD") == spent(date(2026, 10, 1), date(2026, 10, 31), "BilledCost")
    assert shown.text.count("0, exactly") == 5
    assert "Thu 5 Nov" in shown.text  # restated
    assert "closed 39" in shown.text
    assert "settled 19" in shown.text
    assert "estimated 2" in shown.text


def test_the_data_page_says_where_teams_do_not_carry_the_bill(open_page: Open, tmp_path: Path) -> None:
    file = pages_company.full(tmp_path)
    with Warehouse(tmp_path / "costwatch.db").write() as db:
        db.execute(  # what was summed when it was published; the facts are counted by cost verify
            "UPDATE place_day SET BilledCostNano = BilledCostNano - 1 WHERE day = 20261105 AND team = 1"
            " AND place IN (SELECT id FROM place WHERE summary = 'currency')"
        )
    text = open_page(file, "data").text
    assert "teams and residuals differ from the bill" in text


# --- the proof ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def proven(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A company whose bill another source tells, too: it has netted a credit, and knows of more."""
    folder = tmp_path_factory.mktemp("proven")
    configure(
        folder,
        "sources:\n  - {name: aws, kind: exports, location: bill}\n"
        "  - {name: ce, kind: exports, role: check, location: ce}\n",
    )

    def charge(day: int, amount: str, **columns: str) -> dict[str, str]:
        issued = {"InvoiceId": "<img src=x>", "BilledCost": amount, "EffectiveCost": amount}
        return on_day(day, **issued, **columns)

    bill = [
        charge(1, "10.0000000004"),
        charge(1, "-1", ChargeCategory="Credit"),
        charge(2, "3", ServiceName="<b>new</b>"),
        charge(3, "3"),
    ]
    said = [charge(1, "9"), charge(2, "8", ServiceName="<i>x</i>"), charge(3, "3")]
    write_csv(folder / "bill" / "bill.csv", bill)
    write_csv(folder / "ce" / "bill.csv", said)
    for step in ("collect", "allocate"):
        assert cli.run(["-c", str(folder / "costwatch.yaml"), step], pages_company.NOW) == 0
    return folder / "costwatch.yaml"


def test_the_data_page_proves_what_the_command_proves(
    open_page: Open, proven: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = open_page(proven, "data", now=pages_company.NOW)
    assert cli.run(["-c", str(proven), "cost", "verify", "--json"], pages_company.NOW) == 3
    told = json.loads(capsys.readouterr().out)
    (period,), opinions = told["periods"], told["opinions"]
    exact = {Decimal(text) for text in re.findall(r'data-exact="([^"]*)"', shown.html)}
    parts = [part["bill"] for part in period["parts"]]
    sums = [of[f"{metric}Nano"] for of in (period["published"], *parts) for metric in METRICS]
    sums += [day["said_nano"] for each in opinions for day in each["differences"]]
    sums += [sum(each["reasons"].values()) for each in opinions]
    assert {units(nano) for nano in sums} <= exact
    assert "0.0000000004 / 0.0000000004" in shown.text
    assert "<img src=x> AWS 900000000001 Credit -$1.00" in shown.text
    assert "unexplained -$5.00" in shown.text
    assert re.search(r"2 Oct <i>x</i> \$0\.00 \$8\.00 -\$8\.00 unexplained", shown.text)
    assert "<img" not in shown.html
    assert "<b>new" not in shown.html


def test_the_data_page_names_what_does_not_agree(open_page: Open, proven: Path, tmp_path: Path) -> None:
    shutil.copytree(proven.parent, tmp_path, dirs_exist_ok=True)
    with Warehouse(tmp_path / "costwatch.db").write() as db:
        db.execute("UPDATE team_invoice SET BilledCostNano = 0 WHERE ChargeCategory = 'Credit'")
    text = open_page(tmp_path / "costwatch.yaml", "data").text
    assert "teams and residuals differ from the bill" in text
    assert "2026-10: bill less team_invoice: BilledCost -1 USD in invoice <img src=x> of AWS" in text
    with Warehouse(tmp_path / "costwatch.db").write() as db:
        db.execute("DELETE FROM bill")
        db.execute("DELETE FROM team_invoice")
    text = open_page(tmp_path / "costwatch.yaml", "data").text
    assert "costwatch allocate --from 2026-10-01 --to 2026-11-01" in text
    assert "teams and residuals carry exactly the bill" in text


def test_pages_say_which_months_are_not_amortised(open_page: Open, tmp_path: Path) -> None:
    configure(tmp_path, "sources:\n  - {name: aws, kind: exports, location: bill}\n")
    plan = {"savings_plan_savings_plan_a_r_n": "arn:aws:savingsplans::9:savingsplan/p1"}
    covered = {"line_item_line_item_type": "SavingsPlanCoveredUsage", "line_item_unblended_cost": "100"}
    cur2_csv(tmp_path / "bill" / "bill.csv", [cur_line(**covered, **plan), usage("", 10, day=31)])
    for step in ("collect", "allocate"):
        assert cli.run(["-c", str(tmp_path / "costwatch.yaml"), step], NOW) == 0
    for page in ("overview", "costs", "data"):
        text = open_page(tmp_path / "costwatch.yaml", page, NOW).text
        assert "EffectiveCost unamortised: Savings Plans in 2026-10" in text, page
    assert "aws 2026-10: Savings Plans are not amortised: column savings_plan_savings_plan_effective_" in text
    assert "$100.00 of covered usage" in text


def test_a_page_of_a_bill_that_is_amortised_says_nothing_of_it(open_page: Open, full: Path) -> None:
    assert "amortised" not in open_page(full, "data").text


# --- tags ----------------------------------------------------------------------------------------


def test_the_data_page_says_how_much_bears_no_owner_tag(open_page: Open, tmp_path: Path) -> None:
    lines = [
        on_day(1, EffectiveCost="60", Tags=tags(team="risk")),
        on_day(1, EffectiveCost="30", SubAccountId="<i>x</i>"),
        on_day(2, EffectiveCost="10"),
        on_day(2, EffectiveCost="900", ChargeCategory="Tax", SubAccountId="7"),
        on_day(3, EffectiveCost="5", BillingCurrency="EUR"),
    ]
    tax = "pools: [{name: tax, split: even, match: {ChargeCategory: Tax}}]\n"
    publish(tmp_path, CONFIG + tax, lines)
    shown = open_page(tmp_path / "costwatch.yaml", "data", NOW)
    assert shown.number("untagged") == 40
    assert (
        "40 % of what an owner tag could name bears none: $40.00 of $100.00, whoever carries it" in shown.text
    )
    assert "the largest parts in <i>x</i> ($30.00), 100000000001 ($10.00)." in shown.text
    assert "<i>x" not in shown.html


def test_the_data_page_says_how_to_learn_what_is_untagged(open_page: Open, full: Path) -> None:
    assert (
        "How much of it bears no owner tag is not known: some of it was published before that was kept; run "
        "`costwatch allocate --from 2026-10-21 --to 2026-11-20`."
    ) in open_page(full, "data").text


# --- what is not billed yet ----------------------------------------------------------------------


def test_the_data_page_says_what_is_not_billed_yet(open_page: Open, tmp_path: Path) -> None:
    cluster = Cluster(tmp_path)
    nodes = [node(hours=10), node("n2", hours=10, instance_type="<i>x</i>")]
    cluster.today(train(hours=10), nodes=nodes)
    cluster.run(TEN)
    configure(tmp_path)
    shown = open_page(tmp_path / "costwatch.yaml", "data", TEN)
    assert shown.number("today-USD") == 10
    assert "Today so far, estimated: $10.00 ." in shown.text
    assert "None of what was estimated is billed yet: nobody knows how far off it is." in shown.text
    assert "<i>x</i> eu-west-1 on-demand: no settled rate and no list price" in shown.text
    assert "<i>x" not in shown.html


def test_the_data_page_says_where_estimates_were_far_off_the_bill(open_page: Open, tmp_path: Path) -> None:
    billed(tmp_path, "48")
    configure(tmp_path)
    text = open_page(tmp_path / "costwatch.yaml", "data", LATER).text
    assert "▲ Live estimates of 30 days were off the bill by 50 % (median)" in text
    assert "above 15 %; see whether commitments or prices changed" in text
    assert "Today so far" not in text


def test_the_data_page_of_a_company_without_usage_says_nothing_of_it(open_page: Open, full: Path) -> None:
    assert "Live estimates" not in open_page(full, "data").text
