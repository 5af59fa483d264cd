"""Deadlines: minutes round the clock, or working days in Kazakhstan's time."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

# One time zone for the whole country since 1 March 2024 (UTC+5).
KAZAKHSTAN = ZoneInfo("Asia/Almaty")
WORKING_DAY_ENDS = time(18, 0)
SATURDAY = 5
DAY_MINUTES = 24 * 60
# Counted from the last moment of a day, the next working day is over after so many minutes.
SHORTEST_WORKING_DAY = WORKING_DAY_ENDS.hour * 60


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """Which days are worked: Monday to Friday, but for holidays and the weekends worked instead.

    Of a year after `known_until` only the weekends are known: a limit may then fall on a holiday
    and is early, never late.
    """

    holidays: frozenset[date]
    working_weekends: frozenset[date] = frozenset()

    def is_working(self, day: date) -> bool:
        """Whether people are at work on this day."""
        if day.weekday() >= SATURDAY:
            return day in self.working_weekends
        return day not in self.holidays

    @property
    def known_until(self) -> int:
        """The last year whose holidays are known, 0 where none are."""
        return max((day.year for day in self.holidays), default=0)


WEEKENDS_ONLY = WorkingCalendar(frozenset())


@dataclass(frozen=True, slots=True)
class Clock:
    """A time limit: `minutes` run always, `working_days` end at 18:00 local time."""

    minutes: int = 0
    working_days: int = 0

    def __post_init__(self) -> None:
        """Refuse a clock of both kinds, of none, or running backwards."""
        if (self.minutes > 0) == (self.working_days > 0) or min(self.minutes, self.working_days):
            raise ValueError("a clock has either minutes or working days, above zero")

    def after(self, start: datetime, calendar: WorkingCalendar = WEEKENDS_ONLY) -> datetime:
        """The moment (aware UTC) at which the limit that began at `start` runs out."""
        if self.minutes:
            return start + timedelta(minutes=self.minutes)
        day = start.astimezone(KAZAKHSTAN).date()
        left = self.working_days
        while left:
            day += timedelta(days=1)
            left -= calendar.is_working(day)
        return datetime.combine(day, WORKING_DAY_ENDS, KAZAKHSTAN).astimezone(UTC)

    def never_later_than(self, other: "Clock") -> bool:
        """Whether this limit, begun at the same moment, ends no later, whatever the calendar.

        A holiday can make working days as long as it likes, so they never beat minutes.
        """
        if self.working_days:
            return 0 < self.working_days <= other.working_days
        if other.working_days:
            shortest = (other.working_days - 1) * DAY_MINUTES + SHORTEST_WORKING_DAY
            return self.minutes <= shortest
        return self.minutes <= other.minutes


def school_year_of(moment: datetime) -> int:
    """The calendar year in which the school year of `moment` began on 1 September."""
    local = moment.astimezone(KAZAKHSTAN)
    first_month = 9
    return local.year if local.month >= first_month else local.year - 1
