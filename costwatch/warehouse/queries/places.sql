-- Systems, providers and accounts that ever had a cost: what filters offer.
SELECT DISTINCT x_System, ProviderName, SubAccountId FROM place
WHERE summary = 'place'
ORDER BY ProviderName, SubAccountId
