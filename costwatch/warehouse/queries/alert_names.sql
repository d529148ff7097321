-- Every alert that is known, by name.
SELECT fingerprint, rule, labels FROM alert
