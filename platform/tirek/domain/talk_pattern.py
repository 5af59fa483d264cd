"""Which times a psychologist offers: one day, or the same weekdays for some weeks.

Typed and shown in Kazakhstan's time, which has no summer time; returned as aware moments.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from tirek.domain.clocks import KAZAKHSTAN, WorkingCalendar
from tirek.domain.errors import DomainError

# Minutes; the database takes nothing longer than three hours.
LENGTHS = (30, 45, 60)
MOST_WEEKS, MOST_A_DAY, LONGEST_REST = 12, 12, 60
# Nobody is offered a talk before or after these hours.
EARLIEST, LATEST = time(7), time(21)
# Times further ahead than this are nobody's plan yet.
FURTHEST = timedelta(days=120)


class PatternError(DomainError):
    """These times cannot be offered; `what` says which part of the pattern is wrong."""

    def __init__(self, what: str) -> None:
        """Name the part, for the page's own words."""
        super().__init__(f"a pattern with a wrong {what}")
        self.what = what


@dataclass(frozen=True, slots=True)
class OfferedTime:
    """One time to offer; a reserved one is shown to no parent."""

    starts_at: datetime
    ends_at: datetime
    is_reserved: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What a pattern comes to."""

    times: tuple[OfferedTime, ...]
    # Days of the pattern that nobody works on.
    days_off: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class Pattern:
    """Some talks one after another on one day, or on the same weekdays of several weeks.

    Without `weekdays` (0 is Monday) it is the weekday of the first day. The last `reserved` times
    of each day are kept for urgent calls.
    """

    first_day: date
    begins: time
    minutes: int
    count: int
    rest: int = 0
    weeks: int = 1
    weekdays: frozenset[int] = field(default_factory=frozenset)
    reserved: int = 0

    def __post_init__(self) -> None:
        """Refuse what nobody could keep."""
        for what, is_right in (
            ("length", self.minutes in LENGTHS),
            ("count", 1 <= self.count <= MOST_A_DAY),
            ("rest", 0 <= self.rest <= LONGEST_REST),
            ("weeks", 1 <= self.weeks <= MOST_WEEKS),
            ("reserved", 0 <= self.reserved <= self.count),
            ("begins", self.begins >= EARLIEST),
            ("end", self._last_ends <= _minutes(LATEST)),
        ):
            if not is_right:
                raise PatternError(what)

    @property
    def _last_ends(self) -> int:
        """When the last talk of a day is over, in minutes from midnight."""
        talks = self.count * self.minutes + (self.count - 1) * self.rest
        return _minutes(self.begins) + talks

    def days(self) -> Iterator[date]:
        """Its days in order, working or not; the first week may be a part of one."""
        weekdays = self.weekdays or {self.first_day.weekday()}
        for number in range(7 * self.weeks):
            day = self.first_day + timedelta(days=number)
            if day.weekday() in weekdays:
                yield day

    def times_of(self, day: date) -> Iterator[OfferedTime]:
        """The times of one day."""
        begins = datetime.combine(day, self.begins, KAZAKHSTAN).astimezone(UTC)
        length = timedelta(minutes=self.minutes)
        for number in range(self.count):
            starts_at = begins + number * (length + timedelta(minutes=self.rest))
            is_reserved = number >= self.count - self.reserved
            yield OfferedTime(starts_at, starts_at + length, is_reserved)


def plan(pattern: Pattern, calendar: WorkingCalendar, now: datetime) -> Plan:
    """The times that are still to come, without holidays.

    A weekend that was chosen by name is taken at its word: talks with parents are often on
    Saturdays. Raises `PatternError` for a day that is over or too far ahead.
    """
    today = now.astimezone(KAZAKHSTAN).date()
    if not today <= pattern.first_day <= today + FURTHEST:
        raise PatternError("first_day")
    days = list(pattern.days())
    days_off = [day for day in days if day in calendar.holidays]
    times = [
        one
        for day in days
        if day not in days_off
        for one in pattern.times_of(day)
        if one.starts_at > now
    ]
    return Plan(tuple(times), tuple(days_off))


def _minutes(moment: time) -> int:
    return 60 * moment.hour + moment.minute
