DELETE FROM sli_sum
WHERE seconds IN (3600, 86400) AND instance IN (SELECT id FROM slo_instance WHERE slo = :slo) AND start < :end
