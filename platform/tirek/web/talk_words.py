"""Words for the codes of a talk, the same for its parent and its psychologist."""

from collections.abc import Mapping
from datetime import date, datetime

from flask_babel import format_date, format_datetime
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from jinja2 import Environment

MEDIA = {
    "video": _l("Video call"),
    "audio": _l("Voice call over the internet"),
    "phone": _l("By telephone"),
    "in_person": _l("Face to face"),
}
TOPICS = {
    "school": _l("School and learning"),
    "mood": _l("Mood and worries"),
    "friends": _l("Friends and classmates"),
    "family": _l("Life in the family"),
    "screens": _l("Phone and internet"),
    "development": _l("How the child develops"),
    "myself": _l("About the parent"),
    "other": _l("Something else"),
}
AGES = {
    "0-2": _l("Under 3 years"),
    "3-6": _l("3 to 6 years"),
    "7-9": _l("7 to 9 years"),
    "10-12": _l("10 to 12 years"),
    "13-15": _l("13 to 15 years"),
    "16-18": _l("16 to 18 years"),
}
LANGUAGES = {"kk": _l("In Kazakh"), "ru": _l("In Russian")}
# What a time in the week is to its psychologist, and what a talk has become.
STATES = {
    "free": _l("Free"),
    "reserved": _l("Kept for urgent calls"),
    "held": _l("A parent is choosing it now"),
    "booked": _l("Booked"),
    "unmarked": _l("How did it go?"),
    "done": _l("It took place"),
    "no_show": _l("It did not take place"),
    "passed": _l("Nobody booked it"),
    "moved": _l("Moved"),
    "cancelled": _l("Cancelled"),
    "expired": _l("Not booked"),
}
_WORDS: Mapping[str, Mapping[str, str]] = {
    "medium": MEDIA,
    "topic": TOPICS,
    "age": AGES,
    "language": LANGUAGES,
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


def zone() -> str:
    """Which clock every time on these pages is told by."""
    return str(_("Almaty and Astana time (UTC+5)"))


def install(templates: Environment) -> None:
    """Offer the words to every template."""
    templates.filters.update(talk_word=talk_word, as_day=as_day, as_moment=as_moment)
    templates.globals["talk_zone"] = zone
