"""A psychologist who offers talks: on which terms, at which times, and which they take back."""

from dataclasses import asdict, dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from tirek.domain.consultations import TAKING, BookingState
from tirek.domain.errors import ConflictError, NotFoundError
from tirek.domain.talk_pattern import OfferedTime, Pattern, plan
from tirek.services import audit, talk_taking, talks
from tirek.services.talk_taking import NotOfferedError
from tirek.services.talk_times import Span
from tirek.services.unit import Unit
from tirek.storage.models import Booking, ConsultationHost, Slot

DAILY_MOST, REST_MOST = 12, 60


class OverlapError(ConflictError):
    """Another window of the same person has just offered times that overlap these."""


class BookedMeanwhileError(ConflictError):
    """A family has booked the time while its psychologist was taking it back."""


@dataclass(frozen=True, slots=True)
class Terms:
    """On which terms somebody offers talks."""

    daily_most: int = 6
    rest_minutes: int = 15
    speaks_kk: bool = True
    speaks_ru: bool = True
    is_open: bool = True

    def speaks(self, language: str) -> bool:
        """Whether one can talk with them in this language."""
        return self.speaks_kk if language == "kk" else self.speaks_ru


@dataclass(frozen=True, slots=True)
class Offered:
    """What became of a pattern: how many times were new, and what was left out."""

    added: int
    # Times that overlap ones which are offered already.
    overlapping: tuple[OfferedTime, ...]
    days_off: tuple[date, ...]


def terms(unit: Unit) -> Terms | None:
    """One's own terms; None for who does not offer talks yet."""
    host = _own(unit)
    if host is None:
        return None
    return Terms(host.daily_most, host.rest_minutes, host.speaks_kk, host.speaks_ru, host.is_open)


def set_terms(unit: Unit, wanted: Terms) -> None:
    """Offer talks from now on, or change the terms; talks that are booked stay."""
    values = asdict(wanted)
    row = insert(ConsultationHost).values(
        account_id=_me(unit),
        school_id=unit.actor.school_id,
        support_center_id=unit.actor.support_center_id,
        **values,
    )
    unit.session.execute(
        row.on_conflict_do_update(index_elements=[ConsultationHost.account_id], set_=values)
    )
    audit.record(unit, "talk.terms", "consultation_host", unit.actor.account_id)


def offer(unit: Unit, pattern: Pattern) -> Offered:
    """Offer the times of a pattern, without holidays and without what is offered already.

    Raises `PatternError` for days that are over, `NotFoundError` for who has no terms yet.
    """
    host = _require_own(unit)
    planned = plan(pattern, unit.catalog.protocol.calendar, unit.now())
    talk_taking.lock_hosts(unit, [host.account_id])
    there = _there(unit, host.account_id, planned.times)
    overlapping = tuple(
        one
        for one in planned.times
        if any(begins < one.ends_at and ends > one.starts_at for begins, ends in there)
    )
    new = [one for one in planned.times if one not in overlapping]
    _add(unit, host, new)
    if new:
        audit.record(unit, "slot.offer", "consultation_host", host.account_id)
    return Offered(len(new), overlapping, planned.days_off)


def _there(unit: Unit, host_id: UUID, times: tuple[OfferedTime, ...]) -> list[Span]:
    if not times:
        return []
    rows = unit.session.execute(
        select(Slot.starts_at, Slot.ends_at).where(
            Slot.host_id == host_id,
            Slot.cancelled_at.is_(None),
            Slot.ends_at > times[0].starts_at,
            Slot.starts_at < times[-1].ends_at,
        )
    )
    return [(row.starts_at, row.ends_at) for row in rows]


def _add(unit: Unit, host: ConsultationHost, times: list[OfferedTime]) -> None:
    rows = [
        Slot(
            host_id=host.account_id,
            host_number=host.number,
            starts_at=one.starts_at,
            ends_at=one.ends_at,
            is_reserved=one.is_reserved,
        )
        for one in times
    ]
    try:
        with unit.session.begin_nested():
            unit.session.add_all(rows)
            unit.session.flush()
    except IntegrityError as error:
        # The turn was ours, so only the constraint itself can know better.
        raise OverlapError("these times overlap others") from error


