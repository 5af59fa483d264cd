from datetime import UTC, datetime, timedelta

import pytest

from tirek.domain.clocks import KAZAKHSTAN
from tirek.domain.talk_reminders import FURTHEST, LEADS, Lead, due, moment_of

LONG_AGO = datetime(2026, 11, 1, tzinfo=UTC)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 12, day, hour, minute, tzinfo=KAZAKHSTAN)


@pytest.mark.parametrize(
    ("starts", "day_before", "two_hours"),
    [
        (at(10, 15), at(9, 15), at(10, 13)),
        # Two hours before is in the night: the evening before.
        (at(10, 9), at(9, 9), at(9, 20)),
        (at(10, 7, 30), at(8, 20), at(9, 20)),
        # Too late in the evening: the same evening, earlier.
        (at(10, 21, 30), at(9, 20), at(10, 19, 30)),
        (at(10, 23), at(9, 20), at(10, 20)),
    ],
)
def test_reminders_go_by_day(starts: datetime, day_before: datetime, two_hours: datetime):
    assert moment_of(Lead.DAY, starts) == day_before
    assert moment_of(Lead.TWO_HOURS, starts) == two_hours


@pytest.mark.parametrize("minutes", range(0, 24 * 60, 10))
def test_never_between_21_and_8_and_never_after_its_time(minutes: int):
    starts = at(10, 0) + timedelta(minutes=minutes)
    for lead in Lead:
        moment = moment_of(lead, starts)
        assert 8 <= moment.astimezone(KAZAKHSTAN).hour < 21
        assert moment <= starts - LEADS[lead]
        assert starts - moment < FURTHEST


def test_each_has_its_hour_and_the_nearest_goes():
    starts = at(10, 15)
    assert due(starts, LONG_AGO, at(9, 14, 59)) is None
    assert due(starts, LONG_AGO, at(9, 15)) is Lead.DAY
    assert due(starts, LONG_AGO, at(10, 12, 59)) is Lead.DAY
    assert due(starts, LONG_AGO, at(10, 13)) is Lead.TWO_HOURS
    assert due(starts, LONG_AGO, at(10, 15)) is None


def test_who_booked_after_its_moment_is_not_reminded_of_what_they_know():
    starts = at(10, 15)
    assert due(starts, at(9, 16), at(9, 17)) is None
    assert due(starts, at(9, 16), at(10, 13)) is Lead.TWO_HOURS
    assert due(starts, at(10, 13, 30), at(10, 14)) is None


def test_a_round_that_catches_up_at_night_waits_for_the_morning():
    starts = at(10, 8, 30)
    assert due(starts, LONG_AGO, at(9, 22)) is None
    assert due(starts, LONG_AGO, at(10, 7, 59)) is None
    assert due(starts, LONG_AGO, at(10, 8)) is Lead.TWO_HOURS
