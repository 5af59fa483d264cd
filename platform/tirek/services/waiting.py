"""Parents who wait for a time, and the time that is kept for the next of them.

An offered time is a booking in the state `held`, made by the system in the parent's name: so the
database itself keeps it from everybody else, and lets it go when the offer runs out. The waiting
row remembers which time it was. Who let an offer pass stands behind those who had none yet.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select, update

from tirek.domain.consultations import (
    NOTICE,
    OFFER,
    AgeBand,
    Details,
    Medium,
    Topic,
    quiet_for,
)
from tirek.domain.errors import NotFoundError
from tirek.domain.people import SYSTEM
from tirek.domain.scope import Scope
from tirek.services import audit, outbox, talk_taking, talk_times
from tirek.services.outbox import Message
from tirek.services.talk_taking import Claim, TimeGoneError
from tirek.services.talk_times import FreeTime, House, Person
from tirek.services.unit import Unit
from tirek.storage.models import Account, Booking, ConsultationHost, Slot, WaitingParent
from tirek.storage.session import within_scope


@dataclass(frozen=True, slots=True)
class Place:
    """A parent's place on a waiting list: of a house, or of one psychologist there."""

    id: UUID
    house: House
    person: Person | None
    since: datetime


def wait(unit: Unit, house_id: UUID, host_id: UUID | None = None) -> None:
    """Put this parent on the list of a house near them; waiting twice is waiting once."""
    house = next((one for one in talk_times.near_houses(unit) if one.id == house_id), None)
    people = {one.id: one for one in talk_times.near_people(unit)}
    if house is None or (host_id and getattr(people.get(host_id), "house", None) != house):
        raise NotFoundError("house", house_id)
    if any(
        one.house.id == house_id and getattr(one.person, "id", None) == host_id
        for one in mine(unit)
    ):
        return
    row = WaitingParent(
        account_id=_me(unit),
        host_id=host_id,
        school_id=None if house.is_center else house.id,
        support_center_id=house.id if house.is_center else None,
    )
    unit.session.add(row)
    unit.session.flush()
    audit.record(unit, "talk.wait", "waiting_parent", row.id)


def leave(unit: Unit, waiting_id: UUID) -> None:
    """Take this parent off a list."""
    left = unit.session.scalars(
        update(WaitingParent)
        .where(WaitingParent.id == waiting_id, WaitingParent.account_id == _me(unit))
        .values(ended_at=unit.now())
        .returning(WaitingParent.id)
    ).one_or_none()
    if left is None:
        raise NotFoundError("waiting_parent", waiting_id)


def mine(unit: Unit) -> list[Place]:
    """Where this parent waits; a house that is no longer near is not shown."""
    houses = {house.id: house for house in talk_times.near_houses(unit)}
    people = {one.id: one for one in talk_times.near_people(unit)}
    rows = unit.session.scalars(
        select(WaitingParent)
        .where(WaitingParent.account_id == _me(unit), WaitingParent.ended_at.is_(None))
        .order_by(WaitingParent.created_at)
    )
    return [
        Place(row.id, houses[where], people.get(row.host_id or where), row.created_at)
        for row in rows
        if (where := talk_times.place_of(row)) in houses
    ]


def end_for(unit: Unit, booking: Booking) -> None:
    """Who has a talk waits there no longer: neither for this person nor for the house."""
    unit.session.execute(
        update(WaitingParent)
        .where(
            WaitingParent.account_id == booking.account_id,
            WaitingParent.ended_at.is_(None),
            _waits_at(booking.host_id, booking.school_id, booking.support_center_id),
        )
        .values(ended_at=unit.now())
        .execution_options(synchronize_session=False)
    )


def offer_next(unit: Unit, host_id: UUID) -> bool:
    """Keep this psychologist's soonest free time for the next who waits, and write to them.

    One time for one parent a call; True when one was offered, so that a sweep goes on until False.
    Offers that ran out are let go first. It acts as the system: nobody sees who waits.
    """
    system = Unit(unit.session, unit.catalog, unit.vault, SYSTEM)
    with within_scope(unit.session, Scope.system()):
        talk_taking.lock_hosts(system, [host_id])
        host = talk_times.person(system, host_id)
        if host is None:
            return False
        lasts_until = system.now() + quiet_for(system.now()) + OFFER
        free = [
            one
            for one in talk_times.of_people(system, [host])
            if not one.is_taken and one.starts_at >= lasts_until + NOTICE
        ]
        rows = list(_queue(system, host_id)) if free else []
        return any(_offer(system, row, one, lasts_until) for row in rows for one in free)


def _queue(unit: Unit, host_id: UUID) -> list[WaitingParent]:
    """Who waits, without those for whom a time is being kept: never offered first, then longest."""
    host = unit.session.get_one(ConsultationHost, host_id)
    return list(
        unit.session.scalars(
            select(WaitingParent)
            .join(Account, Account.id == WaitingParent.account_id)
            .where(
                WaitingParent.ended_at.is_(None),
                Account.is_active,
                _waits_at(host_id, host.school_id, host.support_center_id),
                or_(
                    WaitingParent.offered_until.is_(None),
                    WaitingParent.offered_until <= unit.now(),
                ),
            )
            .order_by(WaitingParent.offered_until.nulls_first(), WaitingParent.created_at)
            .execution_options(populate_existing=True)
        )
    )


def _waits_at(
    host_id: UUID, school_id: UUID | None, support_center_id: UUID | None
) -> ColumnElement[bool]:
    of_house = (
        WaitingParent.school_id == school_id
        if school_id
        else WaitingParent.support_center_id == support_center_id
    )
    anybody = and_(WaitingParent.host_id.is_(None), of_house)
    return or_(WaitingParent.host_id == host_id, anybody)


def _offer(unit: Unit, row: WaitingParent, free: FreeTime, lasts_until: datetime) -> bool:
    """Whether the time could be kept for this parent; not one they let pass before."""
    if row.offered_slot_id == free.slot_id or not talk_taking.try_parent(unit, row.account_id):
        return False
    slot = unit.session.get_one(Slot, free.slot_id)
    language = unit.session.get_one(Account, row.account_id).language
    said = Details(
        Medium.IN_PERSON, Topic.OTHER, AgeBand.FROM_7, "ru" if language == "ru" else "kk"
    )
    try:
        talk_taking.take(unit, slot, Claim(row.account_id, said, held_until=lasts_until))
    except TimeGoneError:
        return False
    row.offered_slot_id, row.offered_until = free.slot_id, lasts_until
    unit.session.flush()
    audit.record(unit, "talk.offer", "waiting_parent", row.id)
    message = Message(
        "waiting_offer",
        f"{row.id}:{free.slot_id}",
        account_id=row.account_id,
        after=quiet_for(unit.now()),
    )
    outbox.queue(unit, [message])
    return True


def _me(unit: Unit) -> UUID:
    if unit.actor.account_id is None:
        raise NotFoundError("account", None)
    return unit.actor.account_id
