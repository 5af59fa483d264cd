"""Deadlines: minutes round the clock, or working days in Kazakhstan's time."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

# One time zone for the whole country since 1 March 2024 (UTC+5).
KAZAKHSTAN = ZoneInfo("Asia/Almaty")
WORKING_DAY_ENDS = time(18, 0)
SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Clock:
    """A time limit: `minutes` run always, `working_days` end at 18:00 local time.

    Public holidays are not in this calendar yet: a limit may fall on one and is then early,
    never late.
    """

    minutes: int = 0
    working_days: int = 0

    def __post_init__(self) -> None:
        """Refuse a clock of both kinds, of none, or running backwards."""
        if (self.minutes > 0) == (self.working_days > 0) or min(self.minutes, self.working_days):
            raise ValueError("a clock has either minutes or working days, above zero")

    def after(self, start: datetime) -> datetime:
        """The moment (aware UTC) at which the limit that began at `start` runs out."""
        if self.minutes:
            return start + timedelta(minutes=self.minutes)
        day = start.astimezone(KAZAKHSTAN).date()
        left = self.working_days
        while left:
            day += timedelta(days=1)
            left -= day.weekday() < SATURDAY
        return datetime.combine(day, WORKING_DAY_ENDS, KAZAKHSTAN).astimezone(UTC)


def school_year_of(moment: datetime) -> int:
    """The calendar year in which the school year of `moment` began on 1 September."""
    local = moment.astimezone(KAZAKHSTAN)
    first_month = 9
    return local.year if local.month >= first_month else local.year - 1
