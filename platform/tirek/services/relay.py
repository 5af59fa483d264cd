"""The outbox: who takes a message, how an attempt is written down, when it is tried again.

Each verb is one short transaction, which the caller commits. The attempt stands in the database
before anything leaves the house, so a relay that dies over it leaves a trace and not a hole.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Select, exists, func, or_, select, text, true, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from tirek.domain.clocks import school_year_of
from tirek.domain.delivery import Channel, DeliveryResult, ReceiptStatus, is_stuck, wait_after
from tirek.services import stuck
from tirek.services.parcels import Packer, Parcel, is_needless
from tirek.services.providers import choose_provider
from tirek.storage.models import Delivery, OutboxMessage, Receipt

NO_CHOICE: Mapping[Channel, Sequence[str]] = MappingProxyType({})


# A morning's reminders to thousands of parents never stand before a child's referral.
_CAN_WAIT = (
    func.num_nonnulls(
        OutboxMessage.referral_id,
        OutboxMessage.notice_id,
        OutboxMessage.drill_id,
        OutboxMessage.help_request_id,
        OutboxMessage.answer_upload_id,
    )
    == 0
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A message that this relay alone may try until the lease runs out."""

    message_id: int
    # Rises with every claim: who holds an older one has lost the message to somebody else.
    attempt: int


@dataclass(frozen=True, slots=True)
class Due:
    """A message that waits to be taken; by now somebody else may have."""

    message_id: int
    channel: Channel
    # How often it was tried in vain.
    attempts: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """What is handed to a gateway, and where the answer belongs."""

    message_id: int
    attempt: int
    delivery_id: UUID
    reference: UUID
    parcel: Parcel
    # The database's clock, which no worker's can upset: signatures bear it.
    now: datetime
    # Which of several providers is asked.
    provider: str | None = None


def claim(
    session: Session,
    limit: int,
    lease_seconds: int,
    *,
    is_stuck_too: bool = False,
    waited_seconds: float = 0,
    channel: Channel | None = None,
) -> list[Claim]:
    """Take messages that are due and that nobody holds, oldest first; of one channel, or of all.

    What can wait for others comes after them.

    `is_stuck_too` takes those that are marked as stuck instead; they have no index of their own,
    so this is for once in a while. `waited_seconds` leaves those alone that became due just now.
    """
    marked = OutboxMessage.stuck_at
    due = (
        select(OutboxMessage.id)
        .where(*_is_due(waited_seconds), marked.is_not(None) if is_stuck_too else marked.is_(None))
        .where(true() if channel is None else OutboxMessage.channel == channel.value)
        .order_by(_CAN_WAIT, OutboxMessage.due_at, OutboxMessage.id)
        .limit(limit)
    )
    return _take(session, due, lease_seconds)


def claim_one(session: Session, message_id: int, lease_seconds: int) -> Claim | None:
    """Take this message, stuck or not; None when it is not due, is held, or is done."""
    due = select(OutboxMessage.id).where(*_is_due(), OutboxMessage.id == message_id)
    return next(iter(_take(session, due, lease_seconds)), None)


def find_due(session: Session, limit: int, *, is_stuck_too: bool = False) -> list[Due]:
    """Messages that could be taken now, oldest first; nothing is changed and nothing is locked."""
    marked = OutboxMessage.stuck_at
    rows = session.execute(
        select(OutboxMessage.id, OutboxMessage.channel, OutboxMessage.attempts)
        .where(*_is_due(), marked.is_not(None) if is_stuck_too else marked.is_(None))
        .order_by(_CAN_WAIT, OutboxMessage.due_at, OutboxMessage.id)
        .limit(limit)
    )
    return [Due(row.id, Channel(row.channel), row.attempts) for row in rows]


def _take(session: Session, wanted: Select[int], lease_seconds: int) -> list[Claim]:
    # Not a subquery, which the planner may run more than once and so lock more than its limit.
    due = wanted.with_for_update(skip_locked=True).cte("due")
    taken = session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.id == due.c.id)
        .values(
            attempts=OutboxMessage.attempts + 1,
            leased_until=func.now() + timedelta(seconds=lease_seconds),
        )
        .returning(OutboxMessage.id, OutboxMessage.attempts)
        .execution_options(synchronize_session=False)
    )
    return sorted((Claim(*row) for row in taken), key=lambda held: held.message_id)


