"""Bills that are not read, told from their columns, and what to export instead.

Sources: https://learn.microsoft.com/azure/cost-management-billing/dataset-schema/schema-index,
https://cloud.google.com/billing/docs/how-to/export-data-bigquery-tables,
https://docs.oracle.com/en-us/iaas/Content/Billing/Concepts/usagereportsoverview.htm,
https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/ (billing reports),
https://www.alibabacloud.com/help/en/user-center/, https://docs.digitalocean.com/platform/billing/,
https://docs.snowflake.com/en/sql-reference/organization-usage, https://docs.datadoghq.com/account_management/billing/,
https://docs.databricks.com/aws/en/admin/system-tables/billing.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_AZURE = 'export "Cost and usage details (FOCUS)" instead'
_AWS = "create a data export of FOCUS 1.2 or CUR 2.0 instead"
_GOOGLE = "export its FOCUS table (gcp_billing_export_focus_…) as Parquet instead"
_ORACLE = "take the files of the folder FOCUS Reports in the same bucket instead"
_FOCUS = "export it in the FOCUS format instead"
_NO_BILL = "take it out of the folder"


@dataclass(frozen=True, slots=True)
class ForeignBill:
    """A bill, or what is delivered beside one. ``signs``: sets of columns, any of which gives it away."""

    title: str
    advice: str
    signs: tuple[frozenset[str], ...]


def _bill(title: str, advice: str, *signs: str) -> ForeignBill:
    """``signs`` as columns between blanks, small letters and digits only."""
    return ForeignBill(title, advice, tuple(frozenset(sign.split()) for sign in signs))


# The first one that fits counts: what has more columns of its own stands before what has fewer.
FOREIGN = (
    _bill(
        "an Azure price sheet",
        _NO_BILL,
        "meterid pricetype marketprice",
        "meterid includedquantity unitprice baseprice",
    ),
    _bill(
        "an Azure export of reservations",
        _NO_BILL,
        "reservationid reservedhours usedhours",
        "reservationorderid eventtype quantity",
        "recommendedquantity lookbackperiod",
    ),
    _bill(
        "an Azure actual-cost export (or amortised-cost, whose columns are the same)",
        _AZURE,
        "costinbillingcurrency metercategory",
        "costinbillingcurrency chargetype",
        "effectiveprice chargetype metercategory",
        "effectiveprice cost metercategory",
    ),
    _bill(
        "an Azure usage-details file",
        _AZURE,
        "pretaxcost metercategory",
        "pretaxcost meterid",
        "pretaxcost usagedatetime",
        "resourcerate metercategory",
        "extendedcost metercategory",
        "metercategory metersubcategory consumedquantity",
        "metercategory metersubcategory quantity",
    ),
    _bill("a download of Azure's cost analysis", _AZURE, "usagedate costusd", "date costusd currency"),
    _bill(
        "a GCP BigQuery billing export (detailed)",
        _GOOGLE,
        "billingaccountid usagestarttime cost resource",
        "billingaccountid usagestarttime cost resourceglobalname",
        "billingaccountid usagestarttime cost resourcename",
    ),
    _bill(
        "a GCP BigQuery billing export (standard)",
        _GOOGLE,
        "billingaccountid usagestarttime cost",
        "usagestarttime usageendtime costtype",
        "servicedescription skudescription usagestarttime",
    ),
    _bill(
        "a cost table of GCP's console",
        _GOOGLE,
        "servicedescription skudescription",
        "accountid lineitem measurement1",
    ),
    _bill(
        "an OCI cost report, not its FOCUS report",
        _ORACLE,
        "lineitemreferenceno costmycost",
        "lineitemreferenceno costproductsku",
    ),
    _bill("an OCI usage report, not its FOCUS report", _ORACLE, "lineitemreferenceno"),
    _bill(
        "an AWS invoice CSV (monthly billing report)",
        _AWS,
        "recordtype costbeforetax",
        "recordtype totalcost",
        "invoiceid totalcost linkedaccountid",
    ),
    _bill(
        "an AWS detailed billing report (DBR)",
        _AWS,
        "recordtype rateid usagequantity",
        "recordtype unblendedcost",
        "payeraccountid recordid cost",
        "payeraccountid linkedaccountid itemdescription",
    ),
    _bill(
        "an AWS export of recommendations",
        _NO_BILL,
        "recommendationid estimatedmonthlysavingsafterdiscount",
        "recommendationid estimatedmonthlysavingsbeforediscount",
    ),
    _bill("an AWS carbon report", _NO_BILL, "totalmbmemissionsvalue", "totallbmemissionsvalue"),
    _bill(
        "an Alibaba Cloud bill",
        _FOCUS,
        "pretaxgrossamount pretaxamount",
        "pretaxgrossamount productcode",
        "pretaxamount subscriptiontype",
    ),
    _bill("a DigitalOcean invoice", _FOCUS, "groupdescription usd", "groupdescription projectname hours"),
    _bill(
        "Snowflake usage",
        _FOCUS,
        "usageincurrency usagedate",
        "accountlocator ratingtype",
        "creditsused servicetype",
        "creditsused warehousename",
    ),
    _bill("Datadog usage", _FOCUS, "orgname productname chargetype cost", "publicid orgname usagetype"),
    _bill("Databricks usage", _FOCUS, "skuname usagequantity workspaceid", "skuname dbus workspaceid"),
    _bill(
        "FOCUS's dataset of contract commitments, not Cost and Usage",
        _NO_BILL,
        "contractcommitmentid contractid",
    ),
    _bill("FOCUS's dataset of billing periods, not Cost and Usage", _NO_BILL, "billingperiodstatus"),
    _bill("FOCUS's dataset of invoices, not Cost and Usage", _NO_BILL, "invoicedetailid"),
)
# What AWS's console gives for download has a column for each service, account or plan.
_COST_EXPLORER = re.compile(r"total costs? ?\(.+\)")
_UTILISATION = re.compile(r".*(utili[sz]ation|coverage).*")
_COMMITMENT = re.compile(r".*(reserv|\bri\b|savings plan).*")
_FROM_CONSOLE = (
    (_COST_EXPLORER, ForeignBill("an AWS Cost Explorer download", _AWS, ())),
    (_UTILISATION, ForeignBill("an AWS report of what commitments were used for", _NO_BILL, ())),
)


def foreign(name: str, columns: Iterable[str]) -> ForeignBill | None:
    """Which foreign bill lower-case column names are of, if one is known. ``name``: of the file."""
    spelt = [re.sub(r"[_#]", " ", column) for column in columns]
    letters = {re.sub(r"[^a-z0-9]", "", column) for column in columns}
    for known in FOREIGN:
        if any(sign <= letters for sign in known.signs):
            if "Azure actual" in known.title and "amorti" in name.lower():
                return ForeignBill("an Azure amortised-cost export", known.advice, known.signs)
            return known
    for pattern, known in _FROM_CONSOLE:
        told = [column for column in spelt if pattern.fullmatch(column)]
        if told and (pattern is not _UTILISATION or any(map(_COMMITMENT.fullmatch, spelt))):
            return known
    return None
