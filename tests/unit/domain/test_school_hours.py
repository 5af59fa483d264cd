"""Whether a school is likely to answer now."""

from datetime import UTC, datetime

import pytest

from tirek.domain.clocks import WorkingCalendar
from tirek.domain.school_hours import SchoolHours, school_hours

# Monday, 8:00 in Kazakhstan.
MORNING = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
HOLIDAY = MORNING.replace(day=24)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (MORNING, SchoolHours.OPEN),
        (MORNING.replace(hour=2, minute=59), SchoolHours.OUTSIDE),
        (MORNING.replace(hour=12, minute=59), SchoolHours.OPEN),
        (MORNING.replace(hour=13), SchoolHours.OUTSIDE),
        # Already Monday in Kazakhstan, still Sunday in UTC.
        (MORNING.replace(day=22, hour=20), SchoolHours.OUTSIDE),
        (MORNING.replace(day=22), SchoolHours.DAY_OFF),
        (HOLIDAY, SchoolHours.DAY_OFF),
    ],
)
def test_hours_are_those_of_kazakhstan(moment: datetime, expected: SchoolHours) -> None:
    calendar = WorkingCalendar(frozenset({HOLIDAY.date()}))
    assert school_hours(moment, calendar) is expected
