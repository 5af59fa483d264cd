"""What a class or a school went through, so that pupils may be asked how they are after it."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import func, select

from tirek.domain.errors import DomainError
from tirek.domain.gates import has_happened
from tirek.services import audit
from tirek.services.runs import AdministrationKey
from tirek.services.unit import Unit
from tirek.storage.models import Account, Assignment, SchoolEvent

PLACE = ("school_events", "words_sealed")


class NotYetError(DomainError):
    """An event can only be recorded once it has happened."""


@dataclass(frozen=True, slots=True)
class Event:
    """A recorded event, its words opened for the school's psychologist."""

    id: UUID
    happened_on: date
    words: str
    recorded_by: str
    recorded_at: datetime
    # How many classes have been asked about it.
    assignments: int


def record(unit: Unit, happened_on: date, words: str) -> UUID:
    """Write an event of the own school down; raises `NotYetError` for a day to come."""
    if not has_happened(happened_on, unit.now()):
        raise NotYetError("it has not happened yet")
    actor = unit.actor
    if actor.school_id is None or actor.account_id is None:
        raise TypeError("an event is recorded by somebody at a school")
    event_id = uuid4()
    unit.session.add(
        SchoolEvent(
            id=event_id,
            school_id=actor.school_id,
            happened_on=happened_on,
            words_sealed=unit.vault.seal_secret(words, *PLACE, str(event_id)),
            recorded_by=actor.account_id,
        )
    )
    unit.session.flush()
    audit.record(unit, "event.record", "school_event", event_id, school_id=actor.school_id)
    return event_id


def of_school(unit: Unit) -> list[Event]:
    """Every event of the own school with its words, the latest first; reading them is audited."""
    asked = (
        select(func.count())
        .where(Assignment.event_id == SchoolEvent.id, Assignment.cancelled_at.is_(None))
        .scalar_subquery()
    )
    rows = unit.session.execute(
        select(SchoolEvent, Account.display_name, asked)
        .join(Account, Account.id == SchoolEvent.recorded_by)
        .where(SchoolEvent.school_id == unit.actor.school_id)
        .order_by(SchoolEvent.happened_on.desc(), SchoolEvent.recorded_at.desc())
    ).all()
    for event, _, _ in rows:
        audit.record(unit, "event.view", "school_event", event.id, school_id=event.school_id)
    return [
        Event(
            event.id,
            event.happened_on,
            unit.vault.open_secret(event.words_sealed, *PLACE, str(event.id)),
            name,
            event.recorded_at,
            number,
        )
        for event, name, number in rows
    ]


def find_date(unit: Unit, event_id: UUID) -> date | None:
    """The day of an event of the own school."""
    return unit.session.scalars(
        select(SchoolEvent.happened_on).where(
            SchoolEvent.id == event_id, SchoolEvent.school_id == unit.actor.school_id
        )
    ).one_or_none()


def find_date_asked_about(unit: Unit, key: AdministrationKey) -> date | None:
    """The day of the event that an administration asks about; its words are not for pupils.

    A pupil's transaction sees no event, so the database hands over the day alone.
    """
    day: date | None = unit.session.scalar(
        select(func.event_date_asked_about(key.school_year, key.id))
    )
    return day
