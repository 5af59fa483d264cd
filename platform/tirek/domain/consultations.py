"""A talk with a psychologist: its states, its ways, and what may be asked for before it."""

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

from tirek.domain.clocks import KAZAKHSTAN
from tirek.domain.errors import DomainError


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


# A time is kept for a parent who is filling the page in.
HOLD = timedelta(minutes=10)
# A time that became free is kept for the next who waits; in the quiet hours it waits for them.
OFFER = timedelta(hours=2)
# A call opens before its time and its room dies after it.
JOIN_BEFORE = timedelta(minutes=10)
JOIN_AFTER = timedelta(minutes=15)
# Later than this before a talk nobody new is put into it: its psychologist may be on the way.
NOTICE = timedelta(minutes=30)
# How far ahead parents see times.
AHEAD = timedelta(days=28)
# How many talks one parent may have ahead: one a week of what is shown.
AHEAD_MOST = 4
WORDS_MOST = 300
# Parents are written to between these hours.
DAY_BEGINS, DAY_ENDS = time(8), time(21)
_PHONE = re.compile(r"\+?[0-9]{10,15}")
CALLS = frozenset({Medium.VIDEO, Medium.AUDIO})


class DetailsError(DomainError):
    """What was said for a talk cannot be used: a number nobody can call, or too many words."""


@dataclass(frozen=True, slots=True)
class Details:
    """What a parent says before a talk, and nothing more: the rest is for the talk itself."""

    medium: Medium
    topic: Topic
    age_band: AgeBand
    language: str
    phone: str | None = None
    words: str | None = None

    def __post_init__(self) -> None:
        """Refuse a telephone talk without a number, and a letter in place of a few words."""
        if self.medium is Medium.PHONE and not self.phone:
            raise DetailsError("a telephone talk needs a number")
        if self.phone and phone_number(self.phone) is None:
            raise DetailsError("not a telephone number")
        if len(self.words or "") > WORDS_MOST:
            raise DetailsError("too many words")


def phone_number(written: str) -> str | None:
    """The number without spaces and brackets, a Kazakh 8 made +7; None when it is no number."""
    bare = re.sub(r"[\s()\u2010-\u2015-]", "", written)
    if not _PHONE.fullmatch(bare):
        return None
    return f"+7{bare[1:]}" if len(bare) == 11 and bare.startswith("8") else bare  # noqa: PLR2004


def quiet_for(now: datetime) -> timedelta:
    """How long a message to a parent waits: nothing is sent from 21:00 to 8:00."""
    local = now.astimezone(KAZAKHSTAN)
    if DAY_BEGINS <= local.time() < DAY_ENDS:
        return timedelta()
    day = local.date() + timedelta(days=int(local.time() >= DAY_ENDS))
    return datetime.combine(day, DAY_BEGINS, KAZAKHSTAN) - now


def age_band(months: int) -> AgeBand:
    """The band of a child of so many whole months; grown-up children stay in the last one."""
    bands = [(int(band.value.split("-")[0]), band) for band in AgeBand]
    return [band for begins, band in bands if max(months, 0) // 12 >= begins][-1]
