"""When a parent is reminded of a talk: a day and two hours before, and never late in the evening.

A reminder whose moment falls between 21:00 and 8:00 goes on the evening before.
"""

from datetime import UTC, datetime, time, timedelta
from enum import StrEnum

from tirek.domain.clocks import KAZAKHSTAN
from tirek.domain.consultations import DAY_BEGINS, DAY_ENDS


class Lead(StrEnum):
    """How long before a talk a parent is reminded of it."""

    DAY = "24h"
    TWO_HOURS = "2h"


LEADS = {Lead.DAY: timedelta(hours=24), Lead.TWO_HOURS: timedelta(hours=2)}
# An hour before the quiet begins, so that a slow mail server does not send into it.
EVENING = time(20)
# Nothing that begins later than this is reminded of yet: 24 hours, and the longest way back to
# an evening.
FURTHEST = timedelta(hours=24 + 12)


def moment_of(lead: Lead, starts_at: datetime) -> datetime:
    """When this reminder of a talk goes, aware UTC."""
    local = (starts_at - LEADS[lead]).astimezone(KAZAKHSTAN)
    if local.time() >= DAY_ENDS:
        local = datetime.combine(local.date(), EVENING, KAZAKHSTAN)
    elif local.time() < DAY_BEGINS:
        local = datetime.combine(local.date() - timedelta(days=1), EVENING, KAZAKHSTAN)
    return local.astimezone(UTC)


def is_night(now: datetime) -> bool:
    """Whether nothing is sent to parents at this moment."""
    return not DAY_BEGINS <= now.astimezone(KAZAKHSTAN).time() < DAY_ENDS


def due(starts_at: datetime, booked_at: datetime, now: datetime) -> Lead | None:
    """Which reminder is to go now; None when it is too early, too late, or night.

    The nearest one only: who booked in between needs no news of the evening before, and a round
    that stood still catches up with one message, not with two.
    """
    if now >= starts_at or is_night(now):
        return None
    for lead in (Lead.TWO_HOURS, Lead.DAY):
        moment = moment_of(lead, starts_at)
        if moment <= now:
            return lead if moment >= booked_at else None
    return None
