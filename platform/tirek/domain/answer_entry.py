"""Answers that were given elsewhere and reach us as a file: what stands against entering them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from tirek.domain.clocks import KAZAKHSTAN
from tirek.domain.flagging import Flag, critical_flags, flags_for
from tirek.domain.instruments import Answer, AnswerState, Instrument
from tirek.domain.levels import Level
from tirek.domain.scoring import score
from tirek.domain.showing import hidden_items

# Of one upload: a class's table takes a few kilobytes, a bundle of FHIR some hundreds.
MOST_BYTES = 2 * 1024 * 1024
MOST_ROWS = 200
# How long a file that calls for nobody waits for a decision.
WAITS = timedelta(hours=1)
# How long one that calls for somebody today waits before the people of the school are told again,
# and before those above them are. A proposal: no specialist has confirmed either limit.
TOLD_AFTER = timedelta(minutes=30)
THOSE_ABOVE_AFTER = timedelta(hours=2)


class UploadOutcome(StrEnum):
    """What became of a file."""

    ENTERED = "entered"
    REFUSED = "refused"
    # A corrected file was entered, which holds all that called for somebody.
    REPLACED = "replaced"
    EXPIRED = "expired"


class EntryRefusal(StrEnum):
    """Why no file at all is taken for an assignment."""

    NOT_OPEN = "not_open"
    # A person must be beside the child at the moment of the answer.
    STAFFED = "staffed"
    # Each answer chooses the next question, which a file cannot replay.
    SHORT = "short"
    # A parent answers from an account of their own; a file names none.
    GUARDIANS = "guardians"
    SCHOOL_LEVEL = "school_level"
    # Retired meanwhile, or no licence holds any more.
    NOT_ALLOWED = "not_allowed"


class RowFault(StrEnum):
    """What keeps a row, and with it the whole file, from being entered."""

    NO_CODE = "no_code"
    UNKNOWN_PUPIL = "unknown_pupil"
    OTHER_CLASS = "other_class"
    TWICE = "twice"
    ANSWERED = "answered"
    NO_CONSENT = "no_consent"
    CONSENT_REFUSED = "consent_refused"
    OUTSIDE_AGE = "outside_age"
    LANGUAGE = "language"
    DAY_UNREADABLE = "day_unreadable"
    DAY_TO_COME = "day_to_come"
    DAY_BEFORE = "day_before"
    NO_ANSWERS = "no_answers"


class RowDoubt(StrEnum):
    """What makes one ask whether a row is about this pupil."""

    AGE = "age"
    SEX = "sex"


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something that the file says otherwise than our own list."""

    kind: RowDoubt
    said: str
    ours: str


def day_of(written: str) -> date | None:
    """The day in Kazakhstan that a cell names; a `ValueError` when it names none.

    As ISO 8601, a FHIR dateTime, or as spreadsheets of this country write it: 02.11.2026.
    """
    text = written.strip()
    if not text:
        return None
    if "T" in text:
        moment = datetime.fromisoformat(text)
        return (moment.astimezone(KAZAKHSTAN) if moment.tzinfo else moment).date()
    if "." in text:
        return datetime.strptime(text, "%d.%m.%Y").replace(tzinfo=KAZAKHSTAN).date()
    return date.fromisoformat(text)


def day_fault(day: date | None, begins: date, today: date) -> RowFault | None:
    """What is wrong with the day of the answers, in a round that began on the day `begins`."""
    if day is None:
        return None
    if day > today:
        return RowFault.DAY_TO_COME
    return RowFault.DAY_BEFORE if day < begins else None


def given_answers(instrument: Instrument, read: Mapping[str, Answer]) -> dict[str, Answer]:
    """What of a row is recorded: what was seen, and of hidden items only what was chosen."""
    hidden = hidden_items(instrument, read)
    return {
        item: answer
        for item, answer in read.items()
        if answer.is_answered or (answer.state is not AnswerState.UNSEEN and item not in hidden)
    }


def called_for(instrument: Instrument, given: Mapping[str, Answer]) -> Level | None:
    """The most urgent level that somebody must act on when these answers are entered."""
    flags: list[Flag] = [*flags_for(instrument, score(instrument, given), given)]
    for item, answer in given.items():
        if instrument.is_critical(item):
            flags += critical_flags(instrument, item, answer)
    levels = {flag.level for flag in flags} - {Level.REVIEW}
    return max(levels, key=lambda level: level.rank, default=None)
