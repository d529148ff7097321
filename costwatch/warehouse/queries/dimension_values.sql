-- The values that a dimension ever had: what filters offer.
SELECT DISTINCT coalesce(json_extract(nullif(AllocatedTags, ''), :path), :none) AS value
FROM slice
ORDER BY value
