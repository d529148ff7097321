-- What proves the bill, what holds another opinion of it, and what asking for that costs.

CREATE TABLE bill (                     -- sums of the published lines as delivered, before they are allocated
  period INTEGER NOT NULL,
  source TEXT NOT NULL,
  BillingAccountId TEXT NOT NULL,       -- the payer
  InvoiceIssuerName TEXT NOT NULL,
  InvoiceId TEXT NOT NULL,              -- '' until the invoice is issued
  ChargeCategory TEXT NOT NULL,
  BillingCurrency TEXT NOT NULL,
  BilledCostNano INTEGER NOT NULL,
  EffectiveCostNano INTEGER NOT NULL,
  line_count INTEGER NOT NULL,
  PRIMARY KEY (period, source, BillingAccountId, InvoiceIssuerName, InvoiceId, ChargeCategory, BillingCurrency)
) STRICT, WITHOUT ROWID;

CREATE TABLE team_invoice (             -- what each team and residual carries of it
  period INTEGER NOT NULL,
  team INTEGER NOT NULL,
  source TEXT NOT NULL,
  BillingAccountId TEXT NOT NULL,
  InvoiceIssuerName TEXT NOT NULL,
  InvoiceId TEXT NOT NULL,
  ChargeCategory TEXT NOT NULL,
  BillingCurrency TEXT NOT NULL,
  BilledCostNano INTEGER NOT NULL,
  EffectiveCostNano INTEGER NOT NULL,
  line_count INTEGER NOT NULL,
  PRIMARY KEY (period, team, source, BillingAccountId, InvoiceIssuerName, InvoiceId, ChargeCategory,
               BillingCurrency)
) STRICT, WITHOUT ROWID;

CREATE TABLE check_cost (               -- what sources of role check say, to hold against the bill
  period INTEGER NOT NULL,
  source TEXT NOT NULL,
  day INTEGER NOT NULL,
  ServiceName TEXT NOT NULL,
  ChargeCategory TEXT NOT NULL,
  BillingCurrency TEXT NOT NULL,
  BilledCostNano INTEGER NOT NULL,
  EffectiveCostNano INTEGER NOT NULL,
  estimated INTEGER NOT NULL,           -- of its lines, those the source itself calls estimated
  load INTEGER NOT NULL,                -- which delivery said so
  PRIMARY KEY (period, source, day, ServiceName, ChargeCategory, BillingCurrency)
) STRICT, WITHOUT ROWID;

CREATE TABLE spend (                    -- what asking a paid source has cost, in USD, noted before each request
  source TEXT NOT NULL,
  day INTEGER NOT NULL,
  request_count INTEGER NOT NULL,
  x_SpendNano INTEGER NOT NULL,
  PRIMARY KEY (source, day)
) STRICT, WITHOUT ROWID;

-- Revisions from before this version know no line counts.
ALTER TABLE team_cost_revision ADD COLUMN line_count INTEGER NOT NULL DEFAULT 0;

-- Of a day's lines, those the source itself calls estimated.
ALTER TABLE day_line ADD COLUMN estimated INTEGER NOT NULL DEFAULT 0;

-- JSON: name, size in bytes and SHA-256 of each file as it was delivered.
ALTER TABLE load ADD COLUMN delivered TEXT NOT NULL DEFAULT '[]';

-- SHA-256 of all facts of the period and of their names, as they were published; '' from before this version.
ALTER TABLE published ADD COLUMN fingerprint TEXT NOT NULL DEFAULT '';
