-- A line in the log of who did what.
INSERT INTO act (at, who, what, fingerprint, silence, matchers, until, comment)
VALUES (:at, :who, :what, :fingerprint, :silence, :matchers, :until, :comment)
