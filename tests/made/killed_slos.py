"""A run of collect on SLOs that is killed in its n-th question or transaction: FOLDER, URL, which, n."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

from collectors.prometheus import Prometheus
from collectors.slo import Slo
from costwatch.collect import Collected, collect
from costwatch.slo.objectives import Objective
from costwatch.warehouse.store import Warehouse
from tests.made.slo_history import FIRST, counter, objective

NOW = FIRST + timedelta(days=21)


def wanted() -> list[Objective]:
    """Three, of which one has two instances."""
    by_code = objective("codes")
    sides = {
        side: counter(f"sum by (code) (rate(http_requests_total{of}[{{{{.window}}}}]))")
        for side, of in (("total", ""), ("bad", '{code="500"}'))
    }
    return [
        objective("first"),
        objective("codes", indicator=type(by_code.indicator)(**sides)),
        objective("last", target="0.99"),
    ]


def run(folder: Path, url: str) -> Collected:
    source = Slo(name="slos", url=url).with_objectives(wanted())
    (done,) = collect(Warehouse(folder / "costwatch.db"), folder / "ledger", [source], NOW)
    return done


def die_asking(number: int) -> None:
    """Before the answer of a question."""
    numbers = count(1)

    def dying(ask: Callable[..., Any]) -> Callable[..., Any]:
        def asked(*question: Any, **more: Any) -> Any:
            if next(numbers) == number:
                os._exit(9)
            return ask(*question, **more)

        return asked

    Prometheus.query = dying(Prometheus.query)  # type: ignore[method-assign]
    Prometheus.query_range = dying(Prometheus.query_range)  # type: ignore[method-assign]


def die_storing(number: int) -> None:
    """At the end of a transaction, before it is committed."""
    write, numbers = Warehouse.write, count(1)

    @contextmanager
    def dying(self: Warehouse) -> Iterator[Any]:
        with write(self) as db:
            yield db
            if next(numbers) == number:
                os._exit(9)

    Warehouse.write = dying  # type: ignore[method-assign]


if __name__ == "__main__":
    {"asking": die_asking, "storing": die_storing}[sys.argv[3]](int(sys.argv[4]))
    run(Path(sys.argv[1]), sys.argv[2])
