-- Groups with an alert that fires, or with more to tell.
SELECT * FROM alert_group ORDER BY receiver, group_key
