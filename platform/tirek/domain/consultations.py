"""A talk with a psychologist: its states, its ways, and what may be asked for before it."""

from enum import StrEnum


class BookingState(StrEnum):
    """What has become of a booking; `held` and `booked` keep the time for one family."""

    HELD = "held"
    BOOKED = "booked"
    MOVED = "moved"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    DONE = "done"
    NO_SHOW = "no_show"


# In these two nobody else can have the time; the database's exclusion constraint says the same.
TAKING = frozenset({BookingState.HELD, BookingState.BOOKED})


class Medium(StrEnum):
    """How the two talk; the telephone always works and counts the same."""

    VIDEO = "video"
    AUDIO = "audio"
    PHONE = "phone"
    IN_PERSON = "in_person"


class Topic(StrEnum):
    """What the talk is about, from a list, so that nobody has to write it down."""

    SCHOOL = "school"
    MOOD = "mood"
    FRIENDS = "friends"
    FAMILY = "family"
    SCREENS = "screens"
    DEVELOPMENT = "development"
    MYSELF = "myself"
    OTHER = "other"


class AgeBand(StrEnum):
    """The child's age as far as the psychologist needs it before the talk."""

    UNDER_3 = "0-2"
    FROM_3 = "3-6"
    FROM_7 = "7-9"
    FROM_10 = "10-12"
    FROM_13 = "13-15"
    FROM_16 = "16-18"