def begin_attempt(
    session: Session,
    held: Claim,
    packer: Packer,
    lease_seconds: int,
    providers: Mapping[Channel, Sequence[str]] = NO_CHOICE,
) -> Attempt | None:
    """Write down that a message is about to leave; commit this before the call is made.

    All attempts on one message bear the same reference, so that a repeat after an unknown result
    can be told from a second message. Returns None when the message is no longer ours or no longer
    needed, or when nothing can be sent; the last is marked as stuck at once.
    """
    message = session.scalars(
        select(OutboxMessage)
        .where(*_is_ours(held))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if message is None:
        return None
    if is_needless(session, message):
        _change(session, held, done_at=func.now(), dropped_at=func.now(), leased_until=None)
        return None
    reference = _reference(session, held.message_id)
    parcel = packer.pack(session, message, reference)
    if parcel is None:
        _postpone(session, held, Channel(message.channel), DeliveryResult.REFUSED)
        return None
    # Counted from now, because others of the same claim may have been slow.
    _change(session, held, leased_until=func.now() + timedelta(seconds=lease_seconds))
    names = providers.get(parcel.channel, ())
    attempt = Attempt(
        held.message_id,
        held.attempt,
        uuid4(),
        reference,
        parcel,
        session.scalars(select(func.now())).one(),
        choose_provider(session, held.message_id, parcel.channel, names, random.random())  # noqa: S311 - no secret
        if names
        else None,
    )
    session.execute(
        insert(Delivery).values(
            id=attempt.delivery_id,
            outbox_id=attempt.message_id,
            attempt=attempt.attempt,
            channel=parcel.channel.value,
            account_id=message.account_id,
            provider=attempt.provider,
            reference=attempt.reference,
            body_sha256=parcel.sha256,
        )
    )
    return attempt


def finish_attempt(
    session: Session,
    attempt: Attempt,
    result: DeliveryResult | None,
    provider_reference: str | None = None,
) -> None:
    """Record how the gateway answered; None when it fell silent, which is unknown, not failed.

    A message that was taken is done, whoever holds it by now; otherwise its next attempt is set,
    unless somebody else has begun one.
    """
    # The message first and then its attempt, as a receipt does that comes in this very moment: in
    # the other order each would hold what the other one waits for.
    session.execute(
        select(OutboxMessage.id).where(OutboxMessage.id == attempt.message_id).with_for_update()
    )
    if result is not None:
        session.execute(
            update(Delivery)
            .where(Delivery.id == attempt.delivery_id, Delivery.finished_at.is_(None))
            .values(
                finished_at=func.now(), result=result.value, provider_reference=provider_reference
            )
        )
    if result is DeliveryResult.ACCEPTED:
        session.execute(
            update(OutboxMessage)
            .where(OutboxMessage.id == attempt.message_id, OutboxMessage.done_at.is_(None))
            .values(done_at=func.now(), leased_until=None, stuck_at=None)
        )
    else:
        held = Claim(attempt.message_id, attempt.attempt)
        _postpone(session, held, attempt.parcel.channel, result)


def put_off(session: Session, held: Claim) -> None:
    """Set the next attempt of a message over which something of ours broke; in the end it is stuck.

    What was begun has no result, which is unknown, so it is repeated under its own reference.
    """
    channel = session.scalars(
        select(OutboxMessage.channel).where(OutboxMessage.id == held.message_id)
    ).one()
    _postpone(session, held, Channel(channel))


def ensure_school_years(session: Session) -> None:
    """See that tables are there for this school year's rows and the next one's."""
    year = school_year_of(session.scalars(select(func.now())).one())
    for each in (year, year + 1):
        session.execute(text("SELECT ensure_school_year(:year)"), {"year": each})


def _is_due(waited_seconds: float = 0) -> tuple[ColumnElement[bool], ...]:
    """Not done, its time has come, and nobody holds it."""
    return (
        OutboxMessage.done_at.is_(None),
        OutboxMessage.due_at <= func.now() - timedelta(seconds=waited_seconds),
        or_(OutboxMessage.leased_until.is_(None), OutboxMessage.leased_until < func.now()),
    )


def _is_ours(held: Claim) -> tuple[ColumnElement[bool], ...]:
    return (
        OutboxMessage.id == held.message_id,
        OutboxMessage.attempts == held.attempt,
        OutboxMessage.done_at.is_(None),
    )


def _reference(session: Session, message_id: int) -> UUID:
    """The reference of the attempts before; a new one where its carrier says that it is dead."""
    sibling = aliased(Delivery)
    is_dead = exists().where(
        Receipt.delivery_id == sibling.id,
        Receipt.status == ReceiptStatus.FAILED.value,
        sibling.reference == Delivery.reference,
    )
    earlier = select(Delivery.reference).where(Delivery.outbox_id == message_id, ~is_dead).limit(1)
    return session.scalars(earlier).one_or_none() or uuid4()


def _postpone(
    session: Session, held: Claim, channel: Channel, result: DeliveryResult | None = None
) -> None:
    wait = wait_after(held.attempt, channel, result)
    _change(session, held, due_at=func.now() + wait, leased_until=None)
    if is_stuck(held.attempt, channel, result):
        # The first time counts: it says for how long nobody has looked.
        _change(
            session,
            held,
            stuck_at=func.coalesce(OutboxMessage.stuck_at, func.now()),
            stuck_owner_id=func.coalesce(
                OutboxMessage.stuck_owner_id, stuck.owner_for(session, held.message_id)
            ),
        )


def _change(session: Session, held: Claim, **values: object) -> None:
    session.execute(
        update(OutboxMessage)
        .where(*_is_ours(held))
        .values(**values)
        .execution_options(synchronize_session=False)
    )
