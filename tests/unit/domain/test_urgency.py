"""Everything only gets sooner when a case escalates."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tirek.catalog.protocols import load_protocol
from tirek.domain.clocks import Clock, WorkingCalendar
from tirek.domain.ladder import Post, Rung
from tirek.domain.levels import Level
from tirek.domain.urgency import inversions, no_later

LEVELS = load_protocol(Path(__file__).parents[3] / "protocols").levels
IMMEDIATE, HIGH = LEVELS[Level.IMMEDIATE], LEVELS[Level.HIGH]
FIRST = date(2026, 1, 1)
clocks = st.builds(Clock, minutes=st.integers(1, 20_000)) | st.builds(
    Clock, working_days=st.integers(1, 15)
)
days = st.frozensets(st.integers(0, 60).map(lambda day: FIRST + timedelta(days=day)), max_size=25)
calendars = st.builds(WorkingCalendar, days, days)
moments = st.datetimes(
    min_value=datetime(2026, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(2026, 2, 20),  # noqa: DTZ001
    timezones=st.just(UTC),
)


def _words(**changes: object) -> set[str]:
    levels = {**LEVELS, Level.IMMEDIATE: replace(IMMEDIATE, **changes)}
    return {fault.words for fault in inversions(levels)}


def _rung(number: int, minutes: int, *posts: Post) -> Rung:
    return Rung(number, Clock(minutes=minutes), posts, is_breach=not posts)


def test_the_protocol_keeps_the_order():
    assert not inversions(LEVELS)


@pytest.mark.parametrize("name", ["seen", "acknowledged", "contact", "assessment", "plan"])
def test_each_clock_is_compared(name):
    assert _words(**{name: Clock(working_days=20)}) == {f"the clock {name!r}"}


def test_rungs_posts_and_breaches_are_compared_also_on_ladders_of_unlike_length():
    assert _words(ladder=(_rung(1, 31, Post.DUTY), _rung(2, 50))) == {
        "rung 1 of 'ladder'",
        "the call of 'duty' in 'ladder'",
    }
    assert _words(ladder=(_rung(1, 5, Post.OWNER), _rung(2, 700))) == {
        "rung 2 of 'ladder'",
        "the breach of 'ladder'",
    }
    late = (_rung(1, 5, Post.OWNER), _rung(2, 6, Post.OWNER), _rung(3, 70, Post.PSC_HEAD))
    assert _words(ladder=(*late, _rung(4, 80))) == {"the call of 'psc_head' in 'ladder'"}


def test_a_second_call_of_a_post_may_come_as_late_as_it_likes():
    ladder = (_rung(1, 5, Post.PSC_HEAD), _rung(2, 50, Post.PSC_HEAD), _rung(3, 55))
    assert not _words(ladder=ladder)


def test_the_same_notice_is_no_later_on_the_higher_level():
    notice = HIGH.notices[0]
    sooner = replace(notice, clock=Clock(minutes=60))
    later = replace(notice, clock=Clock(minutes=61))
    assert not _words(notices=(sooner,))
    assert _words(notices=(later,)) == {"the notice 'psychologist_informed'"}


def test_at_once_is_before_everything_and_nothing_else_is_before_it():
    assert no_later(None, None)
    assert no_later(None, Clock(minutes=1))
    assert not no_later(Clock(minutes=1), None)


@given(clocks, clocks, moments, calendars)
def test_what_never_runs_out_later_never_does_on_any_calendar(urgent, calm, moment, calendar):
    if urgent.never_later_than(calm):
        assert urgent.after(moment, calendar) <= calm.after(moment, calendar)


@given(clocks, clocks)
def test_what_may_run_out_later_does_so_on_some_calendar(urgent, calm):
    monday_night = datetime(2026, 1, 5, 18, 59, 59, tzinfo=UTC)
    every_day = frozenset(FIRST + timedelta(days=day) for day in range(60))
    nobody_works = WorkingCalendar(every_day)
    always_work = WorkingCalendar(frozenset(), every_day)
    if not urgent.never_later_than(calm):
        assert any(
            urgent.after(monday_night, one) > calm.after(monday_night, one)
            for one in (nobody_works, always_work)
        )
