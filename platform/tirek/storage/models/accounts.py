"""Logins of adults, sessions of everybody, and the buckets that slow guessing down."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, Double, ForeignKey, Identity, Index, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from tirek.domain.people import Role
from tirek.domain.scope import ScopeKind
from tirek.storage.base import NOW, Base, one_of


class Account(Base):
    """A login of an adult; pupils have access codes instead."""

    __tablename__ = "accounts"
    __table_args__ = (
        one_of("role", Role),
        CheckConstraint("role <> 'student'", name="pupils_use_codes"),
        CheckConstraint(
            "role NOT IN ('psychologist', 'social_pedagogue', 'deputy_director')"
            " OR school_id IS NOT NULL",
            name="school_staff_has_school",
        ),
        CheckConstraint(
            "role NOT IN ('psc_specialist', 'psc_supervisor') OR support_center_id IS NOT NULL",
            name="psc_staff_has_center",
        ),
        CheckConstraint(
            "role <> 'regional_coordinator' OR region_iso IS NOT NULL",
            name="coordinator_has_region",
        ),
        CheckConstraint("erased_at IS NULL OR NOT is_active", name="erased_is_off"),
        Index("uq_accounts_email", text("lower(email)"), unique=True),
        Index("ix_accounts_school_id", "school_id"),
        Index("ix_accounts_support_center_id", "support_center_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4, insert_default=uuid4)
    email: Mapped[str]
    password_hash: Mapped[str]
    role: Mapped[str]
    display_name: Mapped[str]
    language: Mapped[str] = mapped_column(default="kk")
    school_id: Mapped[UUID | None] = mapped_column(ForeignKey("schools.id"), default=None)
    support_center_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("support_centers.id"), default=None
    )
    region_iso: Mapped[str | None] = mapped_column(ForeignKey("regions.iso"), default=None)
    totp_sealed: Mapped[bytes | None] = mapped_column(default=None)
    totp_last_step: Mapped[int] = mapped_column(default=0)
    # For the second channel; sealed, because a phone number is somebody's own.
    phone_sealed: Mapped[bytes | None] = mapped_column(default=None)
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)
    # Small, and the parent's own: a range of it keeps two talks from being at one time.
    number: Mapped[int] = mapped_column(Identity(always=True), unique=True, init=False)
    # The address was proved by a link sent to it.
    verified_at: Mapped[datetime | None] = mapped_column(default=None)
    # Deleted by its owner: what named them is gone, the row stays for what it points at.
    erased_at: Mapped[datetime | None] = mapped_column(default=None)


class WebSession(Base):
    """A browser's session: only a hash of its token is kept; its scope limits its rows."""

    __tablename__ = "web_sessions"
    __table_args__ = (one_of("scope_kind", ScopeKind),)

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    account_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("accounts.id"), default=None, index=True
    )
    scope_kind: Mapped[str] = mapped_column(default="none")
    scope_id: Mapped[UUID | None] = mapped_column(default=None)
    data: Mapped[dict[str, Any]]
    idle_minutes: Mapped[int] = mapped_column(SmallInteger, default=30)
    created_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)
    seen_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class ThrottleBucket(Base):
    """A token bucket; its key is a keyed hash, so no address of a person is stored."""

    __tablename__ = "throttle_buckets"

    key: Mapped[bytes] = mapped_column(primary_key=True)
    tokens: Mapped[float] = mapped_column(Double)
    updated_at: Mapped[datetime]
