-- What a delivery says of itself: what is odd about it, and which commitments it cannot amortise.

-- JSON list of lists: kind, BillingCurrency, BilledCostNano, EffectiveCostNano, lines, text.
ALTER TABLE load ADD COLUMN findings TEXT NOT NULL DEFAULT '[]';

-- JSON list of commitments ('savings_plans', 'reservations', 'net') whose lines stay at their unblended cost;
-- NULL: registered before this was looked at, so that its columns alone decide.
ALTER TABLE load ADD COLUMN unamortised TEXT;

-- What was read before is read once more by the next collect; a paid source, when its answer is no longer good.
DELETE FROM source_version WHERE table_name = 'bill';
