from datetime import date, datetime

import pytest

from tirek.domain.capacity import load_of, opens_before_days_off
from tirek.domain.clocks import KAZAKHSTAN, WorkingCalendar

CALENDAR = WorkingCalendar(frozenset({date(2026, 12, 16)}))


def test_shares_are_rounded_up_so_that_nobody_is_forgotten() -> None:
    load = load_of(21, psychologists=1)
    assert (load.low, load.high) == (2, 5)
    assert load.is_too_much


def test_enough_people_is_no_warning() -> None:
    assert not load_of(20, psychologists=1).is_too_much
    assert not load_of(0, psychologists=0).is_too_much
    assert load_of(1, psychologists=0).is_too_much


@pytest.mark.parametrize(
    ("moment", "is_bad"),
    [
        ("2026-11-26T16:00", False),  # Thursday afternoon
        ("2026-11-27T08:00", False),  # Friday morning
        ("2026-11-27T12:00", True),
        ("2026-11-28T08:00", True),
        ("2026-11-29T08:00", True),
        ("2026-11-30T08:00", False),
        ("2026-12-15T11:00", False),  # the day before Independence Day
        ("2026-12-15T12:00", True),
        ("2026-12-16T09:00", True),
        ("2026-12-17T09:00", False),
    ],
)
def test_a_window_should_not_open_before_days_off(moment: str, is_bad: bool) -> None:
    local = datetime.fromisoformat(moment).replace(tzinfo=KAZAKHSTAN)
    assert opens_before_days_off(local, CALENDAR) is is_bad
