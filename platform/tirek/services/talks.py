"""A parent's talk with a psychologist: kept for a while, booked, moved, given up, made a call.

The parent acts for themselves; a psychologist may book for a parent (`account_id`), give a talk
of their own up, and is told of everything that happens to one.
"""

from uuid import UUID

from sqlalchemy import exists, func, select, update

from tirek.domain.calls import CallPass, call_pass
from tirek.domain.consultations import (
    AHEAD_MOST,
    HOLD,
    BookingState,
    Details,
    Medium,
    Topic,
    phone_number,
    quiet_for,
)
from tirek.domain.errors import NotFoundError
from tirek.domain.people import Role
from tirek.services import (
    audit,
    outbox,
    talk_drafts,
    talk_records,
    talk_taking,
    talk_times,
    waiting,
)
from tirek.services.outbox import Message
from tirek.services.talk_records import Talk
from tirek.services.talk_taking import Claim, EnoughAheadError, NotOfferedError, TimeGoneError
from tirek.services.unit import Unit
from tirek.storage.models import Booking, ConsultationHost, Slot, WaitingParent

S = BookingState
PARENT, HOST = "parent", "host"


def hold(unit: Unit, slot_id: UUID, language: str, like: UUID | None = None) -> UUID:
    """Keep a time for this parent for ten minutes, while they say what the talk is about.

    Whoever keeps a time lets go of the one kept before; what was typed for that one (`like`) comes
    along. Raises a `TimeGoneError` with near times.
    """
    slot = _near_slot(unit, slot_id)
    parent = _parent(unit)
    talk_taking.in_turn(unit, parent, [slot.host_id])
    said = talk_drafts.before(unit, like) if like else _unsaid(unit, slot, language)
    claim = Claim(parent, said, held_until=unit.now() + HOLD)
    # Refused, they keep what they had.
    with unit.session.begin_nested():
        _let_go(unit, parent)
        return _take(unit, slot, claim).id


def confirm(unit: Unit, booking_id: UUID, details: Details) -> UUID:
    """Make a kept time a booked one; returns the booking, a new one when the old had run out.

    Who was too slow still gets the time when it is free; else a `TimeGoneError`.
    """
    row = _locked(unit, booking_id)
    if row.state == S.BOOKED:
        return row.id
    if row.state not in {S.HELD, S.EXPIRED}:
        raise _gone(unit, NotOfferedError("this talk is over"), row.slot_id)
    slot = unit.session.get_one(Slot, row.slot_id, populate_existing=True)
    if row.state == S.EXPIRED or slot.cancelled_at is not None:
        row = _take(unit, slot, Claim(row.account_id, details))
    else:
        _fill(unit, row, details)
    _booked(unit, row)
    return row.id


def book(unit: Unit, slot_id: UUID, details: Details, account_id: UUID | None = None) -> UUID:
    """Take a time at once; a psychologist does it for a parent they have spoken with."""
    parent = account_id or _parent(unit)
    slot = _near_slot(unit, slot_id) if _is_parent(unit) else _own_slot(unit, slot_id)
    talk_taking.in_turn(unit, parent, [slot.host_id])
    row = _take(unit, slot, Claim(parent, details))
    _booked(unit, row)
    return row.id


def move(unit: Unit, booking_id: UUID, slot_id: UUID) -> UUID:
    """Take another time instead; returns the new booking. The old time goes to who waits.

    It is a new room, and for the family's calendar the same entry, changed.
    """
    slot = _near_slot(unit, slot_id) if _is_parent(unit) else _own_slot(unit, slot_id)
    before = _locked(unit, booking_id, slot.host_id)
    _require_ahead(unit, before)
    opened = talk_records.read(unit, booking_id)
    said = Details(
        opened.medium, opened.topic, opened.age_band, opened.language, opened.phone, opened.words
    )
    claim = Claim(before.account_id, said, moved_from=before.id, sequence=before.sequence + 1)
    try:
        with unit.session.begin_nested():
            # Before the new one is taken: a talk may move by half an hour.
            _end(unit, before, S.MOVED)
            row = talk_taking.take(unit, slot, claim)
    except TimeGoneError as error:
        raise _gone(unit, error, slot.id) from error
    audit.record(unit, "talk.move", "booking", row.id)
    _tell(unit, row, "talk_changed", "moved", {before.host_id, row.host_id})
    waiting.offer_next(unit, before.host_id)
    return row.id


