"""A time becomes somebody's: the database says no to a second one, and here it gets its words.

Locks are taken in one order everywhere: the parent, the psychologists, then rows of bookings.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from secrets import token_hex
from uuid import UUID, uuid4

from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from tirek.domain.consultations import BookingState, Details
from tirek.domain.errors import ConflictError
from tirek.services.talk_times import FreeTime
from tirek.services.unit import Unit
from tirek.storage.models import Account, Booking, ConsultationHost, Slot

ROOM_BYTES = 16
OWN_OVERLAP = "one_place_at_a_time"
# Keeps one parent's steps one after another; any number that nothing else of ours locks.
_PARENTS = 4_206
_ONE_PARENT = text("SELECT pg_advisory_xact_lock(:kind, :number)")
_TRY_PARENT = text("SELECT pg_try_advisory_xact_lock(:kind, :number)")


class TimeGoneError(ConflictError):
    """A time cannot be had; `near` are free ones to offer instead."""

    near: list[FreeTime]

    def __init__(self, message: str) -> None:
        """The near times are added by who knows what is near."""
        super().__init__(message)
        self.near = []


class TakenError(TimeGoneError):
    """Somebody else was first."""


class NotOfferedError(TimeGoneError):
    """The time is over, was withdrawn, or is kept for urgent calls."""


class DayFullError(TimeGoneError):
    """The psychologist's day is full."""


class EnoughAheadError(TimeGoneError):
    """The parent has as many talks ahead as one family may: others wait too."""


class OwnOverlapError(TimeGoneError):
    """The parent has another talk at that time."""


@dataclass(frozen=True, slots=True)
class Claim:
    """How a time is taken: by whom, kept until when, or moved from which talk."""

    account_id: UUID
    details: Details
    held_until: datetime | None = None
    moved_from: UUID | None = None
    sequence: int = 0


def number_of(unit: Unit, account_id: UUID) -> int:
    """A parent's small number, for ranges and locks."""
    return unit.session.scalars(select(Account.number).where(Account.id == account_id)).one()


def in_turn(unit: Unit, account_id: UUID, hosts: Collection[UUID]) -> None:
    """Let one parent's steps, and the steps at one psychologist, follow one another."""
    unit.session.execute(_ONE_PARENT, {"kind": _PARENTS, "number": number_of(unit, account_id)})
    lock_hosts(unit, hosts)


def lock_hosts(unit: Unit, hosts: Collection[UUID]) -> None:
    """Wait for these psychologists' turn and let holds that ran out go."""
    for host_id in sorted(set(hosts)):
        unit.session.execute(
            select(ConsultationHost.number)
            .where(ConsultationHost.account_id == host_id)
            .with_for_update()
        )
        unit.session.execute(select(func.let_go_of_holds(host_id)))


def try_parent(unit: Unit, account_id: UUID) -> bool:
    """Take the parent's turn if it is free: who has a psychologist's turn already must not wait."""
    number = number_of(unit, account_id)
    return bool(unit.session.scalars(_TRY_PARENT, {"kind": _PARENTS, "number": number}).one())


def take(unit: Unit, slot: Slot, claim: Claim) -> Booking:
    """Put a parent into a time; raise a `TimeGoneError` and leave everything else as it was."""
    row = _row(unit, slot, claim)
    try:
        with unit.session.begin_nested():
            unit.session.add(row)
            unit.session.flush()
    except DBAPIError as error:
        raise _why(error) from error
    return row


def _row(unit: Unit, slot: Slot, claim: Claim) -> Booking:
    host = unit.session.get_one(ConsultationHost, slot.host_id)
    said, booking_id = claim.details, uuid4()
    return Booking(
        id=booking_id,
        slot_id=slot.id,
        host_id=slot.host_id,
        host_number=slot.host_number,
        account_id=claim.account_id,
        parent_number=number_of(unit, claim.account_id),
        school_id=host.school_id,
        support_center_id=host.support_center_id,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        state=(BookingState.HELD if claim.held_until else BookingState.BOOKED).value,
        held_until=claim.held_until,
        medium=said.medium.value,
        topic=said.topic.value,
        age_band=said.age_band.value,
        language=said.language,
        phone_sealed=seal(unit, booking_id, "phone_sealed", said.phone),
        words_sealed=seal(unit, booking_id, "words_sealed", said.words),
        room=token_hex(ROOM_BYTES),
        sequence=claim.sequence,
        moved_from=claim.moved_from,
    )


def seal(unit: Unit, booking_id: UUID, column: str, plain: str | None) -> bytes | None:
    """Close a cell of a booking; nothing stays nothing."""
    if not plain:
        return None
    return unit.vault.seal_secret(plain, "bookings", column, str(booking_id))


def unseal(unit: Unit, booking_id: UUID, column: str, sealed: bytes | None) -> str | None:
    """Open a cell of a booking."""
    if sealed is None:
        return None
    return unit.vault.open_secret(sealed, "bookings", column, str(booking_id))


def _why(error: DBAPIError) -> Exception:
    """What the database's refusal means; anything else is raised as it came."""
    match getattr(error.orig, "sqlstate", None):
        case "23P01":
            diagnosis = getattr(error.orig, "diag", None)
            if OWN_OVERLAP in str(getattr(diagnosis, "constraint_name", "")):
                return OwnOverlapError("another talk at that time")
            return TakenError("somebody else was first")
        case "TK006":
            return NotOfferedError("this time is not offered")
        case "TK007":
            return DayFullError("the day is full")
        case _:
            return error
