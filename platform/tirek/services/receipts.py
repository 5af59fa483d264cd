"""What carriers tell later about messages they had accepted; told twice it is recorded once.

A receipt proves what our own attempt may not know: that a message arrived although the answer was
lost, or that it never will although it was accepted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import case, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert

from tirek.domain.delivery import (
    REFUSED_WAIT,
    Channel,
    DeliveryResult,
    ReceiptStatus,
    is_receipt,
)
from tirek.domain.errors import ConflictError, NotFoundError
from tirek.domain.referral import ActorKind, ReferralState
from tirek.services import referral_legs, stuck
from tirek.services.referral_legs import Step
from tirek.services.unit import Unit
from tirek.storage.models import Delivery, OutboxMessage, Receipt

# The message whose arrival is the referral's.
ARRIVAL = "referral_waits"
# Sent again when the carrier gives it up; a FHIR server that says no has read it.
SENT_AGAIN = frozenset({Channel.MAIL, Channel.SMS})


@dataclass(frozen=True, slots=True)
class Carrier:
    """Who brings a receipt: a provider by its name, or a receiver's server."""

    channel: Channel
    provider: str | None = None
    endpoint_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class News:
    """What it says: `reference` is the one we sent, `provider_reference` the carrier's own."""

    reference: UUID
    status: ReceiptStatus
    provider_reference: str | None = None


def record(unit: Unit, carrier: Carrier, news: News) -> bool:
    """Record a receipt, however late; False when it was known already, and nothing changes.

    Raises `NotFoundError` for a message that we never sent, and `ConflictError` when another
    carrier had it, or this one under another name.
    """
    delivery, message = _borne_by(unit, carrier, news)
    is_new = unit.session.execute(
        insert(Receipt)
        .values(
            delivery_id=delivery.id,
            status=news.status.value,
            provider_reference=news.provider_reference,
        )
        .on_conflict_do_nothing()
        .returning(Receipt.id)
    ).one_or_none()
    if is_new is None:
        return False
    if is_receipt(news.status):
        _has_arrived(unit, delivery, message, news)
    elif news.status is ReceiptStatus.FAILED and carrier.channel in SENT_AGAIN:
        _will_not_arrive(unit, delivery, message)
    return True


def _borne_by(unit: Unit, carrier: Carrier, news: News) -> tuple[Delivery, OutboxMessage]:
    """The attempt that the receipt is about, with its message locked against the relay."""
    attempts = unit.session.scalars(
        select(Delivery)
        .where(Delivery.reference == news.reference)
        .order_by(Delivery.attempt.desc())
        .execution_options(populate_existing=True)
    ).all()
    if not attempts:
        raise NotFoundError("delivery", news.reference)
    message = unit.session.scalars(
        select(OutboxMessage)
        .where(OutboxMessage.id == attempts[0].outbox_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    is_server = message.endpoint_id is not None
    borne = [
        attempt
        for attempt in attempts
        if attempt.channel == carrier.channel
        and (is_server or attempt.provider == carrier.provider)
        and message.endpoint_id == carrier.endpoint_id
    ]
    return _named(borne, news), message


def _named(borne: Sequence[Delivery], news: News) -> Delivery:
    """The attempt of this name; else the last one whose answer, and so whose name, was lost."""
    named = [one for one in borne if one.provider_reference == news.provider_reference]
    nameless = [one for one in borne if one.provider_reference is None]
    either = named or nameless or (borne if news.provider_reference is None else [])
    if not either:
        raise ConflictError("this message was borne by another carrier, or under another name")
    return either[0]


def _has_arrived(unit: Unit, delivery: Delivery, message: OutboxMessage, news: News) -> None:
    unit.session.execute(
        update(Delivery)
        .where(Delivery.id == delivery.id, Delivery.finished_at.is_(None))
        .values(
            finished_at=func.now(),
            result=DeliveryResult.ACCEPTED.value,
            provider_reference=func.coalesce(Delivery.provider_reference, news.provider_reference),
        )
    )
    unit.session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.id == message.id, OutboxMessage.done_at.is_(None))
        .values(done_at=func.now(), leased_until=None, stuck_at=None)
    )
    if message.kind == ARRIVAL and message.referral_id is not None:
        leg = referral_legs.locked(unit, message.referral_id)
        if leg.state == ReferralState.ROUTED:
            step = Step(ActorKind.SYSTEM, "receipt")
            referral_legs.add_event(unit, leg, ReferralState.DELIVERED, step)


def _will_not_arrive(unit: Unit, delivery: Delivery, message: OutboxMessage) -> None:
    """Open the message again for a person to look at; what goes out next has a new reference."""
    others = select(Delivery.id).where(
        Delivery.outbox_id == message.id, Delivery.reference != delivery.reference
    )
    ours = select(Delivery.id).where(Delivery.outbox_id == message.id)
    arrived = exists().where(
        Receipt.delivery_id.in_(ours), Receipt.status == ReceiptStatus.DELIVERED.value
    )
    is_again = exists().where(
        Receipt.delivery_id.in_(others), Receipt.status == ReceiptStatus.FAILED.value
    )
    unit.session.execute(
        update(OutboxMessage)
        .where(
            OutboxMessage.id == message.id,
            OutboxMessage.dropped_at.is_(None),
            OutboxMessage.done_at.is_not(None),
            ~arrived,
            ~exists(others.where(Delivery.attempt > delivery.attempt)),
        )
        .values(
            done_at=None,
            leased_until=None,
            stuck_at=func.now(),
            stuck_owner_id=stuck.owner_for(unit.session, message.id),
            # The first time another provider may reach them at once.
            due_at=func.now() + case((is_again, REFUSED_WAIT), else_=timedelta()),
        )
        .execution_options(synchronize_session=False)
    )
