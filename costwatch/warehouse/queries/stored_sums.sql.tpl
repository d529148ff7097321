-- What one table tells of the bill, summed by some of its columns.
-- Whole units and the rest are summed apart: even an altered row must not overflow 64 bits.
SELECT {keys}, {sums}
FROM {table}
WHERE period BETWEEN :first AND :last AND {condition}
GROUP BY {keys}
ORDER BY {keys}
