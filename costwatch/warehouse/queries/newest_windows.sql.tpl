-- The newest day of which each source of anything but bills has delivered something, yyyymmdd.
SELECT source, MAX(day) AS day
FROM (
  SELECT
    v.source,
    CAST(strftime('%Y%m%d', v.window_end, '-1 second') AS INTEGER) AS day
  FROM source_version v
  WHERE v.table_name NOT IN ('bill', 'sli') AND v.window_end <> ''
  UNION ALL
  -- Of SLOs, windows are read however little is known of them.
  SELECT o.source, CAST(strftime('%Y%m%d', b.start, 'unixepoch') AS INTEGER)
  FROM slo o
  JOIN slo_instance i ON i.slo = o.id
  JOIN sli_sum b ON b.seconds = 86400 AND b.instance = i.id
  WHERE b.known_seconds > 0
)
WHERE source IN (SELECT name FROM {source}) AND day <= :today
GROUP BY source
ORDER BY source
