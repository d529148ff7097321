"""Version 24 keeps what is expected and who did what: what people did before is in the log from then on."""

from datetime import UTC, datetime

from costwatch.model import ActRecord
from costwatch.warehouse.alerts.acts import acks, feedback, recorded_acts
from costwatch.warehouse.alerts.silences import silences
from tests.made.older_warehouse import LeftBefore

SIX, SEVEN, EIGHT = (datetime(2026, 11, 20, hour, tzinfo=UTC) for hour in (6, 7, 8))
ROWS = """
INSERT INTO silence VALUES
  ('s1', '["team=ml"]', '', '2026-11-20T06:00:00Z', '2026-11-20T08:00:00Z', 'ann', 'load test', 'bob'),
  ('s2', '[]', 'abcd', '2026-11-20T07:00:00Z', '2026-11-20T08:00:00Z', 'ann', '', '');
INSERT INTO ack VALUES ('abcd', '2026-11-20T06:00:00Z', 'ann', 'on it', '2026-11-20T07:00:00Z');
INSERT INTO feedback VALUES
  ('abcd', '2026-11-20T06:00:00Z', 'ann', 'expected', 'monthly', '2026-11-20T08:00:00Z');
"""


def test_what_people_did_before_is_in_the_log(left: LeftBefore) -> None:
    found = left("0024_expected", ROWS)
    found.migrate()
    with found.read() as db:
        log = recorded_acts(db, datetime(2000, 1, 1, tzinfo=UTC))
        assert [one.band for one in silences(db)] == [None, None]
        assert acks(db, EIGHT) == {}, "no such alert fires"
        assert [str(answer.worth) for answer in feedback(db, "abcd")] == ["expected"]
    assert log == [
        ActRecord(SIX, "ann", "silence", "", "load test", "s1", ("team=ml",), EIGHT),
        ActRecord(SEVEN, "ann", "ack", "abcd", "on it"),
        ActRecord(SEVEN, "ann", "silence", "abcd", "", "s2", (), EIGHT),
        ActRecord(EIGHT, "ann", "expected", "abcd", "monthly"),
        ActRecord(EIGHT, "bob", "expire", "", "", "s1", ("team=ml",), EIGHT),
    ]
