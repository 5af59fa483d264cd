"""The monthly test alarm: when it is due, and for how long an answer may take."""

from datetime import date, datetime, time, timedelta

from tirek.domain.clocks import KAZAKHSTAN, WorkingCalendar

STARTS_AT = time(10, 0)
# As long as an immediate referral may wait for a named person.
ANSWER_WITHIN = timedelta(minutes=15)


def month_of(now: datetime) -> date:
    """The month of a moment, by its first day, as people in Kazakhstan count it."""
    return now.astimezone(KAZAKHSTAN).date().replace(day=1)


def starts_at(month: date, calendar: WorkingCalendar) -> datetime:
    """The moment of a month's drill: its first working day, in the morning."""
    day = month
    while not calendar.is_working(day):
        day += timedelta(days=1)
    return datetime.combine(day, STARTS_AT, KAZAKHSTAN)


def is_due(now: datetime, calendar: WorkingCalendar) -> bool:
    """Whether this month's drill should have begun; one that was missed is made up for.

    Only in working hours: a drill at night would teach people to sleep through alarms.
    """
    local = now.astimezone(KAZAKHSTAN)
    ends = time(17, 0)
    return (
        now >= starts_at(month_of(now), calendar)
        and calendar.is_working(local.date())
        and STARTS_AT <= local.time() < ends
    )
