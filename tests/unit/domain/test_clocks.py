"""Deadlines and school years, in Kazakhstan's time."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tirek.domain.clocks import KAZAKHSTAN, Clock, WorkingCalendar, school_year_of

moments = st.datetimes(
    min_value=datetime(2024, 3, 2),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(2040, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


def test_minutes_run_at_night_and_on_sundays():
    sunday_night = datetime(2026, 11, 22, 22, 0, tzinfo=UTC)
    assert Clock(minutes=10).after(sunday_night) == sunday_night + timedelta(minutes=10)


def test_a_working_day_limit_set_on_friday_ends_on_monday_evening():
    friday = datetime(2026, 11, 20, 10, 0, tzinfo=KAZAKHSTAN)
    due = Clock(working_days=1).after(friday).astimezone(KAZAKHSTAN)
    assert (due.date().isoformat(), due.hour) == ("2026-11-23", 18)


def test_kazakhstan_is_five_hours_ahead():
    assert datetime(2026, 1, 1, tzinfo=KAZAKHSTAN).utcoffset() == timedelta(hours=5)


@given(moments, st.integers(1, 30))
def test_more_days_never_end_sooner_and_never_on_a_weekend(moment, days):
    due = Clock(working_days=days).after(moment)
    assert moment < due < Clock(working_days=days + 1).after(moment)
    assert due.astimezone(KAZAKHSTAN).weekday() < 5


def test_holidays_are_skipped_and_worked_weekends_counted():
    calendar = WorkingCalendar(
        frozenset({date(2026, 3, 23), date(2026, 3, 24)}), frozenset({date(2026, 3, 21)})
    )
    friday = datetime(2026, 3, 20, 10, 0, tzinfo=KAZAKHSTAN)
    days = [
        Clock(working_days=days).after(friday, calendar).astimezone(KAZAKHSTAN).date().day
        for days in (1, 2, 3)
    ]
    assert days == [21, 25, 26]


@given(moments, st.integers(1, 10), st.frozensets(st.integers(0, 30), max_size=20))
def test_a_holiday_only_ever_puts_a_limit_off_and_minutes_never(moment, days, offsets):
    off = frozenset(moment.date() + timedelta(days=offset) for offset in offsets)
    calendar = WorkingCalendar(off)
    clock = Clock(working_days=days)
    due = clock.after(moment, calendar)
    assert clock.after(moment) <= due < clock.after(moment) + timedelta(days=60)
    assert calendar.is_working(due.astimezone(KAZAKHSTAN).date())
    assert Clock(minutes=days).after(moment, calendar) == Clock(minutes=days).after(moment)


@pytest.mark.parametrize(("minutes", "days"), [(0, 0), (5, 5), (-1, 0), (0, -2), (-1, 3), (3, -1)])
def test_a_clock_without_one_clear_limit_is_refused(minutes, days):
    with pytest.raises(ValueError, match="clock"):
        Clock(minutes=minutes, working_days=days)


@pytest.mark.parametrize(
    ("moment", "year"),
    [
        ("2026-09-01T00:00:00+05:00", 2026),
        ("2026-08-31T23:59:59+05:00", 2025),
        # Still August in London, already September in Kazakhstan.
        ("2026-08-31T20:00:00+00:00", 2026),
        ("2027-05-25T10:00:00+05:00", 2026),
    ],
)
def test_a_school_year_begins_on_the_first_of_september(moment, year):
    assert school_year_of(datetime.fromisoformat(moment)) == year
