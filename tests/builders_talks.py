"""Psychologists who offer talks, and the times they offer."""

from datetime import datetime, time, timedelta
from uuid import UUID

from sqlalchemy import select

from tests.world import Adult, an_adult
from tirek.domain.clocks import KAZAKHSTAN
from tirek.domain.consultations import AgeBand, Details, Medium, Topic
from tirek.domain.people import Role
from tirek.services.unit import Unit
from tirek.storage.models import Account, ConsultationHost, Guardianship, Slot, Student

HALF = timedelta(minutes=30)


def a_day(ahead: int = 1, hour: int = 10) -> datetime:
    """An hour of a day to come, in Kazakhstan."""
    day = datetime.now(KAZAKHSTAN).date() + timedelta(days=ahead)
    return datetime.combine(day, time(hour), KAZAKHSTAN)


def a_host(unit: Unit, adult: Adult, **facts: object) -> ConsultationHost:
    """This member of staff offers talks from now on."""
    account = adult.account
    host = ConsultationHost(
        account_id=account.id,
        school_id=account.school_id,
        support_center_id=account.support_center_id,
        **facts,  # type: ignore[arg-type]
    )
    unit.session.add(host)
    unit.session.flush()
    return host


def a_slot(
    unit: Unit, host: ConsultationHost, starts_at: datetime, *, is_reserved: bool = False
) -> UUID:
    """Half an hour that the host offers."""
    slot = Slot(
        host_id=host.account_id,
        host_number=host.number,
        starts_at=starts_at,
        ends_at=starts_at + HALF,
        is_reserved=is_reserved,
    )
    unit.session.add(slot)
    unit.session.flush()
    return slot.id


def some_slots(
    unit: Unit, host: ConsultationHost, many: int = 3, first: datetime | None = None
) -> list[UUID]:
    """So many times of one day, an hour apart."""
    begins = first or a_day()
    return [a_slot(unit, host, begins + timedelta(hours=n)) for n in range(many)]


def a_parent(unit: Unit, student: Student, verified_by: Account) -> Adult:
    """One more guardian of this child."""
    adult = an_adult(unit, Role.GUARDIAN)
    unit.session.add(
        Guardianship(account_id=adult.account.id, student_id=student.id, verified_by=verified_by.id)
    )
    unit.session.flush()
    return adult


def said(medium: Medium = Medium.IN_PERSON, **facts: object) -> Details:
    """What a parent says before a talk."""
    facts = {
        "topic": Topic.SCHOOL,
        "age_band": AgeBand.FROM_13,
        "language": "kk",
        "phone": "+77010000001",
        **facts,
    }
    return Details(medium, **facts)  # type: ignore[arg-type]


def start_of(unit: Unit, slot_id: UUID) -> datetime:
    """When a time begins."""
    return unit.session.scalars(select(Slot.starts_at).where(Slot.id == slot_id)).one()
