"""How long loops may be silent, when test alarms are due, and who may be believed."""

from datetime import UTC, date, datetime, timedelta

import pytest

from tirek.domain import drill
from tirek.domain.callbacks import is_signed, signature
from tirek.domain.clocks import WorkingCalendar
from tirek.domain.watch import Loop

# The first of December 2026 is a Tuesday; here a holiday.
CALENDAR = WorkingCalendar(frozenset({date(2026, 12, 1)}))


@pytest.mark.parametrize(
    ("name", "seconds", "is_silent"),
    [
        ("relay.deadlines", 119, False),
        ("relay.deadlines", 121, True),
        ("beat.reconcile", 3600, False),
        ("beat.reconcile", 4 * 3600, True),
        ("relay.drills", 400, False),
        ("something", 121, True),
    ],
)
def test_silence(name: str, seconds: float, is_silent: bool) -> None:
    assert Loop(name, seconds, 0).is_silent is is_silent


@pytest.mark.parametrize(
    ("now", "is_due"),
    [
        # Kazakhstan is five hours ahead.
        (datetime(2026, 12, 1, 6, tzinfo=UTC), False),
        (datetime(2026, 12, 2, 4, 59, tzinfo=UTC), False),
        (datetime(2026, 12, 2, 5, tzinfo=UTC), True),
        (datetime(2026, 12, 2, 13, tzinfo=UTC), False),
        (datetime(2026, 12, 5, 6, tzinfo=UTC), False),
        (datetime(2026, 12, 17, 6, tzinfo=UTC), True),
    ],
)
def test_a_drill_is_due_from_the_first_working_day_on_in_working_hours(
    now: datetime, is_due: bool
) -> None:
    assert drill.is_due(now, CALENDAR) is is_due


def test_a_month_begins_where_people_are() -> None:
    assert drill.month_of(datetime(2026, 11, 30, 20, tzinfo=UTC)) == date(2026, 12, 1)


NOW = datetime(2026, 11, 22, 6, tzinfo=UTC)
STAMP = str(int(NOW.timestamp()))


def test_a_signature_is_of_the_body_the_time_and_the_secret() -> None:
    made = signature("s" * 40, STAMP, b"body")
    assert is_signed("s" * 40, STAMP, made, b"body", NOW)
    assert is_signed("s" * 40, STAMP, made, b"body", NOW + timedelta(minutes=4))
    assert not is_signed("s" * 40, STAMP, made, b"body", NOW + timedelta(minutes=6))
    assert not is_signed("s" * 40, STAMP, made, b"body", NOW - timedelta(minutes=6))
    assert not is_signed("t" * 40, STAMP, made, b"body", NOW)
    assert not is_signed("s" * 40, STAMP, made, b"bodY", NOW)
    assert not is_signed("s" * 40, f"{STAMP}0", made, b"body", NOW)
    for odd in ("", "x", "-1", "9" * 400, "١"):
        assert not is_signed("s" * 40, odd, signature("s" * 40, odd, b"body"), b"body", NOW)