def cancel(unit: Unit, booking_id: UUID) -> None:
    """Give a talk up, or let go of a kept time; both sides are told, and nobody is blamed."""
    row = _locked(unit, booking_id)
    if row.state in {S.CANCELLED, S.EXPIRED}:
        return
    if row.state == S.HELD:
        _end(unit, row, S.EXPIRED)
    else:
        _require_ahead(unit, row)
        row.cancelled_by = PARENT if _is_parent(unit) else HOST
        row.sequence += 1
        _end(unit, row, S.CANCELLED)
        audit.record(unit, "talk.cancel", "booking", row.id)
        _tell(unit, row, "talk_changed", "cancelled", {row.host_id})
    waiting.offer_next(unit, row.host_id)


def ask_phone(unit: Unit, booking_id: UUID, phone: str | None = None) -> None:
    """Have the same talk by telephone instead; it counts the same, and the psychologist is told.

    Raises `DetailsError` when there is no number to call.
    """
    row = _locked(unit, booking_id)
    if row.state != S.BOOKED or row.ends_at <= unit.now():
        raise _gone(unit, NotOfferedError("this talk is over"), row.slot_id)
    said = talk_records.read(unit, booking_id)
    # Refuses what nobody can call.
    Details(Medium.PHONE, said.topic, said.age_band, said.language, phone or said.phone)
    if phone:
        row.phone_sealed = talk_taking.seal(unit, row.id, "phone_sealed", phone_number(phone))
    row.medium = Medium.PHONE.value
    row.phone_asked_at = row.changed_at = unit.now()
    unit.session.flush()
    audit.record(unit, "talk.ask_phone", "booking", row.id)
    outbox.queue(unit, [_news(row, row.host_id, f"phone:{row.changed_at.isoformat()}")])


def join_pass(unit: Unit, booking_id: UUID) -> CallPass | None:
    """What opens the call's room for this person now; None when no call is due."""
    row = talk_records.find_row(unit, booking_id)
    if row.state != S.BOOKED:
        return None
    is_host = unit.actor.account_id == row.host_id
    # Opaque, and another one in every talk: the call's server learns of nobody twice.
    guest = unit.vault.index(f"call {row.id} {unit.actor.account_id}").hex()[:32]
    audit.record(unit, "talk.join", "booking", row.id)
    return call_pass(
        room=row.room,
        guest=guest,
        is_host=is_host,
        medium=Medium(row.medium),
        times=(row.starts_at, row.ends_at),
        now=unit.now(),
    )


def _is_parent(unit: Unit) -> bool:
    return unit.actor.role is Role.GUARDIAN


def _parent(unit: Unit) -> UUID:
    if not _is_parent(unit) or unit.actor.account_id is None:
        raise NotFoundError("account", None)
    return unit.actor.account_id


def _near_slot(unit: Unit, slot_id: UUID) -> Slot:
    """A time of somebody near this parent; what is far away does not exist."""
    slot = unit.session.get(Slot, slot_id, populate_existing=True)
    if slot is None or slot.host_id not in {one.id for one in talk_times.near_people(unit)}:
        raise NotFoundError("slot", slot_id)
    return slot


def _own_slot(unit: Unit, slot_id: UUID) -> Slot:
    slot = unit.session.get(Slot, slot_id, populate_existing=True)
    if slot is None or slot.host_id != unit.actor.account_id:
        raise NotFoundError("slot", slot_id)
    return slot


def _unsaid(unit: Unit, slot: Slot, language: str) -> Details:
    """What a form begins with, so that nothing is asked twice: language, age, telephone."""
    host = unit.session.get_one(ConsultationHost, slot.host_id)
    spoken = {"kk": host.speaks_kk, "ru": host.speaks_ru}
    if not spoken.get(language):
        language = "kk" if host.speaks_kk else "ru"
    age, phone = talk_records.age_near(unit), talk_records.own_phone(unit)
    return Details(Medium.IN_PERSON, Topic.OTHER, age, language, phone)


