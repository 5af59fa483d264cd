"""How many pupils of a round will probably need a talk, held against the people who can give it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from tirek.domain.clocks import KAZAKHSTAN, WorkingCalendar

# Of 803 young patients 5 to 12 % said yes to an item of the ASQ (reference: referrals-security §6).
LOW_SHARE = 0.05
# Of Kazakhstan's pupils of 11, 13 and 15 years 20 % showed signs of depression (HBSC 2017-18;
# reference: child-protection-system, table of figures).
HIGH_SHARE = 0.20
# Talks that one psychologist can hold well on one day. No source gives it: a product assumption,
# to be confirmed by the methodologists.
TALKS_A_DAY = 4
NOON = 12


@dataclass(frozen=True, slots=True)
class Load:
    """What a window will probably bring, and who is there for it; counts of people."""

    pupils: int
    low: int
    high: int
    psychologists: int
    places: int

    @property
    def is_too_much(self) -> bool:
        """Whether the talks of a bad day would not fit into one day of the psychologists."""
        return self.high > self.places


def load_of(pupils: int, psychologists: int) -> Load:
    """Expected flags of `pupils` (0 or more), rounded up, and the places of one day."""
    return Load(
        pupils,
        ceil(pupils * LOW_SHARE),
        ceil(pupils * HIGH_SHARE),
        psychologists,
        psychologists * TALKS_A_DAY,
    )


def opens_before_days_off(opens_at: datetime, calendar: WorkingCalendar) -> bool:
    """Whether a window opens on a day off, or on the afternoon before one."""
    local = opens_at.astimezone(KAZAKHSTAN)
    tomorrow = local.date() + timedelta(days=1)
    is_late = local.hour >= NOON and not calendar.is_working(tomorrow)
    return is_late or not calendar.is_working(local.date())
