"""The round over talks: parents are reminded, kept times run out, freed ones go to who waits.

Run by the relay and by Celery beat, any number of them at once: a reminder is one row of the
outbox however often it is asked for, and a time can be offered to one parent only.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import Session

from tirek.domain import talk_reminders as rules
from tirek.domain.consultations import TAKING, BookingState
from tirek.services import outbox, talk_taking, talk_times, waiting
from tirek.services.outbox import Message
from tirek.services.unit import Unit
from tirek.storage.models import Booking, ConsultationHost, OutboxMessage, Slot, WaitingParent

KIND = "talk_reminder"
# One psychologist's freed times of one sweep; the rest come with the next.
OFFERS_AT_ONCE = 20


def remind_due(unit: Unit, now: datetime) -> int:
    """Queue the reminders whose moment has come; returns how many are new.

    Each goes once for each change of a talk: the occasion bears the booking and its sequence. A
    talk that was moved is another booking, so what was planned for the old one is never queued.
    """
    rows = unit.session.execute(
        select(
            Booking.id,
            Booking.account_id,
            Booking.sequence,
            Booking.starts_at,
            Booking.created_at,
        )
        .where(Booking.state == BookingState.BOOKED.value)
        .where(Booking.starts_at > now, Booking.starts_at < now + rules.FURTHEST)
        .order_by(Booking.starts_at)
    ).all()
    messages = [
        Message(
            KIND,
            f"{row.id}:{row.sequence}:{lead}",
            account_id=row.account_id,
            booking_id=row.id,
        )
        for row in rows
        if (lead := rules.due(row.starts_at, row.created_at, now)) is not None
    ]
    queued = _queued(unit, messages)
    new = [one for one in messages if one.dedup not in queued]
    outbox.queue(unit, new)
    return len(new)


def _queued(unit: Unit, messages: list[Message]) -> set[str]:
    """What earlier sweeps have queued; what another queues at this moment the outbox sees to."""
    rows = unit.session.scalars(
        select(OutboxMessage.dedup).where(OutboxMessage.dedup.in_([one.dedup for one in messages]))
    )
    return set(rows)


def is_late(session: Session, message: OutboxMessage) -> bool:
    """Whether a reminder that has waited must not leave any more.

    The talk was moved or cancelled meanwhile, or has begun; or it is night, because the mail
    server was away in the evening.
    """
    row = session.execute(
        select(Booking.state, Booking.starts_at <= func.now(), func.now()).where(
            Booking.id == message.booking_id
        )
    ).one()
    state, has_begun, now = row
    return state != BookingState.BOOKED or has_begun or rules.is_night(now)


def hosts_to_tend(unit: Unit) -> list[UUID]:
    """Psychologists with a kept time that ran out, or with a free one and somebody who waits."""
    run_out = select(Booking.host_id).where(
        Booking.state == BookingState.HELD.value, Booking.held_until <= func.now()
    )
    house = or_(
        WaitingParent.school_id == ConsultationHost.school_id,
        WaitingParent.support_center_id == ConsultationHost.support_center_id,
    )
    somebody_waits = exists().where(
        WaitingParent.ended_at.is_(None),
        or_(WaitingParent.offered_until.is_(None), WaitingParent.offered_until <= func.now()),
        or_(
            WaitingParent.host_id == ConsultationHost.account_id,
            and_(WaitingParent.host_id.is_(None), house),
        ),
    )
    has_free = exists().where(
        Slot.host_id == ConsultationHost.account_id,
        *talk_times.offered(unit.now()),
        ~exists().where(Booking.slot_id == Slot.id, Booking.state.in_(TAKING)),
    )
    waited_for = select(ConsultationHost.account_id).where(
        ConsultationHost.is_open, somebody_waits, has_free
    )
    return sorted(unit.session.scalars(run_out.union(waited_for)))


def tend(unit: Unit, host_id: UUID) -> int:
    """Let go of one psychologist's kept times that ran out, and offer free ones to who waits.

    Returns how many were offered.
    """
    talk_taking.lock_hosts(unit, [host_id])
    offered = 0
    while offered < OFFERS_AT_ONCE and waiting.offer_next(unit, host_id):
        offered += 1
    return offered
