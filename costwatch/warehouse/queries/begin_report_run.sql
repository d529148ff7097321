-- A report is being sent; what the receiver gave back for an earlier text of it stays.
INSERT INTO report_run (receiver, report, digest, attempts)
VALUES (:receiver, :report, :digest, :attempts)
ON CONFLICT (receiver, report) DO UPDATE SET
  digest = excluded.digest, attempts = excluded.attempts, sent_at = NULL
