-- Messages were last planned before now.
UPDATE delivery_plan SET planned_at = :before WHERE planned_at > :now
