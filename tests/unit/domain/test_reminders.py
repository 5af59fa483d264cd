from datetime import UTC, datetime, timedelta

import pytest

from tirek.domain.reminders import (
    HOURS,
    as_bits,
    as_weekdays,
    has_passed,
    local_hour,
    wait_within,
)

# A Saturday; 09:30 UTC is 14:30 in Kazakhstan.
NOON = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


def test_the_hour_is_that_of_kazakhstan():
    hour = local_hour(NOON)
    assert (hour.hour, hour.left) == (14, timedelta(minutes=30))
    assert as_weekdays(hour.weekday_bit) == [5]


def test_late_in_the_evening_of_utc_it_is_the_next_day_there():
    hour = local_hour(datetime(2026, 11, 21, 20, 0, tzinfo=UTC))
    assert (hour.day.isoformat(), hour.hour, hour.is_quiet) == ("2026-11-22", 1, True)


@pytest.mark.parametrize("hour", range(24))
def test_it_is_quiet_from_21_to_8(hour: int):
    midnight = datetime(2026, 11, 20, 19, 0, tzinfo=UTC)
    found = local_hour(midnight + timedelta(hours=hour))
    assert found.hour == hour
    assert found.is_quiet == (hour >= 21 or hour < 8)
    assert found.is_quiet == (hour not in HOURS)


def test_mails_fill_an_hour_evenly_and_never_leave_it():
    hour = local_hour(datetime(2026, 11, 21, 15, 0, tzinfo=UTC))
    assert hour.hour == 20
    waits = [wait_within(hour, number) for number in range(1, 1001)]
    assert min(waits) >= timedelta()
    assert max(waits) < timedelta(minutes=58)
    minutes = [int(wait.total_seconds() // 60) for wait in waits]
    assert max(minutes.count(minute) for minute in range(58)) <= 20
    late = local_hour(datetime(2026, 11, 21, 15, 59, 30, tzinfo=UTC))
    assert {wait_within(late, number) for number in range(50)} == {timedelta()}


def test_weekdays_come_back_as_they_were_chosen():
    assert as_weekdays(as_bits([5, 1, 1])) == [1, 5]
    assert as_bits(range(7)) == 127


def test_today_counts_only_before_its_hour():
    hour = local_hour(NOON)
    assert has_passed(hour, [5], 14)
    assert not has_passed(hour, [5], 15)
    assert not has_passed(hour, [4], 8)
