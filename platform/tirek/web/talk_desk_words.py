"""Words and dates for the psychologist's pages about talks."""

from collections.abc import Mapping
from datetime import date, datetime

from flask_babel import format_date, format_datetime
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from tirek.services.talk_taking import DayFullError, OwnOverlapError, TakenError, TimeGoneError
from tirek.web.talk_words import AGE_BANDS, MEDIA, SPOKEN, TOPICS

# What a time in the week is to its psychologist, and what a talk has become.
STATES = {
    "free": _l("Free"),
    "reserved": _l("Kept for urgent calls"),
    "held": _l("A parent is choosing it now"),
    "booked": _l("Booked"),
    "unmarked": _l("How did it go?"),
    "done": _l("Took place"),
    # Nobody is blamed: a missed talk is only one that is still to come.
    "no_show": _l("Did not take place"),
    "passed": _l("Nobody booked it"),
    "moved": _l("Moved"),
    "cancelled": _l("Cancelled"),
    "expired": _l("Not booked"),
}
_WORDS: Mapping[str, Mapping[str, str]] = {
    "medium": {one.value: word for one, word in MEDIA.items()},
    "topic": {one.value: word for one, word in TOPICS.items()},
    "age": {one.value: word for one, word in AGE_BANDS.items()},
    "language": SPOKEN,
    "state": STATES,
}


def talk_word(code: object, kind: str) -> str:
    """The word for a code; a code that has none is shown as it is."""
    return str(_WORDS[kind].get(str(code), code))


def as_day(value: date | datetime) -> str:
    """A day as people say it: Monday, 23 November; in Kazakhstan's time when it is a moment."""
    return str(format_date(value, "EEEE, d MMMM"))


def as_moment(value: datetime) -> str:
    """A day and a time as people say them, in Kazakhstan's time."""
    return str(format_datetime(value, "EEEE, d MMMM, HH:mm"))


def why_not(error: TimeGoneError) -> str:
    """Why a time cannot be given to a family, each in its own sentence."""
    match error:
        case DayFullError():
            return str(_("Your day is full: you have set how many talks a day you take."))
        case OwnOverlapError():
            return str(_("This parent has another talk at that time."))
        case TakenError():
            return str(_("A parent took this time a moment before you."))
        case _:
            return str(_("This time or this talk has begun, or is no longer offered."))
