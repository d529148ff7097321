-- The dimensions of costwatch.yaml that some published period was allocated by.
SELECT DISTINCT d.key AS name
FROM (SELECT DISTINCT config FROM published) p, json_each(p.config, '$.dimensions') d
ORDER BY name
