-- What people last answered of each firing of an alert, the newest answer first.
SELECT * FROM feedback WHERE fingerprint = :fingerprint ORDER BY at DESC, who
