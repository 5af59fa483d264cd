"""Every attempt to tell somebody about a referral and its notices; addresses stay inside."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Row, or_, select
from sqlalchemy.orm import aliased

from tirek.domain.delivery import Channel, DeliveryResult, ReceiptStatus
from tirek.domain.people import Role
from tirek.services.outbox import UNSEEN
from tirek.services.unit import Unit
from tirek.storage.models import (
    Account,
    Authority,
    Delivery,
    Endpoint,
    OutboxMessage,
    Receipt,
)


class MessageState(StrEnum):
    """How a message stands."""

    ARRIVED = "arrived"
    SENT = "sent"
    NOT_NEEDED = "not_needed"
    STUCK = "stuck"
    RETRYING = "retrying"
    QUEUED = "queued"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt; without a result nobody knows whether it arrived."""

    at: datetime
    result: DeliveryResult | None
    provider: str | None
    receipt: ReceiptStatus | None
    receipt_at: datetime | None


@dataclass(frozen=True, slots=True)
class Told:
    """To whom: a person by name and role, an authority, or a PSC's own system."""

    name: str | None = None
    role: Role | None = None
    authority: Authority | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one addressee on one channel, with all attempts."""

    kind: str
    is_about_notice: bool
    to: Told
    channel: Channel
    # Goes only when nobody has opened the referral by then.
    is_second_channel: bool
    due_at: datetime
    state: MessageState
    stuck_owner: str | None
    attempts: tuple[Attempt, ...]


_Keeper = aliased(Account)


def of(unit: Unit, referral_id: UUID, notice_ids: Sequence[UUID]) -> tuple[Message, ...]:
    """All messages about a referral and its case's notices, the latest first."""
    rows = unit.session.execute(
        select(
            OutboxMessage,
            Account.display_name,
            Account.role,
            Authority,
            Endpoint.id.label("endpoint_id"),
            _Keeper.display_name.label("keeper"),
        )
        .outerjoin(Account, Account.id == OutboxMessage.account_id)
        .outerjoin(Authority, Authority.id == OutboxMessage.authority_id)
        .outerjoin(Endpoint, Endpoint.id == OutboxMessage.endpoint_id)
        .outerjoin(_Keeper, _Keeper.id == OutboxMessage.stuck_owner_id)
        .where(
            or_(OutboxMessage.referral_id == referral_id, OutboxMessage.notice_id.in_(notice_ids))
        )
        .order_by(OutboxMessage.id.desc())
        .execution_options(populate_existing=True)
    ).all()
    attempts = _attempts(unit, [row.OutboxMessage.id for row in rows])
    now = unit.now()
    return tuple(_message(row, attempts.get(row.OutboxMessage.id, []), now) for row in rows)


def _attempts(unit: Unit, message_ids: Sequence[int]) -> dict[int, list[Attempt]]:
    rows = unit.session.execute(
        select(Delivery, Receipt.status, Receipt.received_at)
        .outerjoin(Receipt, Receipt.delivery_id == Delivery.id)
        .where(Delivery.outbox_id.in_(message_ids))
        # The last word of the carrier about an attempt comes last, and stays.
        .order_by(Delivery.outbox_id, Delivery.attempt, Receipt.id)
    )
    found: dict[int, dict[UUID, Attempt]] = {}
    for delivery, status, received_at in rows:
        found.setdefault(delivery.outbox_id, {})[delivery.id] = Attempt(
            delivery.started_at,
            DeliveryResult(delivery.result) if delivery.result else None,
            delivery.provider,
            ReceiptStatus(status) if status else None,
            received_at,
        )
    return {message_id: list(tries.values()) for message_id, tries in found.items()}


def _message(row: Row[*tuple[object, ...]], attempts: list[Attempt], now: datetime) -> Message:
    message: OutboxMessage = row.OutboxMessage
    role = Role(row.role) if row.role else None
    return Message(
        message.kind,
        message.notice_id is not None,
        Told(row.display_name, role, row.Authority),
        Channel(message.channel),
        message.condition == UNSEEN,
        message.due_at,
        _state(message, attempts, now),
        row.keeper,
        tuple(attempts),
    )


def _state(message: OutboxMessage, attempts: Sequence[Attempt], now: datetime) -> MessageState:
    if message.dropped_at is not None:
        return MessageState.NOT_NEEDED
    if any(one.receipt is ReceiptStatus.DELIVERED for one in attempts):
        return MessageState.ARRIVED
    if message.stuck_at is not None:
        return MessageState.STUCK
    if message.done_at is not None:
        return MessageState.SENT
    if attempts:
        return MessageState.RETRYING
    return MessageState.LATER if message.due_at > now else MessageState.QUEUED
