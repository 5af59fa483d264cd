"""What a promise sets: itself, and who is called when it is broken."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tirek.catalog.protocols import load_protocol
from tirek.domain.ladder import Alarm, ClockKind, Post, alarms_at_start, alarms_for
from tirek.domain.levels import Level

PROTOCOL = load_protocol(Path(__file__).parents[3] / "protocols")
START = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
LEVELS = tuple(PROTOCOL.levels)
moments = st.datetimes(
    min_value=datetime(2024, 3, 2),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(2040, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


def _in_minutes(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


def test_the_ladder_of_immediate_danger_is_that_of_the_reference():
    alarms = alarms_at_start(PROTOCOL.rule(Level.IMMEDIATE), START, PROTOCOL.calendar)
    acknowledged = [alarm for alarm in alarms if alarm.clock is ClockKind.ACKNOWLEDGED]
    kind = ClockKind.ACKNOWLEDGED
    second = (Post.REGIONAL_COORDINATOR, Post.LAST_RESPONDER)
    assert acknowledged == [
        Alarm(kind, 0, _in_minutes(15), (Post.DUTY,), is_breach=False),
        Alarm(kind, 1, _in_minutes(10), (Post.PSC_HEAD, Post.SCHOOL_PSYCHOLOGIST), is_breach=False),
        Alarm(kind, 2, _in_minutes(20), second, is_breach=False),
        Alarm(kind, 3, _in_minutes(40), (Post.NATIONAL_DUTY,), is_breach=False),
        Alarm(kind, 4, _in_minutes(60), (), is_breach=True),
    ]


def test_seen_is_only_a_promise_and_contact_brings_its_own_ladder():
    rule = PROTOCOL.rule(Level.IMMEDIATE)
    alarms = alarms_at_start(rule, START, PROTOCOL.calendar)
    assert [alarm for alarm in alarms if alarm.clock is ClockKind.SEEN] == [
        Alarm(ClockKind.SEEN, 0, _in_minutes(10), (Post.DUTY,), is_breach=False)
    ]
    contact = tuple(alarm for alarm in alarms if alarm.clock is ClockKind.CONTACT)
    assert contact == alarms_for(ClockKind.CONTACT, _in_minutes(60), rule, PROTOCOL.calendar)


@given(moments, st.sampled_from(LEVELS), st.sampled_from(ClockKind))
def test_a_broken_promise_calls_somebody_at_that_moment_and_ends_in_a_breach(moment, level, kind):
    promise, *rungs = alarms_for(kind, moment, PROTOCOL.rule(level), PROTOCOL.calendar)
    assert (promise.rung, promise.due_at, promise.posts) == (0, moment, ())
    assert rungs[0].due_at == moment
    assert rungs[0].posts
    assert [rung.is_breach for rung in rungs] == [False] * (len(rungs) - 1) + [True]


@given(moments, st.sampled_from(LEVELS))
def test_rungs_come_one_after_another_and_no_alarm_has_the_place_of_another(moment, level):
    alarms = alarms_at_start(PROTOCOL.rule(level), moment, PROTOCOL.calendar)
    assert len({(alarm.clock, alarm.rung) for alarm in alarms}) == len(alarms)
    for kind in (ClockKind.ACKNOWLEDGED, ClockKind.CONTACT):
        due = [alarm.due_at for alarm in alarms if alarm.clock is kind and alarm.rung]
        assert due == sorted(set(due))
    assert all(alarm.due_at >= moment for alarm in alarms)


@given(moments)
def test_the_more_urgent_level_is_never_called_later(moment):
    ordered = sorted(LEVELS, key=lambda level: level.rank)
    calls = [
        {
            (alarm.clock, alarm.rung): alarm.due_at
            for alarm in alarms_at_start(PROTOCOL.rule(level), moment, PROTOCOL.calendar)
        }
        for level in ordered
    ]
    for calm, urgent in pairwise(calls):
        assert all(urgent[key] <= calm[key] for key in urgent.keys() & calm.keys())


@pytest.mark.parametrize("level", LEVELS)
def test_the_breach_comes_after_the_promise_it_is_about(level):
    alarms = alarms_at_start(PROTOCOL.rule(level), START, PROTOCOL.calendar)
    for kind in (ClockKind.ACKNOWLEDGED, ClockKind.CONTACT):
        promise = next(alarm for alarm in alarms if alarm.clock is kind and not alarm.rung)
        breach = next(alarm for alarm in alarms if alarm.clock is kind and alarm.is_breach)
        assert breach.due_at > promise.due_at
