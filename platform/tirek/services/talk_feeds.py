"""The calendar of one psychologist's talks, for the calendar program of their own choice.

Its address holds a secret of 128 bits, of which we keep a keyed hash; a new one ends the old. The
entries say when, never with whom or about what.
"""

from collections.abc import Callable
from datetime import timedelta
from secrets import token_hex
from uuid import UUID

from sqlalchemy import select, update

from tirek.domain.consultations import BookingState
from tirek.domain.errors import NotFoundError
from tirek.domain.people import SYSTEM, Actor
from tirek.domain.scope import Scope
from tirek.services import accounts, audit, calendar_files
from tirek.services.unit import Unit
from tirek.storage.models import Account, Booking, ConsultationHost
from tirek.storage.session import within_scope

S = BookingState
SECRET_BYTES = 16
# What is older is nobody's plan any more.
BACK = timedelta(days=30)
# A talk that was called off leaves the calendar: a feed that no longer holds it says so.
_SHOWN = (S.BOOKED.value, S.DONE.value, S.NO_SHOW.value)


def has_one(unit: Unit) -> bool:
    """Whether the person who asks has given their talks an address."""
    found = unit.session.scalars(
        select(ConsultationHost.feed_hash).where(
            ConsultationHost.account_id == unit.actor.account_id
        )
    ).one_or_none()
    return found is not None


def renew(unit: Unit) -> str:
    """Make a new secret, which is shown once; the old address opens nothing any more."""
    secret = token_hex(SECRET_BYTES)
    _keep(unit, _hash(unit, secret))
    audit.record(unit, "talk.feed", "consultation_host", unit.actor.account_id)
    return secret


def stop(unit: Unit) -> None:
    """Let no address open these talks any more."""
    _keep(unit, None)
    audit.record(unit, "talk.feed_stop", "consultation_host", unit.actor.account_id)


def _keep(unit: Unit, hashed: bytes | None) -> None:
    kept = unit.session.scalars(
        update(ConsultationHost)
        .where(ConsultationHost.account_id == unit.actor.account_id)
        .values(feed_hash=hashed)
        .returning(ConsultationHost.account_id)
    ).one_or_none()
    if kept is None:
        raise NotFoundError("consultation_host", unit.actor.account_id)


def read(unit: Unit, secret: str, link: Callable[[Actor, UUID], str]) -> bytes:
    """The calendar file behind a secret; raises `NotFoundError` for one that opens nothing.

    `link` gives the page of a talk in its psychologist's own area. Whoever holds the address is
    nobody we know, so it is read as its psychologist would read it, and no more of it.
    """
    account = _owner(unit, secret)
    actor = accounts.actor_of(account)
    host = Unit(unit.session, unit.catalog, unit.vault, actor)
    with within_scope(unit.session, actor.scope):
        ids = unit.session.scalars(
            select(Booking.id)
            .where(Booking.host_id == account.id, Booking.state.in_(_SHOWN))
            .where(Booking.starts_at > unit.now() - BACK)
            .order_by(Booking.starts_at)
        ).all()
        return calendar_files.write(
            calendar_files.entry(host, one, link(actor, one)) for one in ids
        )


def _owner(unit: Unit, secret: str) -> Account:
    system = Unit(unit.session, unit.catalog, unit.vault, SYSTEM)
    with within_scope(unit.session, Scope.system()):
        found = system.session.scalars(
            select(Account)
            .join(ConsultationHost, ConsultationHost.account_id == Account.id)
            .where(ConsultationHost.feed_hash == _hash(unit, secret), Account.is_active)
        ).one_or_none()
    if found is None:
        raise NotFoundError("talk_feed", None)
    return found


def _hash(unit: Unit, secret: str) -> bytes:
    return unit.vault.index(f"talk feed {secret}")
