-- Alerts that fired after messages were last planned.
SELECT DISTINCT fingerprint FROM alert_event
WHERE state = 'firing' AND id > (SELECT coalesce(max(event), 0) FROM delivery_plan)
