UPDATE {table}
SET slice = (SELECT new FROM temp.renamed WHERE old = slice)
WHERE period = :period AND slice IN (SELECT old FROM temp.renamed)