def own_slot(unit: Unit, slot_id: UUID) -> Slot:
    """A time of one's own that has not been taken back; raises `NotFoundError`."""
    slot = unit.session.get(Slot, slot_id, populate_existing=True)
    if slot is None or slot.host_id != unit.actor.account_id or slot.cancelled_at is not None:
        raise NotFoundError("slot", slot_id)
    return slot


def booked_on(unit: Unit, slot_id: UUID) -> UUID | None:
    """The booked talk at a time of one's own; None when nobody has it."""
    found = _taking(unit, slot_id)
    return found.id if found is not None and found.state == BookingState.BOOKED else None


def set_reserved(unit: Unit, slot_id: UUID, *, is_reserved: bool) -> None:
    """Keep a time for urgent calls, or show it to parents; who has booked it keeps it."""
    slot = own_slot(unit, slot_id)
    slot.is_reserved = is_reserved
    unit.session.flush()
    audit.record(unit, "slot.reserve" if is_reserved else "slot.open", "slot", slot.id)


def withdraw(
    unit: Unit, slot_id: UUID, known: UUID | None = None, instead: UUID | None = None
) -> None:
    """Take a time back. Its booking, which must be the `known` one, is cancelled.

    With `instead`, another time of one's own, the booking moves there. The parent is told either
    way. Raises `BookedMeanwhileError` when there is a booking that the psychologist has not seen,
    and a `TimeGoneError` when the talk has begun, or the other time cannot be had.
    """
    slot = own_slot(unit, slot_id)
    if slot.starts_at <= unit.now():
        raise NotOfferedError("this time has begun")
    before = _taking(unit, slot_id)
    if before is None:
        talk_taking.lock_hosts(unit, [slot.host_id])
    else:
        # In the order of everybody's locks: the parent first.
        talk_taking.in_turn(unit, before.account_id, [slot.host_id])
    found = _taking(unit, slot_id)
    if found is not None and (before is None or found.id != before.id or _is_news(found, known)):
        raise BookedMeanwhileError("this time was booked just now")
    # Before the booking ends: what becomes free is offered to who waits, and this must not be.
    slot.cancelled_at = unit.now()
    unit.session.flush()
    audit.record(unit, "slot.withdraw", "slot", slot.id)
    if found is not None and found.state == BookingState.BOOKED and instead is not None:
        talks.move(unit, found.id, instead)
    elif found is not None:
        talks.cancel(unit, found.id)


def _taking(unit: Unit, slot_id: UUID) -> Booking | None:
    return unit.session.scalars(
        select(Booking)
        .where(Booking.slot_id == slot_id, Booking.state.in_(TAKING))
        .execution_options(populate_existing=True)
    ).one_or_none()


def _is_news(found: Booking, known: UUID | None) -> bool:
    """Whether it is a real booking that was not on the page; who only keeps it may lose it."""
    return found.state == BookingState.BOOKED and found.id != known


def free_of_mine(unit: Unit, but: UUID | None = None) -> list[Slot]:
    """One's own coming times that nobody has, also the reserved ones, soonest first."""
    taken = select(Booking.slot_id).where(
        Booking.host_id == unit.actor.account_id,
        (Booking.state == BookingState.BOOKED.value)
        | ((Booking.state == BookingState.HELD.value) & (Booking.held_until > unit.now())),
    )
    return list(
        unit.session.scalars(
            select(Slot)
            .where(
                Slot.host_id == unit.actor.account_id,
                Slot.cancelled_at.is_(None),
                Slot.starts_at > unit.now(),
                Slot.id.not_in(taken),
                Slot.id.is_distinct_from(but),
            )
            .order_by(Slot.starts_at)
        )
    )


def _own(unit: Unit) -> ConsultationHost | None:
    return unit.session.get(ConsultationHost, _me(unit), populate_existing=True)


def _require_own(unit: Unit) -> ConsultationHost:
    host = _own(unit)
    if host is None:
        raise NotFoundError("consultation_host", unit.actor.account_id)
    return host


def _me(unit: Unit) -> UUID:
    if unit.actor.account_id is None:
        raise NotFoundError("account", None)
    return unit.actor.account_id