def _locked(unit: Unit, booking_id: UUID, *hosts: UUID) -> Booking:
    """An own booking, with its people's turns taken; holds that ran out have been let go."""
    row = talk_records.find_row(unit, booking_id)
    talk_taking.in_turn(unit, row.account_id, [row.host_id, *hosts])
    return talk_records.find_row(unit, booking_id, is_locked=True)


def _let_go(unit: Unit, parent: UUID) -> None:
    """Nobody keeps two times at once, but for one that was offered from the waiting list."""
    is_offered = exists().where(
        WaitingParent.account_id == parent,
        WaitingParent.offered_slot_id == Booking.slot_id,
        WaitingParent.offered_until > unit.now(),
        WaitingParent.ended_at.is_(None),
    )
    unit.session.execute(
        update(Booking)
        .where(Booking.account_id == parent, Booking.state == S.HELD.value, ~is_offered)
        .values(state=S.EXPIRED.value, held_until=None, changed_at=unit.now())
        .execution_options(synchronize_session=False)
    )


def _require_room(unit: Unit, parent: UUID) -> None:
    """Nobody has all the times: the parent's turn is taken, so no second tab gets past this."""
    ahead = select(func.count()).where(
        Booking.account_id == parent,
        Booking.state == S.BOOKED.value,
        Booking.starts_at > unit.now(),
    )
    if unit.session.scalars(ahead).one() >= AHEAD_MOST:
        raise EnoughAheadError("enough talks ahead")


def _take(unit: Unit, slot: Slot, claim: Claim) -> Booking:
    try:
        if _is_parent(unit):
            _require_room(unit, claim.account_id)
        return talk_taking.take(unit, slot, claim)
    except TimeGoneError as error:
        raise _gone(unit, error, slot.id) from error


def _gone(unit: Unit, error: TimeGoneError, slot_id: UUID) -> TimeGoneError:
    slot = unit.session.scalars(select(Slot).where(Slot.id == slot_id)).one()
    error.near = talk_times.near_to(unit, slot.host_id, slot.starts_at)
    return error


def _fill(unit: Unit, row: Booking, details: Details) -> None:
    phone = phone_number(details.phone) if details.phone else None
    row.medium, row.topic = details.medium.value, details.topic.value
    row.age_band, row.language = details.age_band.value, details.language
    row.phone_sealed = talk_taking.seal(unit, row.id, "phone_sealed", phone)
    row.words_sealed = talk_taking.seal(unit, row.id, "words_sealed", details.words)
    row.state, row.held_until, row.changed_at = S.BOOKED.value, None, unit.now()
    unit.session.flush()


def _require_ahead(unit: Unit, row: Booking) -> None:
    if row.state != S.BOOKED or row.starts_at <= unit.now():
        raise _gone(unit, NotOfferedError("this talk has begun or is over"), row.slot_id)


def _end(unit: Unit, row: Booking, state: BookingState) -> None:
    row.state, row.held_until, row.changed_at = state.value, None, unit.now()
    unit.session.flush()


def _booked(unit: Unit, row: Booking) -> None:
    audit.record(unit, "talk.book", "booking", row.id)
    waiting.end_for(unit, row)
    _tell(unit, row, "talk_booked", "booked", {row.host_id})


def _tell(unit: Unit, row: Booking, kind: str, what: str, hosts: set[UUID]) -> None:
    """Tell both sides; a parent in the quiet hours only in the morning."""
    occasion = f"{row.id}:{row.sequence}:{what}"
    parent = Message(
        kind,
        occasion,
        account_id=row.account_id,
        booking_id=row.id,
        after=quiet_for(unit.now()),
    )
    outbox.queue(unit, [parent, *(_news(row, host, what) for host in sorted(hosts))])


def _news(row: Booking, host_id: UUID, what: str) -> Message:
    occasion = f"{row.id}:{row.sequence}:{what}"
    return Message("talk_news", occasion, account_id=host_id, booking_id=row.id)


__all__ = [
    "Talk",
    "ask_phone",
    "book",
    "cancel",
    "confirm",
    "hold",
    "join_pass",
    "move",
]
