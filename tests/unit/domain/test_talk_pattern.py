from datetime import UTC, date, datetime, time, timedelta

import pytest

from tirek.domain.clocks import KAZAKHSTAN, WorkingCalendar
from tirek.domain.talk_pattern import Pattern, PatternError, plan

# A Friday, 15:00 in Kazakhstan.
NOW = datetime(2026, 12, 11, 10, 0, tzinfo=UTC)
# Independence Day is a Wednesday.
HOLIDAY = date(2026, 12, 16)
CALENDAR = WorkingCalendar(frozenset({HOLIDAY}))


def a_pattern(**facts: object) -> Pattern:
    usual: dict[str, object] = {
        "first_day": date(2026, 12, 14),
        "begins": time(14),
        "minutes": 30,
        "count": 3,
        "rest": 15,
    }
    return Pattern(**usual | facts)  # type: ignore[arg-type]


def local(moment: datetime) -> str:
    return moment.astimezone(KAZAKHSTAN).strftime("%d.%m %H:%M")


def test_talks_follow_one_another_with_a_rest_between():
    times = plan(a_pattern(), CALENDAR, NOW).times
    assert [local(one.starts_at) for one in times] == ["14.12 14:00", "14.12 14:45", "14.12 15:30"]
    assert {one.ends_at - one.starts_at for one in times} == {timedelta(minutes=30)}
    assert {one.starts_at.utcoffset() for one in times} == {timedelta()}


def test_a_week_after_week_leaves_the_holiday_out_and_says_so():
    made = plan(a_pattern(weekdays=frozenset({0, 2}), weeks=2, count=1), CALENDAR, NOW)
    assert [local(one.starts_at)[:5] for one in made.times] == ["14.12", "21.12", "23.12"]
    assert made.days_off == (HOLIDAY,)


def test_without_weekdays_it_is_the_weekday_of_the_first_day():
    made = plan(a_pattern(weeks=3, count=1), CALENDAR, NOW)
    assert [local(one.starts_at)[:5] for one in made.times] == ["14.12", "21.12", "28.12"]


def test_a_first_day_in_the_middle_of_the_week_begins_there():
    pattern = a_pattern(first_day=date(2026, 12, 17), weekdays=frozenset({0, 3}), weeks=1)
    assert list(pattern.days()) == [date(2026, 12, 17), date(2026, 12, 21)]


def test_a_saturday_that_was_chosen_is_offered():
    made = plan(a_pattern(first_day=date(2026, 12, 12)), CALENDAR, NOW)
    assert len(made.times) == 3


def test_the_same_hour_in_every_month_because_the_clock_is_never_put_back():
    """Until 1 March 2024 Almaty was an hour further; since then the country has one clock."""
    pattern = a_pattern(first_day=date(2026, 12, 28), weeks=12, count=1)
    times = plan(pattern, CALENDAR, NOW).times
    assert len(times) == 12
    assert {(one.starts_at.hour, local(one.starts_at)[6:]) for one in times} == {(9, "14:00")}


def test_the_last_ones_of_each_day_are_kept_for_urgent_calls():
    made = plan(a_pattern(weeks=2, reserved=1), CALENDAR, NOW)
    assert [one.is_reserved for one in made.times] == [False, False, True] * 2


def test_what_is_over_today_is_not_offered():
    made = plan(a_pattern(first_day=date(2026, 12, 11)), CALENDAR, NOW)
    assert [local(one.starts_at) for one in made.times] == ["11.12 15:30"]


@pytest.mark.parametrize(
    ("what", "facts"),
    [
        ("length", {"minutes": 20}),
        ("count", {"count": 0}),
        ("count", {"count": 13}),
        ("rest", {"rest": 61}),
        ("weeks", {"weeks": 0}),
        ("weeks", {"weeks": 13}),
        ("reserved", {"reserved": 4}),
        ("begins", {"begins": time(6, 59)}),
        ("end", {"begins": time(19, 15), "count": 3}),
    ],
)
def test_what_nobody_could_keep_is_refused(what: str, facts: dict[str, object]):
    with pytest.raises(PatternError) as refused:
        a_pattern(**facts)
    assert refused.value.what == what


def test_the_last_talk_may_end_on_the_stroke_of_nine():
    assert a_pattern(begins=time(19), count=2, minutes=60, rest=0)


@pytest.mark.parametrize("day", [date(2026, 12, 10), date(2027, 5, 1)])
def test_a_day_that_is_over_or_too_far_is_refused(day: date):
    with pytest.raises(PatternError) as refused:
        plan(a_pattern(first_day=day), CALENDAR, NOW)
    assert refused.value.what == "first_day"
