"""Words for a talk, the same for the parent and for the psychologist."""

from datetime import date, datetime

from flask_babel import format_date, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from tirek.domain.consultations import AHEAD_MOST, AgeBand, BookingState, Medium, Topic
from tirek.services.talk_taking import (
    DayFullError,
    EnoughAheadError,
    NotOfferedError,
    OwnOverlapError,
    TimeGoneError,
)

MEDIA = {
    Medium.IN_PERSON: _l("In person"),
    Medium.PHONE: _l("By telephone"),
    Medium.AUDIO: _l("A call over the internet, sound only"),
    Medium.VIDEO: _l("A video call over the internet"),
}
TOPICS = {
    Topic.SCHOOL: _l("School and learning"),
    Topic.MOOD: _l("The child's mood, fears, sleep"),
    Topic.FRIENDS: _l("Friends and classmates"),
    Topic.FAMILY: _l("How we get on at home"),
    Topic.SCREENS: _l("Phone, games, internet"),
    Topic.DEVELOPMENT: _l("Development, special needs"),
    Topic.MYSELF: _l("About myself as a parent"),
    Topic.OTHER: _l("Something else, I will say it when we meet"),
}
AGE_BANDS = {
    AgeBand.UNDER_3: _l("up to 2 years"),
    AgeBand.FROM_3: _l("3 to 6 years"),
    AgeBand.FROM_7: _l("7 to 9 years"),
    AgeBand.FROM_10: _l("10 to 12 years"),
    AgeBand.FROM_13: _l("13 to 15 years"),
    AgeBand.FROM_16: _l("16 to 18 years"),
}
SPOKEN = {"kk": "Қазақша", "ru": "Русский"}
STATES = {
    BookingState.HELD: _l("Kept for a few minutes"),
    BookingState.BOOKED: _l("Agreed"),
    BookingState.MOVED: _l("Moved"),
    BookingState.CANCELLED: _l("Cancelled"),
    BookingState.EXPIRED: _l("Not kept any more"),
    BookingState.DONE: _l("Took place"),
    # Nobody is blamed: a missed meeting is only one that is still to come.
    BookingState.NO_SHOW: _l("Did not take place"),
}


def day(moment: date | datetime) -> str:
    """A day with its weekday, in Kazakhstan's time when it is a moment."""
    return str(format_date(moment, "EEEE, d MMMM"))


def why_gone(error: TimeGoneError) -> str:
    """Why a time cannot be had, each in its own sentence."""
    match error:
        case DayFullError():
            return str(_("This psychologist's day is full: they need strength for each talk."))
        case EnoughAheadError():
            return str(
                ngettext(
                    "You have %(num)s meeting ahead already. Move or cancel one first:"
                    " other families wait too.",
                    "You have %(num)s meetings ahead already. Move or cancel one first:"
                    " other families wait too.",
                    AHEAD_MOST,
                )
            )
        case OwnOverlapError():
            return str(_("You have another meeting at that time."))
        case NotOfferedError():
            return str(_("This time is over or no longer offered."))
        case _:
            return str(_("Somebody took this time a moment before you."))
