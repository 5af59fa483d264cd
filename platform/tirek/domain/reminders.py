"""When a reminder may come: on days and at an hour that its reader chose, never in the evening.

Nothing is sent between 21 and 8 o'clock of Kazakhstan, and nothing more than twice a week.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tirek.domain.clocks import KAZAKHSTAN

# Hours that may be chosen: what is sent at 20 still comes before 21.
HOURS = range(8, 21)
MOST_DAYS = 2
DAYS = 7
# After an interruption a reminder is made up for so many hours; later it would only disturb.
LATE_HOURS = 2
# What is sent late in an hour still arrives in it.
MARGIN = timedelta(minutes=2)
# Multiples of the golden ratio fill an hour evenly, however many there are.
_GOLDEN = 0.6180339887498949


@dataclass(frozen=True, slots=True)
class LocalHour:
    """A moment as a wall clock in Kazakhstan shows it."""

    day: date
    hour: int
    # What is left of the hour.
    left: timedelta

    @property
    def is_quiet(self) -> bool:
        """Whether nobody may be disturbed now."""
        return self.hour not in HOURS

    @property
    def weekday_bit(self) -> int:
        """The weekday in a set of days; bit 0 is Monday."""
        return 1 << self.day.weekday()


def local_hour(now: datetime) -> LocalHour:
    """The hour of a moment."""
    there = now.astimezone(KAZAKHSTAN)
    begun = there.replace(minute=0, second=0, microsecond=0)
    return LocalHour(there.date(), there.hour, begun + timedelta(hours=1) - there)


def wait_within(hour: LocalHour, number: int) -> timedelta:
    """How long this reader's mail waits, so that a country's mails do not leave in one minute."""
    room = max(timedelta(), hour.left - MARGIN)
    return room * (number * _GOLDEN % 1)


def as_bits(weekdays: Iterable[int]) -> int:
    """A set of weekdays as the database keeps it."""
    return sum(1 << day for day in set(weekdays))


def as_weekdays(bits: int) -> list[int]:
    """The weekdays of such a set, Monday is 0."""
    return [day for day in range(DAYS) if bits >> day & 1]


def has_passed(now: LocalHour, weekdays: Iterable[int], hour: int) -> bool:
    """Whether today's chosen hour has begun already: the first reminder then comes next time."""
    return now.day.weekday() in set(weekdays) and hour <= now.hour
