"""What one server answers about objectives."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Self

from collectors.prometheus import Answer, AskError, Prometheus, PrometheusSettings
from collectors.slo.sides import most_at_once, sides_by_span
from costwatch.errors import SourceError
from costwatch.model import Labels, Window
from costwatch.slo.asking import factor_of, question, sides_of
from costwatch.slo.collecting import Answered, Events, Growth, ShortAnswer, Told
from costwatch.slo.folding import Steps, folded, step_seconds, steps_of, window_sums
from costwatch.slo.objectives import Form, Method, Objective
from costwatch.wording import printable

if TYPE_CHECKING:
    from collectors.slo.sides import Sides
    from costwatch.slo.folding import Floats

SHORT_WINDOWS = (300, 1800, 3600, 7200, 21_600)  # seconds
_MONTH = timedelta(days=31)


class ServerReading:
    """See ``slo.collecting.Reading``. One connection for all of a run."""

    def __init__(
        self,
        source: PrometheusSettings,
        objectives: Sequence[Objective],
        now: datetime,
        first: datetime,
        most_instances: int,
        keep_days: int,
    ) -> None:
        self.objectives, self.now, self.keep_days = objectives, now, keep_days
        self._source, self._first, self._most = source, first, most_instances
        self._prometheus = Prometheus(source)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._prometheus.close()

    def check(self) -> None:
        """See ``slo.collecting.Reading``."""
        self._prometheus.query("1", self.now)

    def first_start(self, objective: Objective) -> datetime:
        """As far back as the window of its objective reaches."""
        period = objective.period
        return max(self._first, self.now - max(period.duration, period.months * _MONTH))

    def buckets(self, objective: Objective, window: Window) -> Answered:
        """See ``slo.collecting.Reading``."""
        step = step_seconds(objective)
        bucket = int(objective.bucket.total_seconds())
        end = int(window.end.timestamp()) // bucket * bucket
        first = -(-int(window.start.timestamp()) // bucket) * bucket
        if first >= end:
            return Answered({})
        # What is known before the first one tells whether a part of it is lacking.
        start = -(-first // step) * step - step
        asked = Window(_at(start), min(_at(end), _at(int(self.now.timestamp()) - step + 1)))
        if asked.start >= asked.end:
            return Answered({})
        with self._of(objective):
            sides = self._steps(objective, asked, step)
        told: dict[Labels, Told] = {}
        notes: list[str] = []
        for labels, of in sides.items():
            steps = self._joined(objective, of, start, step)
            if steps is None:
                notes += self._without_total(objective, labels, of)
                continue
            told[labels] = folded(objective, steps, first)
            if odd := steps.odd_count:
                notes.append(self._inconsistent(objective, labels, odd))
        return Answered(told, tuple(notes))

    def growth(self, objective: Objective, last: datetime, first: datetime) -> Mapping[Labels, Growth]:
        """See ``slo.collecting.Reading``."""
        bucket = objective.bucket
        with self._of(objective):
            across = self._grown(objective, Window(last, first + bucket))
            ends = [self._grown(objective, Window(start, start + bucket)) for start in (last, first)]
        before, after = ends
        return {
            labels: Growth(_between(of, before.get(labels), after.get(labels)), after.get(labels))
            for labels in across.keys() | after.keys()
            for of in (across.get(labels),)
        }

    def short_windows(self, objective: Objective) -> ShortAnswer:
        """See ``slo.collecting.Reading``. Of time slices: those that have ended."""
        with self._of(objective):
            if objective.method is not Method.OCCURRENCES:
                return self._short_slices(objective)
            return ShortAnswer(self.now, self._short(objective))

    def _short(self, objective: Objective) -> dict[Labels, dict[int, Events]]:
        asked = (question(objective.indicator, seconds, span=str(seconds)) for seconds in SHORT_WINDOWS)
        answer = self._whole(self._prometheus.query("\nor\n".join(asked), self.now))
        found: dict[Labels, dict[int, Events]] = {}
        for span, sides in sides_by_span(answer).items():
            # Those that were replaced are in longer ones, too.
            checked = self._limited(objective, sides) if int(span) == SHORT_WINDOWS[0] else sides
            for labels, of in checked.items():
                steps = self._joined(objective, self._scaled(objective, of, int(span)), 0, int(span))
                if events := window_sums(objective, steps, 1):
                    found.setdefault(labels, {})[int(span)] = events
        return found

    def _short_slices(self, objective: Objective) -> ShortAnswer:
        step = step_seconds(objective)
        end = int(self.now.timestamp()) // step * step
        start = end - max(SHORT_WINDOWS) // step * step
        sides = self._steps(objective, Window(_at(start), _at(end)), step) if start < end else {}
        found: dict[Labels, dict[int, Events]] = {}
        for labels, of in sides.items():
            steps = self._joined(objective, of, start, step)
            for seconds in SHORT_WINDOWS:
                if seconds >= step and (events := window_sums(objective, steps, seconds // step)):
                    found.setdefault(labels, {})[seconds] = events
        return ShortAnswer(_at(end), found)

    def _grown(self, objective: Objective, window: Window) -> dict[Labels, Events]:
        """What counters grew by, without what was born."""
        seconds = int((window.end - window.start).total_seconds())
        asked = question(
            objective.indicator,
            seconds,
            with_births=False,
            span=str(seconds),
        )
        answer = self._whole(self._prometheus.query(asked, window.end))
        found = {}
        for sides in sides_by_span(answer).values():
            for labels, of in sides.items():
                steps = self._joined(objective, self._scaled(objective, of, seconds), 0, seconds)
                if events := window_sums(objective, steps, 1):
                    found[labels] = events
        return found

    def _steps(self, objective: Objective, window: Window, step: int) -> dict[Labels, "Sides"]:
        """Each side at each step, by instance; empty where nothing is known."""
        every = timedelta(seconds=step)
        asked = question(objective.indicator, step)
        answer = self._whole(self._prometheus.query_range(asked, window, every, every))
        count = -((window.start - window.end) // every)
        (sides,) = sides_by_span(answer, int(window.start.timestamp()) + step, step, count).values() or ({},)
        return {
            labels: self._scaled(objective, of, step)
            for labels, of in self._limited(objective, sides).items()
        }

    def _scaled(self, objective: Objective, of: "Sides", seconds: int) -> "Sides":
        queries = sides_of(objective.indicator)
        if objective.indicator.form is Form.RATIO:
            return of  # weighed by time once it is joined
        return {name: values * factor_of(queries[name], seconds) for name, values in of.items()}

    def _joined(self, objective: Objective, of: "Sides", start: int, seconds: int) -> Steps | None:
        """None where the side is missing without which nothing is known."""
        if self._needed(objective) not in of:
            return None
        known: list[Floats | None] = [of.get(name) for name in ("total", "good", "bad")]
        return steps_of(start, seconds, *known)

    def _limited(self, objective: Objective, sides: Mapping[Labels, "Sides"]) -> dict[Labels, "Sides"]:
        """All of them. Raises SourceError where there are too many at once."""
        needed = self._needed(objective)
        most = most_at_once(of[needed] for of in sides.values() if needed in of)
        if most > self._most:
            raise SourceError(
                f"its queries return {most:,} label sets, more than {self._most:,}; group by fewer "
                "labels, or raise most_instances"
            )
        return dict(sides)

    def _needed(self, objective: Objective) -> str:
        """The side without which nothing is known."""
        return "bad" if objective.indicator.total is None else "total"

    def _whole(self, answer: Answer) -> Answer:
        if answer.warnings:
            raise SourceError(
                f"{self._source.url} says that its answer is not whole "
                f"({printable(answer.warnings[0])[:200]}); look at what it lacks"
            )
        return answer

    @contextmanager
    def _of(self, objective: Objective) -> Iterator[None]:
        """Name the SLO in what goes wrong."""
        where = self._where(objective)
        try:
            yield
        except SourceError as error:
            told = str(error).removeprefix(f"{self._source.name}: ")
            named = SourceError(f"{where}: {told}")
            if isinstance(error, AskError):
                named = AskError(str(named), may_pass=error.may_pass, is_of_query=error.is_of_query)
            raise named from None
        except ValueError as error:
            raise SourceError(f"{where}: its query is no PromQL ({error}); correct it") from None

    def _without_total(self, objective: Objective, labels: Labels, of: "Sides") -> Iterator[str]:
        for side, values in of.items():
            if (values > 0).any():
                yield (
                    f"{self._where(objective, labels)}: its {side} events have no total of these labels, and "
                    "do not count; group both queries by the same labels"
                )

    def _inconsistent(self, objective: Objective, labels: Labels, steps: int) -> str:
        return (
            f"{self._where(objective, labels)}: inconsistent: good or bad events are more than all events in "
            f"{steps} of its steps, the budget counts them as they are; look at whether both queries select "
            "the same series"
        )

    def _where(self, objective: Objective, labels: Labels = ()) -> str:
        instance = printable(", ".join(f"{name}={value}" for name, value in labels))
        return f"{self._source.name}: SLO '{objective.id}'{f' ({instance})' if instance else ''}"


def _between(across: Events | None, last: Events | None, first: Events | None) -> Events | None:
    """What is left of ``across`` without its ends; after a reset it may be less than happened."""
    if across is None or last is None:
        return None
    ends = [last, first or Events(0.0, 0.0)]
    total = max(0.0, across.total - sum(each.total for each in ends))
    bad = max(0.0, across.bad - sum(each.bad for each in ends))
    return Events(total - min(bad, total), total)


def _at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
