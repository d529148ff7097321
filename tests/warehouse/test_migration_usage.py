"""Version 16 sums usage by day; a warehouse of before holds none, and what is collected then is summed."""

from costwatch.warehouse.usage.reading import days_held, use_of
from tests.made.older_warehouse import LeftBefore
from tests.made.usage_rows import DAY, FIRST, Pods, hours, run


def test_a_warehouse_of_before_takes_usage(left: LeftBefore) -> None:
    found = left("0016_usage", "INSERT INTO source (name, role) VALUES ('k8s', '');")
    found.migrate()
    with found.read() as db:
        assert days_held(db) is None
        assert use_of(db, FIRST, FIRST + DAY, "workload") == []
    source = Pods(name="k8s")
    source.says(hours(24))
    run(found, source)
    with found.read() as db:
        assert len(use_of(db, FIRST, FIRST + DAY, "workload")) == 1
