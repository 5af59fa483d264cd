"""Who is on duty, who stands on the ladder, and the servers and authorities that are told."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tirek.storage.base import NOW, Base


class DutyShift(Base):
    """Hours in which a person of a PSC answers."""

    __tablename__ = "duty_shifts"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        Index("ix_duty_shifts_center", "support_center_id", "ends_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4, insert_default=uuid4)
    support_center_id: Mapped[UUID] = mapped_column(ForeignKey("support_centers.id"))
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    is_deputy: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)


class DutyPost(Base):
    """A person on the upper rungs: a region's last responder, or the national duty; by rank."""

    __tablename__ = "duty_posts"
    __table_args__ = (
        CheckConstraint("post IN ('last_responder', 'national_duty')", name="post_known"),
        CheckConstraint(
            "(post = 'last_responder') = (region_iso IS NOT NULL)", name="region_of_responder"
        ),
        UniqueConstraint("post", "region_iso", "rank", postgresql_nulls_not_distinct=True),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4, insert_default=uuid4)
    post: Mapped[str]
    region_iso: Mapped[str | None] = mapped_column(ForeignKey("regions.iso"), default=None)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    rank: Mapped[int] = mapped_column(SmallInteger)


class Authority(Base):
    """The guardianship or child-rights body of a region, and where its notices go."""

    __tablename__ = "authorities"
    __table_args__ = (
        CheckConstraint("kind IN ('guardianship', 'child_rights')", name="kind_known"),
        CheckConstraint("language IN ('kk', 'ru')", name="language_known"),
        UniqueConstraint("region_iso", "kind"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4, insert_default=uuid4)
    region_iso: Mapped[str] = mapped_column(ForeignKey("regions.iso"))
    kind: Mapped[str]
    name_kk: Mapped[str]
    name_ru: Mapped[str]
    email: Mapped[str]
    language: Mapped[str] = mapped_column(default="kk")


class Endpoint(Base):
    """A PSC's own server that is told by signed webhook or FHIR."""

    __tablename__ = "endpoints"
    __table_args__ = (
        CheckConstraint("kind IN ('webhook', 'fhir')", name="kind_known"),
        Index("ix_endpoints_support_center_id", "support_center_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4, insert_default=uuid4)
    support_center_id: Mapped[UUID] = mapped_column(ForeignKey("support_centers.id"))
    kind: Mapped[str]
    url: Mapped[str]
    # Signs what we send, and authenticates what comes back.
    secret_sealed: Mapped[bytes]
    # Finds the endpoint by the token that its server shows us; only a keyed hash is kept.
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)
