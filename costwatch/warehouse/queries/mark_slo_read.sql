-- An SLO has been read up to an instant; a mark that lies after now is of a clock that was ahead.
UPDATE slo SET read_through = max(CASE WHEN read_through <= :now THEN read_through ELSE 0 END, :through)
WHERE id = :slo
