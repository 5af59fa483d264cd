"""Campaigns, assignments and access codes: who is asked what, and when."""

from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from tirek.storage.base import NOW, Base


class Campaign(Base):
    """A planned round of screening; four in a school year."""

    __tablename__ = "campaigns"
    __table_args__ = (
        UniqueConstraint("school_year", "round"),
        CheckConstraint("round BETWEEN 1 AND 4", name="round_range"),
        CheckConstraint("starts_at < ends_at", name="window_order"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4, insert_default=uuid4)
    school_year: Mapped[int] = mapped_column(SmallInteger)
    round: Mapped[int] = mapped_column(SmallInteger)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]


class Assignment(Base):
    """One instrument for one classroom within one window."""

    __tablename__ = "assignments"
    __table_args__ = (
        CheckConstraint("opens_at < closes_at", name="window_order"),
        CheckConstraint("respondent IN ('student', 'guardian')", name="respondent_known"),
        # The same round asks a class the same thing once.
        Index(
            "uq_assignments_live",
            "campaign_id",
            "classroom_id",
            "instrument_id",
            unique=True,
            postgresql_where=text("cancelled_at IS NULL"),
        ),
        Index("ix_assignments_school_id", "school_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4, insert_default=uuid4)
    campaign_id: Mapped[UUID] = mapped_column(ForeignKey("campaigns.id"))
    school_year: Mapped[int] = mapped_column(SmallInteger)
    school_id: Mapped[UUID] = mapped_column(ForeignKey("schools.id"))
    classroom_id: Mapped[UUID] = mapped_column(ForeignKey("classrooms.id"), index=True)
    instrument_id: Mapped[str]
    release_id: Mapped[UUID] = mapped_column(ForeignKey("instrument_releases.id"))
    respondent: Mapped[str]
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    created_by: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)
    cancelled_at: Mapped[datetime | None] = mapped_column(default=None)
    # Whether each answer chooses the next question, where the items are calibrated.
    is_short: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    # Who is there while pupils answer, where an instrument may only be given then (ASQ).
    staffed_by: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"), default=None)
    # What happened, where an instrument asks about an event (CRIES-8).
    event_id: Mapped[UUID | None] = mapped_column(ForeignKey("school_events.id"), default=None)


class SchoolEvent(Base):
    """Something frightening that a class or a school went through; its words are sealed."""

    __tablename__ = "school_events"
    __table_args__ = (Index("ix_school_events_school_id", "school_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4, insert_default=uuid4)
    school_id: Mapped[UUID] = mapped_column(ForeignKey("schools.id"))
    happened_on: Mapped[date]
    words_sealed: Mapped[bytes]
    recorded_by: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    recorded_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)


class AccessCode(Base):
    """What a pupil types: a keyed hash to find it, a slow hash to prove it, never the code."""

    __tablename__ = "access_codes"
    __table_args__ = (
        Index(
            "uq_access_codes_live",
            "assignment_id",
            "student_id",
            unique=True,
            postgresql_where=text("revoked_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4, insert_default=uuid4)
    assignment_id: Mapped[UUID] = mapped_column(ForeignKey("assignments.id"))
    school_id: Mapped[UUID] = mapped_column(ForeignKey("schools.id"))
    student_id: Mapped[UUID] = mapped_column(ForeignKey("students.id"), index=True)
    lookup: Mapped[bytes] = mapped_column(unique=True)
    code_hash: Mapped[str]
    issued_by: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    issued_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)
    first_used_at: Mapped[datetime | None] = mapped_column(default=None)
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)
