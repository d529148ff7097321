"""What is asked of Prometheus, and how that reads in PromQL."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from collectors.prometheus import matchers

STEP_SECONDS = 300
HOUR_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Question:
    """The highest value by labels, so that exporters that tell the same thing twice count once.

    names: of the metrics, any of them. by: labels that tell series apart, beside the cluster; the metric's
    name is one where there are several. where: matchers as PromQL writes them, such as ``container!=""``.
    of: the ``last`` value, the ``sum`` or the ``mean`` of the samples in each step. above: only values above
    this one. step_seconds: how long a step is; None: the whole span is one. steps_before: how many steps
    before the span are asked, too. days_later: of a question about the whole span, that of another day.
    """

    names: tuple[str, ...]
    by: tuple[str, ...]
    where: tuple[str, ...] = ()
    of: Literal["last", "sum", "mean"] = "last"
    above: float | None = None
    step_seconds: int | None = STEP_SECONDS
    steps_before: int = 0
    days_later: int = 0

    @property
    def labels(self) -> tuple[str, ...]:
        """``by``, and the metric's name where that is one."""
        return (*self.by, "__name__") if len(self.names) > 1 else self.by

    def promql(self, cluster_label: str, match: Mapping[str, str], span_seconds: int) -> str:
        """As Prometheus is asked. match: labels that every series has. span_seconds: of a step.

        A step is looked at from its very end, so that its range holds its own samples and no others, be it
        open on the left (Prometheus 3) or not. The highest value is taken there only where there is one step:
        over a day of steps it costs Prometheus four times as much as it costs us.
        """
        where = [*self.where, *matchers(match)]
        by = (cluster_label, *self.labels)
        name = self.names[0]
        if len(self.names) > 1:
            where.insert(0, f'__name__=~"{"|".join(self.names)}"')
            name = ""
        function = {"last": "last", "sum": "sum", "mean": "avg"}[self.of]
        selected = f"{name}{{{','.join(where)}}}[{span_seconds}s]"
        found = f"{function}_over_time({selected})"
        if self.step_seconds is None:
            found = f"max by ({','.join(by)}) ({found})"
        return found if self.above is None else f"{found} > {self.above:g}"
