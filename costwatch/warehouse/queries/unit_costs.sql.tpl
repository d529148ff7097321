-- Unit costs as configured.
SELECT settings FROM {unit_cost} ORDER BY name
