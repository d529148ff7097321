-- Cost from the daily summaries by place; place by place, so that each one's rows are read where they lie.
SELECT {columns} {amounts}
FROM place s
CROSS JOIN published p
CROSS JOIN {table} c ON c.period = p.period AND c.place = s.id AND c.day >= :first AND c.day < :after{carried}
{joins}WHERE s.summary = :summary AND p.period IN ({periods}) AND {conditions}
{order}
