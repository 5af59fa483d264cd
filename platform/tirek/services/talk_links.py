"""The link in a message about a talk: who has it sees when the talk is, and can cancel it.

It opens nothing else: not with whom, nor about what. Whoever reads the parent's mail could set a
new password anyway, so the link gives them less than they have.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest
from uuid import UUID

from sqlalchemy import select

from tirek.domain.consultations import BookingState
from tirek.domain.errors import NotFoundError
from tirek.domain.people import Actor, Role
from tirek.domain.scope import Scope
from tirek.services import audit, talk_records, talks
from tirek.services.parcels import talk_secret
from tirek.services.unit import Unit
from tirek.storage.models import Booking
from tirek.storage.session import within_scope


@dataclass(frozen=True, slots=True)
class Linked:
    """What the link shows."""

    id: UUID
    account_id: UUID
    starts_at: datetime
    ends_at: datetime
    is_ahead: bool


def look(unit: Unit, booking_id: UUID, secret: str) -> Linked:
    """The talk as it now stands; raises `NotFoundError` for a wrong link."""
    with _owner(unit, booking_id, secret) as own:
        row = talk_records.find_row(own, talk_records.latest(own, booking_id))
        is_ahead = row.state == BookingState.BOOKED and row.starts_at > own.now()
        return Linked(row.id, row.account_id, row.starts_at, row.ends_at, is_ahead)


def cancel(unit: Unit, booking_id: UUID, secret: str) -> None:
    """Cancel it, as its parent would."""
    with _owner(unit, booking_id, secret) as own:
        audit.record(own, "talk.link", "booking", booking_id)
        talks.cancel(own, talk_records.latest(own, booking_id))


@contextmanager
def _owner(unit: Unit, booking_id: UUID, secret: str) -> Iterator[Unit]:
    """Act as the talk's parent, for as long as the link allows."""
    if not compare_digest(talk_secret(unit.vault, booking_id), secret):
        raise NotFoundError("booking", booking_id)
    with within_scope(unit.session, Scope.system()):
        owner = unit.session.scalars(
            select(Booking.account_id).where(Booking.id == booking_id)
        ).one_or_none()
    if owner is None:
        raise NotFoundError("booking", booking_id)
    with within_scope(unit.session, Scope.guardian(owner)):
        yield Unit(unit.session, unit.catalog, unit.vault, Actor(Role.GUARDIAN, owner))
