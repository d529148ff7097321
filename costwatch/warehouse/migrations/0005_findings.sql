-- What an alert rests on and what it costs become columns; what only a rule's evidence held moves there.

ALTER TABLE alert ADD COLUMN verdict TEXT NOT NULL DEFAULT 'breach'
  CHECK (verdict IN ('breach', 'unknown'));  -- unknown: it says that there is no data
ALTER TABLE alert ADD COLUMN about TEXT;        -- JSON: query, by, where, window (start, end), value
ALTER TABLE alert ADD COLUMN impact TEXT;       -- JSON: amount a month, currency
ALTER TABLE alert ADD COLUMN change TEXT;       -- from what is usual, in the alert's unit
ALTER TABLE alert ADD COLUMN drivers TEXT;      -- JSON: list of labels, amount; they sum to the change
ALTER TABLE alert ADD COLUMN annotations TEXT;  -- JSON: name -> text

-- What does not have the shape that ours has is left out: the alert is linked by its query, and not corrected.
UPDATE alert SET about = json_object(
  'query', json_extract(evidence, '$.query'),
  'by', json(CASE WHEN json_type(evidence, '$.by') = 'array' AND NOT EXISTS (
      SELECT 1 FROM json_each(evidence, '$.by') WHERE type <> 'text'
    ) THEN json_extract(evidence, '$.by') ELSE '[]' END),
  'where', json(CASE WHEN json_type(evidence, '$.where') = 'object' AND NOT EXISTS (
      SELECT 1 FROM json_tree(evidence, '$.where')
      WHERE type <> CASE path WHEN '$' THEN 'object' WHEN '$.where' THEN 'array' ELSE 'text' END
    ) THEN json_extract(evidence, '$.where') ELSE '{}' END),
  'window', json((
    SELECT CASE WHEN first <= last THEN json_object(
      'start', first || 'T00:00:00Z', 'end', date(last, '+1 day') || 'T00:00:00Z'
    ) ELSE 'null' END
    FROM (
      SELECT
        date(coalesce(json_extract(evidence, '$.day'), json_extract(evidence, '$.days[0]'),
          json_extract(evidence, '$.through'))) AS first,
        date(coalesce(json_extract(evidence, '$.day'), json_extract(evidence, '$.days[1]'),
          json_extract(evidence, '$.through'))) AS last
    )
  )),
  'value', CASE WHEN json_valid(json_extract(evidence, '$.value')) THEN CASE
    WHEN json_type(json_extract(evidence, '$.value')) IN ('integer', 'real') THEN json_extract(evidence, '$.value')
    END END
)
WHERE json_type(evidence, '$.query') = 'text';
UPDATE alert SET evidence = json_remove(evidence, '$.query', '$.by', '$.where', '$.day', '$.days', '$.value')
WHERE about IS NOT NULL;
