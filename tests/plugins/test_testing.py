"""The conformance suites catch what they promise to: each broken plugin is refused, with the reason."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
import pytest
from pydantic import BaseModel, ConfigDict, PrivateAttr

from costwatch.errors import NotifyError, SourceError
from costwatch.model import Alert, Batch, DeliveredFile, Export, Group, Receipt, Report, Window
from costwatch.plugins import CollectorSettings, Settings, Table
from costwatch.testing import check_collector, check_forwarder, check_notifier, check_publisher

SEPTEMBER = Window.of_days(date(2026, 9, 1), date(2026, 10, 1))
OCTOBER = Window.of_days(date(2026, 10, 1), date(2026, 11, 1))
ASKED = Window.of_days(date(2026, 9, 5), date(2026, 10, 20))


# --- collectors ------------------------------------------------------------------------------


class Months(CollectorSettings):
    """A good source: a bill of two months."""

    tables: ClassVar[tuple[Table, ...]] = (Table("usage", {"a": "integer"}),)

    @property
    def lookback(self) -> timedelta:
        return timedelta(days=31)

    def collect(self, window: Window) -> Iterator[Batch]:
        return (batch for batch in self.batches() if batch.window is None or batch.window.overlaps(window))

    def batches(self) -> Iterator[Batch]:
        for month in (SEPTEMBER, OCTOBER):
            yield Batch("bill", month, "1", lambda: Export((DeliveredFile("a.csv", Path(__file__)),)))


def with_batches(*batches: Batch) -> CollectorSettings:
    class Other(Months):
        """A source of given batches."""

        def batches(self) -> Iterator[Batch]:
            return iter(batches)

    return Other(name="other")


def bill(window: Window | None, version: str = "1", *files: DeliveredFile) -> Batch:
    given = files or (DeliveredFile("a.csv", Path(__file__)),)
    return Batch("bill", window, version, lambda: Export(given))


def arrow(*parts: Any) -> Batch:
    return Batch("usage", OCTOBER, "1", lambda: iter(parts))


class Restless(Months):
    """A source whose versions never rest."""

    _asked: int = PrivateAttr(default=0)

    def batches(self) -> Iterator[Batch]:
        self._asked += 1
        yield bill(OCTOBER, str(self._asked))


class Narrow(Months):
    """A bill cut to the window that was asked for."""

    def collect(self, window: Window) -> Iterator[Batch]:
        yield bill(window)


class Gliding(Months):
    """Rows of the window that was asked for, whatever that is."""

    def collect(self, window: Window) -> Iterator[Batch]:
        yield Batch("usage", window, "1", lambda: iter(()))


class Hours(Months):
    """A good source: rows by the hour, and no bill."""

    role: None = None

    def batches(self) -> Iterator[Batch]:
        for hour in range(9, 12):
            start = datetime(2026, 10, 1, hour, tzinfo=UTC)
            rows = pa.record_batch({"a": [hour]})
            yield Batch("usage", Window(start, start + timedelta(hours=1)), "1", partial(iter, (rows,)))


class Roleless(Months):
    """A source that brings a bill although it says that it does not."""

    role: None = None


class Posing(Months):
    """A source that fills the bill with rows."""

    tables: ClassVar[tuple[Table, ...]] = (Table("bill", {"a": "integer"}),)


class Unreadable(Months):
    """A source that is away."""

    def collect(self, window: Window) -> Iterator[Batch]:
        raise SourceError("bucket: no answer; check the network")
        yield


def test_a_good_collector_passes() -> None:
    check_collector(Months(name="good"), ASKED, unreadable=Unreadable(name="away"))
    check_collector(with_batches(bill(None)), ASKED)
    row = pa.record_batch({"a": [1]})
    check_collector(with_batches(arrow(row, row)), ASKED)
    hour = datetime(2026, 10, 1, 9, 20, tzinfo=UTC)
    check_collector(Hours(name="hours"), Window(hour, hour + timedelta(hours=2)))


BROKEN_COLLECTORS = {
    "no batch": (with_batches(), "no batch"),
    "a version that changes by itself": (Restless(name="restless"), "other batches or versions"),
    "newest first": (with_batches(bill(OCTOBER), bill(SEPTEMBER)), "oldest first"),
    "one month twice": (with_batches(bill(OCTOBER, "1"), bill(OCTOBER, "2")), "replace the first"),
    "a bill cut to what was asked": (Narrow(name="narrow"), "whole billing period"),
    "no version": (with_batches(bill(OCTOBER, "")), "has a version"),
    "a file that is not there": (
        with_batches(bill(OCTOBER, "1", DeliveredFile("a", Path("/nowhere/a.csv")))),
        "not there to be read",
    ),
    "two files of one name": (
        with_batches(bill(OCTOBER, "1", *(DeliveredFile("a", Path(__file__)),) * 2)),
        "have one name",
    ),
    "rows that are no Arrow": (with_batches(arrow({"a": 1})), "not dict"),
    "a column that is not declared": (
        with_batches(arrow(pa.record_batch({"a": [1]}), pa.record_batch({"a": [1], "b": [1]}))),
        "column 'b' is not declared",
    ),
    "a column that is missing": (with_batches(arrow(pa.record_batch({"b": [1]}))), "column 'a' is missing"),
    "a column of another type": (
        with_batches(arrow(pa.record_batch({"a": ["1"]}))),
        "column 'a' is string, not integer",
    ),
    "a table that is not declared": (
        with_batches(Batch("pods", OCTOBER, "1", lambda: iter(()))),
        "'pods' is not among its tables",
    ),
    "rows without a window": (with_batches(Batch("usage", None, "1", lambda: iter(()))), "with the window"),
    "hours that move with what is asked for": (Gliding(name="gliding"), "with the whole one"),
    "a bill without a role": (Roleless(name="roleless"), "brings no bill"),
    "a table of a name that is ours": (Posing(name="posing"), "none is 'bill'"),
}


@pytest.mark.parametrize(("collector", "reason"), BROKEN_COLLECTORS.values(), ids=BROKEN_COLLECTORS.keys())
def test_a_broken_collector_is_refused(collector: Any, reason: str) -> None:
    with pytest.raises(AssertionError, match=reason):
        check_collector(collector, ASKED)


def test_a_collector_that_keeps_silent_about_an_unreadable_source_is_refused() -> None:
    with pytest.raises(AssertionError, match="raises SourceError"):
        check_collector(Months(name="good"), ASKED, unreadable=Months(name="good"))


# --- settings --------------------------------------------------------------------------------


class Lax(Months):
    """Takes whatever is given."""

    model_config = ConfigDict(extra="ignore")


class Thawed(Months):
    """Can be changed."""

    model_config = ConfigDict(frozen=False)


class Silent(Months):
    """Says nothing of its key."""

    bucket_name: str = ""


class Stranger(BaseModel):
    """No plugin at all."""

    name: str


@pytest.mark.parametrize(
    ("plugin", "reason"),
    [
        (Lax(name="lax"), "a key it does not know"),
        (Thawed(name="thawed"), "not frozen"),
        (Silent(name="silent"), "does not explain 'bucket_name'"),
        (Stranger(name="stranger"), "no file can configure it"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_settings_that_a_file_cannot_be_held_to_are_refused(plugin: Any, reason: str) -> None:
    with pytest.raises(AssertionError, match=reason):
        check_collector(plugin, ASKED)


# --- notifiers -------------------------------------------------------------------------------


class Paper(Settings):
    """A good notifier: keeps nothing. name: of the receiver."""

    name: str

    def notify(self, group: Group, previous: Receipt | None) -> Receipt:
        return Receipt({"page": "1"})


class Numbered(Paper):
    """Gives a number as receipt."""

    def notify(self, group: Group, previous: Receipt | None) -> Receipt:
        return Receipt({"page": 1})  # type: ignore[dict-item]


class Failing(Paper):
    """Fails. permanent: for good."""

    permanent: bool

    def notify(self, group: Group, previous: Receipt | None) -> Receipt:
        raise NotifyError("printer: out of paper; add some", permanent=self.permanent)


def test_a_good_notifier_passes() -> None:
    check_notifier(
        Paper(name="good"),
        unavailable=Failing(name="a", permanent=False),
        refusing=Failing(name="b", permanent=True),
    )


@pytest.mark.parametrize(
    ("notifiers", "reason"),
    [
        ({"notifier": Numbered(name="a")}, "holds texts only"),
        ({"notifier": Paper(name="a"), "unavailable": Failing(name="b", permanent=True)}, "is temporary"),
        ({"notifier": Paper(name="a"), "refusing": Failing(name="b", permanent=False)}, "is permanent"),
        ({"notifier": Paper(name="a"), "refusing": Paper(name="b")}, "raises NotifyError"),
    ],
    ids=["a receipt of numbers", "gives up too soon", "tries for ever", "fails in silence"],
)
def test_a_broken_notifier_is_refused(notifiers: dict[str, Any], reason: str) -> None:
    with pytest.raises(AssertionError, match=reason):
        check_notifier(**notifiers)


# --- forwarders and publishers ---------------------------------------------------------------


class Tube(Settings):
    """A good forwarder and publisher: keeps nothing. name: of the receiver."""

    name: str

    def forward(self, alerts: Sequence[Alert], now: datetime) -> None:
        return None

    def publish(self, report: Report, previous: Receipt | None) -> Receipt:
        return Receipt({})


class Blocked(Tube):
    """Fails. permanent: for good."""

    permanent: bool

    def forward(self, alerts: Sequence[Alert], now: datetime) -> None:
        raise NotifyError("tube: blocked; clear it", permanent=self.permanent)

    def publish(self, report: Report, previous: Receipt | None) -> Receipt:
        raise NotifyError("tube: blocked; clear it", permanent=self.permanent)


class Fearful(Tube):
    """Wants at least one of everything."""

    def forward(self, alerts: Sequence[Alert], now: datetime) -> None:
        alerts[0]

    def publish(self, report: Report, previous: Receipt | None) -> Receipt:
        return Receipt({"follows": previous.reference["page"]} if previous else {})


@pytest.mark.parametrize("check", [check_forwarder, check_publisher], ids=["forwarder", "publisher"])
def test_a_good_forwarder_and_publisher_pass_and_broken_ones_are_refused(check: Any) -> None:
    good, soon, late = Tube(name="a"), Blocked(name="b", permanent=False), Blocked(name="c", permanent=True)
    check(good, unavailable=soon, refusing=late)
    with pytest.raises(AssertionError, match="is temporary"):
        check(good, unavailable=late)
    with pytest.raises(AssertionError, match="is permanent"):
        check(good, refusing=soon)
    with pytest.raises(AssertionError, match="raises NotifyError"):
        check(good, unavailable=good)
    with pytest.raises((IndexError, KeyError)):
        check(Fearful(name="d"))
