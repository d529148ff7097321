-- Systems, providers and accounts that ever had a cost: what filters offer, without a pass over the facts.
SELECT DISTINCT x_System, ProviderName, SubAccountId FROM slice ORDER BY ProviderName, SubAccountId
