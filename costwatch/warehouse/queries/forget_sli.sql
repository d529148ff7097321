DELETE FROM sli
WHERE instance IN (SELECT id FROM slo_instance WHERE slo = :slo) AND start >= :start AND start < :end
  AND seconds < :shorter_than
