"""When an instrument may be given at all: the windows of what needs a grown-up beside it."""

from datetime import date, datetime, time, timedelta
from enum import StrEnum

from tirek.domain.clocks import KAZAKHSTAN, WORKING_DAY_ENDS, WorkingCalendar

# Product rules, to be confirmed by the methodologists: no source gives hours. Somebody who sits
# with the pupils can do so for about half a school day.
LONGEST_STAFFED_WINDOW = timedelta(hours=4)
SCHOOL_DAY_BEGINS = time(8, 0)


class Gate(StrEnum):
    """What must be so before an instrument may be given to anybody."""

    FREE = "free"
    # Only while a named specialist of the school is there.
    STAFFED_WINDOW = "staffed_window"
    # Only after a recorded event, about which it asks.
    AFTER_EVENT = "after_event"
    # Never read per person: the school is told numbers of answers.
    SCHOOL_LEVEL_ONLY = "school_level_only"


class WindowFault(StrEnum):
    """Why nobody could be there for the whole of a window."""

    TOO_LONG = "too_long"
    DAY_OFF = "day_off"
    OUTSIDE_HOURS = "outside_hours"


def staffed_window_fault(
    opens_at: datetime, closes_at: datetime, calendar: WorkingCalendar
) -> WindowFault | None:
    """Return what is wrong with a window (aware times) for which a specialist must be there.

    It lies within the hours of one working day of Kazakhstan and is no longer than
    `LONGEST_STAFFED_WINDOW`; None when it does.
    """
    opens, closes = opens_at.astimezone(KAZAKHSTAN), closes_at.astimezone(KAZAKHSTAN)
    if closes - opens > LONGEST_STAFFED_WINDOW:
        return WindowFault.TOO_LONG
    if not calendar.is_working(opens.date()):
        return WindowFault.DAY_OFF
    is_within = (
        opens.date() == closes.date()
        and opens.time() >= SCHOOL_DAY_BEGINS
        and closes.time() <= WORKING_DAY_ENDS
    )
    return None if is_within else WindowFault.OUTSIDE_HOURS


def has_happened(happened_on: date, moment: datetime) -> bool:
    """Whether an event lies before or on the day of `moment` in Kazakhstan."""
    return happened_on <= moment.astimezone(KAZAKHSTAN).date()
