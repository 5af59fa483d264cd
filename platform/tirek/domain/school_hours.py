"""Whether somebody is likely to answer at a school now, as far as the calendar knows."""

from datetime import datetime
from enum import StrEnum

from tirek.domain.clocks import KAZAKHSTAN, WORKING_DAY_ENDS, WorkingCalendar
from tirek.domain.gates import SCHOOL_DAY_BEGINS


class SchoolHours(StrEnum):
    """How a moment lies; school holidays are in no calendar that we have."""

    OPEN = "open"
    OUTSIDE = "outside"
    DAY_OFF = "day_off"


def school_hours(moment: datetime, calendar: WorkingCalendar) -> SchoolHours:
    """How an aware moment lies within the working days of Kazakhstan."""
    local = moment.astimezone(KAZAKHSTAN)
    if not calendar.is_working(local.date()):
        return SchoolHours.DAY_OFF
    is_open = SCHOOL_DAY_BEGINS <= local.time() < WORKING_DAY_ENDS
    return SchoolHours.OPEN if is_open else SchoolHours.OUTSIDE
