"""Statutory notices, their deliveries, and the outbox that is the only queue of record."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from tirek.domain.delivery import Channel, DeliveryResult
from tirek.domain.levels import Level
from tirek.domain.protocols import Addressee
from tirek.storage.base import NOW, Base, one_of

# Messages to a parent about what they read; which page they lead to, their kind alone says.
_ABOUT_READING = "'reading_reminder', 'group_news', 'waiting_offer', 'already_registered'"


class Notice(Base):
    """One message the protocol demands, with its clock, its legal ground and its receipt."""

    __tablename__ = "notices"
    __table_args__ = (
        one_of("level", Level),
        one_of("addressee", Addressee),
        CheckConstraint(
            "(confirmed_at IS NULL) = (confirmed_by IS NULL)", name="confirmed_by_a_person"
        ),
        CheckConstraint(
            "(addressee = 'support_center') = (support_center_id IS NOT NULL)",
            name="center_is_named",
        ),
        UniqueConstraint("signal_id", "kind"),
        Index("ix_notices_case_id", "case_id"),
        Index("ix_notices_student_id", "student_id"),
        Index("ix_notices_school_id", "school_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4, insert_default=uuid4)
    signal_id: Mapped[UUID] = mapped_column(ForeignKey("signals.id"))
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"))
    student_id: Mapped[UUID] = mapped_column(ForeignKey("students.id"))
    school_id: Mapped[UUID] = mapped_column(ForeignKey("schools.id"))
    kind: Mapped[str]
    level: Mapped[str]
    addressee: Mapped[str]
    support_center_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("support_centers.id"), default=None
    )
    legal_ground: Mapped[str]
    protocol_id: Mapped[str]
    protocol_version: Mapped[str]
    due_at: Mapped[datetime]
    # I13: of the words that the protocol had for it when it fell due to be given.
    sha256: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)
    confirmed_at: Mapped[datetime | None] = mapped_column(default=None)
    confirmed_by: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"), default=None)


class Delivery(Base):
    """One attempt to reach one addressee on one channel; written before the call is made."""

    __tablename__ = "deliveries"
    __table_args__ = (
        one_of("channel", Channel),
        one_of("result", DeliveryResult),
        UniqueConstraint("outbox_id", "attempt"),
        Index("ix_deliveries_reference", "reference"),
        Index("ix_deliveries_started_at", "started_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4, insert_default=uuid4)
    outbox_id: Mapped[int] = mapped_column(ForeignKey("outbox.id"))
    attempt: Mapped[int] = mapped_column(SmallInteger)
    channel: Mapped[str]
    # Absent where the addressee is a server or an authority, which the message names.
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"), default=None)
    # Which of several providers was asked, and what it calls the message.
    provider: Mapped[str | None] = mapped_column(default=None)
    provider_reference: Mapped[str | None] = mapped_column(default=None)
    # Sent along as the message's own reference, so a repeat is recognised by the receiver.
    reference: Mapped[UUID] = mapped_column(default_factory=uuid4, insert_default=uuid4)
    started_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)
    finished_at: Mapped[datetime | None] = mapped_column(default=None)
    result: Mapped[str | None] = mapped_column(default=None)
    body_sha256: Mapped[str | None] = mapped_column(default=None)


class OutboxMessage(Base):
    """Work that must happen after the commit; ids only, never personal data."""

    __tablename__ = "outbox"
    __table_args__ = (
        one_of("channel", Channel),
        CheckConstraint("done_at IS NULL OR stuck_at IS NULL", name="done_or_stuck"),
        CheckConstraint("condition IS NULL OR condition = 'unseen'", name="condition_known"),
        CheckConstraint("dropped_at IS NULL OR done_at IS NOT NULL", name="dropped_is_done"),
        CheckConstraint(
            "num_nonnulls(account_id, endpoint_id, authority_id) = 1", name="one_addressee"
        ),
        CheckConstraint(
            "num_nonnulls(referral_id, notice_id, drill_id, booking_id, help_request_id, errand_id,"
            f" answer_upload_id) = CASE WHEN kind IN ({_ABOUT_READING}) THEN 0 ELSE 1 END",
            name="about_one_thing",
        ),
        Index(
            "ix_outbox_due",
            "due_at",
            postgresql_where=text("done_at IS NULL AND stuck_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    dedup: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    referral_id: Mapped[UUID | None] = mapped_column(ForeignKey("referrals.id"), default=None)
    notice_id: Mapped[UUID | None] = mapped_column(ForeignKey("notices.id"), default=None)
    drill_id: Mapped[UUID | None] = mapped_column(ForeignKey("drills.id"), default=None)
    booking_id: Mapped[UUID | None] = mapped_column(ForeignKey("bookings.id"), default=None)
    help_request_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("help_requests.id"), default=None
    )
    errand_id: Mapped[UUID | None] = mapped_column(ForeignKey("account_errands.id"), default=None)
    answer_upload_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("answer_uploads.id"), default=None
    )
    # The alarm that called for it, where one did.
    deadline_id: Mapped[UUID | None] = mapped_column(ForeignKey("deadlines.id"), default=None)
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"), default=None)
    endpoint_id: Mapped[UUID | None] = mapped_column(ForeignKey("endpoints.id"), default=None)
    authority_id: Mapped[UUID | None] = mapped_column(ForeignKey("authorities.id"), default=None)
    channel: Mapped[str] = mapped_column(default="mail", server_default="mail")
    # 'unseen': not needed any more once the referral was opened; then `dropped_at` says so.
    condition: Mapped[str | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)
    due_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)
    leased_until: Mapped[datetime | None] = mapped_column(default=None)
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    done_at: Mapped[datetime | None] = mapped_column(default=None)
    dropped_at: Mapped[datetime | None] = mapped_column(default=None)
    stuck_at: Mapped[datetime | None] = mapped_column(default=None)
    # Who has to deal with it: a coordinator of the region, or an administrator.
    stuck_owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"), default=None)


class Receipt(Base):
    """What a provider or a receiving server said later about an attempt; append-only."""

    __tablename__ = "receipts"
    __table_args__ = (
        CheckConstraint("status IN ('delivered', 'temporary', 'failed')", name="status_known"),
        UniqueConstraint("delivery_id", "status"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    delivery_id: Mapped[UUID] = mapped_column(ForeignKey("deliveries.id"))
    status: Mapped[str]
    provider_reference: Mapped[str | None] = mapped_column(default=None)
    received_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)


class Provider(Base):
    """One of the providers of a channel, and its share of new messages (0 to 100)."""

    __tablename__ = "providers"
    __table_args__ = (
        one_of("channel", Channel),
        CheckConstraint("weight BETWEEN 0 AND 100", name="weight_is_a_share"),
    )

    name: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str]
    weight: Mapped[int] = mapped_column(SmallInteger)
    changed_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)
