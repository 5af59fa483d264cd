"""What a psychologist does about one talk: opens it, says how it went, books one for a family."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, or_, select

from tirek.domain.consultations import BookingState, Details
from tirek.domain.errors import DomainError
from tirek.domain.people import SYSTEM, Role
from tirek.domain.scope import Scope
from tirek.services import audit, talk_records, talks
from tirek.services.talk_records import Talk
from tirek.services.unit import Unit
from tirek.storage.models import (
    Account,
    Booking,
    Guardianship,
    HelpRequest,
    Referral,
    Student,
    WaitingParent,
)
from tirek.storage.session import within_scope

S = BookingState
MARKS = frozenset({S.DONE, S.NO_SHOW})
# After so many talks that did not take place, a call by telephone helps more than another time.
CALL_THEM_AFTER = 2


class TooEarlyError(DomainError):
    """Nobody can say how a talk went before it has begun."""


class NoFamilyError(DomainError):
    """No parent of a child here has an account with this address."""


@dataclass(frozen=True, slots=True)
class OpenedTalk:
    """A talk with all that was said for it, and what is known of how it went before."""

    talk: Talk
    family: str
    missed: int
    has_begun: bool
    is_over: bool

    @property
    def better_call(self) -> bool:
        """Whether a call by telephone is what helps this family."""
        return self.missed >= CALL_THEM_AFTER


def open_talk(unit: Unit, booking_id: UUID) -> OpenedTalk:
    """One's own talk, opened and written down as such; raises `NotFoundError` for others'."""
    talk = talk_records.read(unit, booking_id)
    family = unit.session.scalars(
        select(Account.display_name).where(Account.id == talk.account_id)
    ).one()
    # Row-level security counts those of this house alone.
    missed = unit.session.scalars(
        select(func.count()).where(
            Booking.account_id == talk.account_id, Booking.state == S.NO_SHOW.value
        )
    ).one()
    now = unit.now()
    return OpenedTalk(talk, family, missed, talk.starts_at <= now, talk.ends_at <= now)


def mark(unit: Unit, booking_id: UUID, how: BookingState) -> None:
    """Say that a talk took place or did not; said wrongly, it is said again.

    Raises `TooEarlyError` before it has begun, and a database error for one that was cancelled.
    """
    if how not in MARKS:
        raise ValueError(how)
    row = talk_records.find_row(unit, booking_id, is_locked=True)
    if row.state not in {S.BOOKED, *MARKS} or row.starts_at > unit.now():
        raise TooEarlyError("this talk has not taken place")
    if row.state != how:
        row.state, row.changed_at = how.value, unit.now()
        unit.session.flush()
        audit.record(unit, f"talk.{how.value}", "booking", row.id)


def book_for(unit: Unit, slot_id: UUID, email: str, details: Details) -> UUID:
    """Book one's own time for a family one has spoken with; also a time kept for urgent calls.

    Raises `NoFamilyError` for an address that belongs to nobody who has to do with this house.
    """
    return talks.book(unit, slot_id, details, _family(unit, email))


def _family(unit: Unit, email: str) -> UUID:
    system = Unit(unit.session, unit.catalog, unit.vault, SYSTEM)
    here = _of_school(unit) if unit.actor.school_id else _of_center(unit)
    with within_scope(unit.session, Scope.system()):
        found = system.session.scalars(
            select(Account.id).where(
                func.lower(Account.email) == email.strip().lower(),
                Account.role == Role.GUARDIAN.value,
                Account.is_active,
                here,
            )
        ).one_or_none()
    if found is None:
        raise NoFamilyError("no such parent here")
    return found


def _of_school(unit: Unit) -> ColumnElement[bool]:
    school = unit.actor.school_id
    of_pupil = exists().where(
        Guardianship.account_id == Account.id,
        Guardianship.revoked_at.is_(None),
        Student.id == Guardianship.student_id,
        Student.school_id == school,
        Student.left_at.is_(None),
    )
    waits = exists().where(
        WaitingParent.account_id == Account.id,
        WaitingParent.school_id == school,
        WaitingParent.ended_at.is_(None),
    )
    return or_(of_pupil, waits)


def _of_center(unit: Unit) -> ColumnElement[bool]:
    """Who has asked this centre for help, waits here, has talked here, or whose child was sent."""
    center = unit.actor.support_center_id
    return or_(
        exists().where(
            Guardianship.account_id == Account.id,
            Guardianship.revoked_at.is_(None),
            Referral.student_id == Guardianship.student_id,
            Referral.support_center_id == center,
        ),
        *(
            exists().where(table.account_id == Account.id, table.support_center_id == center)
            for table in (WaitingParent, HelpRequest, Booking)
        ),
    )
