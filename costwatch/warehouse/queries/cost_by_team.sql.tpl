-- Cost from the daily summary by team and service; day by day, so that a team's rows are read where they lie.
SELECT {columns} {amounts}
FROM {days}
{joins}WHERE {conditions}
{order}
