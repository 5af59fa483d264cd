"""What a parent has typed for a talk before it is booked: kept, sealed, through everything.

It stays with the kept time, also when that ran out and another one has to be chosen.
"""

from dataclasses import dataclass
from uuid import UUID

from tirek.domain.consultations import (
    WORDS_MOST,
    AgeBand,
    BookingState,
    Details,
    Medium,
    Topic,
    phone_number,
)
from tirek.services import talk_records, talk_taking
from tirek.services.unit import Unit

LONGEST_PHONE = 30
# What is being filled in, or was when its time ran out.
_OPEN = frozenset({BookingState.HELD, BookingState.EXPIRED})


@dataclass(frozen=True, slots=True)
class Draft:
    """What was typed, as far as it can be read; None leaves what was there."""

    medium: Medium | None = None
    topic: Topic | None = None
    age_band: AgeBand | None = None
    language: str | None = None
    phone: str | None = None
    words: str | None = None


def keep(unit: Unit, booking_id: UUID, draft: Draft) -> None:
    """Keep what was typed with a time that is not booked yet."""
    row = talk_records.find_row(unit, booking_id, is_locked=True)
    if row.state not in _OPEN:
        return
    row.medium = draft.medium or row.medium
    row.topic = draft.topic or row.topic
    row.age_band = draft.age_band or row.age_band
    row.language = draft.language or row.language
    phone = (draft.phone or "")[:LONGEST_PHONE]
    words = (draft.words or "")[:WORDS_MOST]
    row.phone_sealed = talk_taking.seal(unit, row.id, "phone_sealed", phone)
    row.words_sealed = talk_taking.seal(unit, row.id, "words_sealed", words)
    unit.session.flush()


def before(unit: Unit, booking_id: UUID) -> Details:
    """What was said for another time, so that nobody types it twice; a half number is let go."""
    talk = talk_records.read(unit, booking_id)
    said = (talk.topic, talk.age_band, talk.language)
    is_callable = talk.phone and phone_number(talk.phone)
    medium = talk.medium if is_callable or talk.medium is not Medium.PHONE else Medium.IN_PERSON
    return Details(medium, *said, talk.phone if is_callable else None, talk.words)
