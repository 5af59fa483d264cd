"""Windows for which one person can be there, and events that have happened."""

from datetime import UTC, date, datetime, timedelta

import pytest

from tirek.domain.clocks import KAZAKHSTAN, WorkingCalendar
from tirek.domain.gates import WindowFault, has_happened, staffed_window_fault

CALENDAR = WorkingCalendar(
    holidays=frozenset({date(2026, 12, 16)}), working_weekends=frozenset({date(2026, 11, 28)})
)


def at(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    # Stored moments are UTC; the rule speaks of Kazakhstan's day.
    return datetime(2026, month, day, hour, minute, tzinfo=KAZAKHSTAN).astimezone(UTC)


@pytest.mark.parametrize(
    ("opens", "closes", "fault"),
    [
        (at(24, 8), at(24, 12), None),
        (at(24, 14), at(24, 18), None),
        (at(24, 9), at(24, 9, 45), None),
        (at(28, 9), at(28, 10), None),  # a Saturday that is worked instead
        (at(24, 8), at(24, 12, 1), WindowFault.TOO_LONG),
        (at(24, 8), at(25, 8), WindowFault.TOO_LONG),
        (at(22, 9), at(22, 10), WindowFault.DAY_OFF),
        (at(21, 9), at(21, 10), WindowFault.DAY_OFF),
        (at(16, 9, month=12), at(16, 10, month=12), WindowFault.DAY_OFF),
        (at(24, 7, 59), at(24, 9), WindowFault.OUTSIDE_HOURS),
        (at(24, 17), at(24, 18, 1), WindowFault.OUTSIDE_HOURS),
        (at(24, 22), at(25, 1), WindowFault.OUTSIDE_HOURS),
        # Eight in the morning by UTC is one o'clock in Kazakhstan.
        (
            datetime(2026, 11, 24, 14, 0, tzinfo=UTC),
            datetime(2026, 11, 24, 16, 0, tzinfo=UTC),
            WindowFault.OUTSIDE_HOURS,
        ),
    ],
)
def test_a_staffed_window_lies_within_the_hours_of_a_working_day(opens, closes, fault):
    assert staffed_window_fault(opens, closes, CALENDAR) is fault


def test_an_event_of_today_has_happened_and_one_of_tomorrow_has_not():
    late_evening = datetime(2026, 11, 24, 23, 30, tzinfo=KAZAKHSTAN).astimezone(UTC)
    assert has_happened(date(2026, 11, 24), late_evening)
    assert not has_happened(date(2026, 11, 25), late_evening)
    assert has_happened(date(2026, 11, 25), late_evening + timedelta(hours=1))
