from datetime import date, timedelta
from itertools import pairwise

import pytest

from tirek.domain.cohorts import (
    JOIN_DIGITS,
    CohortDatesError,
    Pace,
    Phase,
    Standing,
    Steps,
    check_dates,
    new_join_code,
    pace,
    phase,
    plan,
    quiet_after,
    read_join_code,
    spoken,
    step_of_day,
)

LESSONS = ["one", "two", "three", "four", "five"]
START = date(2026, 11, 30)


def day(number: int) -> date:
    return START + timedelta(days=number)


def gone(done: int, last: int | None, started: int | None = None, joined: int = 0) -> Steps:
    begun = done if started is None else started
    return Steps(begun, done, day(joined), None if last is None else day(last))


def test_a_code_has_only_digits_that_look_like_no_letter() -> None:
    drawn = iter("472958246")
    code = new_join_code(lambda _digits: next(drawn))
    assert spoken(code) == "472-958-246"
    assert not set("013") & set(JOIN_DIGITS)
    assert read_join_code(" 472-958 246\u00a0") == code
    assert read_join_code("472958 24б") is None
    assert read_join_code("4729582461") is None
    assert read_join_code("") is None


def test_five_lessons_take_five_weeks_or_five_days() -> None:
    weeks = plan(LESSONS, START, day(34))
    assert [(step.opens_on, step.until) for step in weeks] == [
        (day(7 * n), day(7 * n + 6)) for n in range(5)
    ]
    days = plan(LESSONS, START, day(4))
    assert [(step.opens_on, step.until) for step in days] == [(day(n), day(n)) for n in range(5)]
    assert [step.number for step in days] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("length", range(2, 120))
def test_a_plan_covers_every_day_once(length: int) -> None:
    steps = plan(LESSONS, START, day(length - 1))
    assert steps[0].opens_on == START
    assert steps[-1].until == day(length - 1)
    for step, following in pairwise(steps):
        assert step.opens_on <= step.until
        if length >= len(LESSONS):
            assert following.opens_on == step.until + timedelta(days=1)


def test_the_lesson_of_a_day() -> None:
    steps = plan(LESSONS, START, day(34))
    assert step_of_day(steps, day(-1)) is None
    assert step_of_day(steps, day(8)) == steps[1]
    assert step_of_day(steps, day(35)) is None


@pytest.mark.parametrize(
    ("ends", "today"), [(3, 0), (190, 0), (6, 7)], ids=["too short", "too long", "over"]
)
def test_dates_that_do_not_hold_the_course(ends: int, today: int) -> None:
    with pytest.raises(CohortDatesError):
        check_dates(START, day(ends), lessons=5, today=day(today))


def test_dates_that_do() -> None:
    check_dates(START, day(4), lessons=5, today=day(2))
    check_dates(START, day(189), lessons=5, today=day(-9))


def test_standing_by_the_plan() -> None:
    steps = plan(LESSONS, START, day(34))
    assert quiet_after(steps) == 7
    assert quiet_after(plan(LESSONS, START, day(4))) == 3
    assert pace(steps, gone(0, None), day(20)).standing is Standing.NOT_STARTED
    # Two weeks in, one lesson is behind; six days of silence are not yet quiet.
    assert pace(steps, gone(1, 8), day(14)).standing is Standing.UNDER_WAY
    assert pace(steps, gone(1, 7), day(14)) == Pace(Standing.QUIET, 1, day(7))
    # Ahead of the plan nobody is quiet.
    assert pace(steps, gone(3, 0), day(14)).standing is Standing.UNDER_WAY
    assert pace(steps, gone(5, 0), day(14)) == Pace(Standing.DONE, 5)
    assert pace(steps, gone(7, 0), day(14)).standing is Standing.DONE


def test_what_was_read_before_the_group_is_no_silence_in_it() -> None:
    steps = plan(LESSONS, START, day(34))
    assert pace(steps, gone(1, -60), day(13)).standing is Standing.UNDER_WAY
    assert pace(steps, gone(1, -60), day(14)).quiet_since == START
    assert pace(steps, gone(1, -60, joined=12), day(14)).standing is Standing.UNDER_WAY


def test_phases() -> None:
    assert phase(START, day(4), is_closed=False, today=day(-1)) is Phase.COMING
    assert phase(START, day(4), is_closed=False, today=day(0)) is Phase.RUNNING
    assert phase(START, day(4), is_closed=False, today=day(4)) is Phase.RUNNING
    assert phase(START, day(4), is_closed=False, today=day(5)) is Phase.OVER
    assert phase(START, day(4), is_closed=True, today=day(1)) is Phase.CLOSED
    assert [one for one in Phase if one.takes_members] == [Phase.COMING, Phase.RUNNING]
