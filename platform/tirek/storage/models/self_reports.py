"""What parents answer about themselves, and the calls for a person that follow from it."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID, uuid4

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Numeric,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from tirek.domain.instruments import AnswerState
from tirek.domain.parents import HelpKind, Occasion, ReportState
from tirek.storage.base import NOW, Base, one_of


class SelfReport(Base):
    """One questionnaire about oneself, filled in once; nobody but its author can read it."""

    __tablename__ = "self_reports"
    __table_args__ = (
        one_of("state", ReportState),
        one_of("occasion", Occasion),
        CheckConstraint("child_age BETWEEN 0 AND 18", name="child_age_known"),
        CheckConstraint("(state = 'open') = (ended_at IS NULL)", name="ended_or_open"),
        Index("ix_self_reports_account_id", "account_id", "instrument_id"),
        # Two tabs that begin at once go on with the same one.
        Index(
            "uq_self_reports_open",
            "account_id",
            "instrument_id",
            unique=True,
            postgresql_where=text("state = 'open'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4, insert_default=uuid4)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    instrument_id: Mapped[str]
    release_id: Mapped[UUID] = mapped_column(ForeignKey("instrument_releases.id"))
    occasion: Mapped[str] = mapped_column(default="other")
    course_id: Mapped[str | None] = mapped_column(default=None)
    # The pupil it is about, where the parent said so; only their age is needed otherwise.
    student_id: Mapped[UUID | None] = mapped_column(ForeignKey("students.id"), default=None)
    child_age: Mapped[int] = mapped_column(SmallInteger)
    language: Mapped[str]
    wording_hash: Mapped[str]
    state: Mapped[str] = mapped_column(default="open")
    started_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)


class SelfAnswer(Base):
    """One answer, sealed for its row; changed until the questionnaire is finished."""

    __tablename__ = "self_answers"
    __table_args__ = (one_of("state", AnswerState),)

    report_id: Mapped[UUID] = mapped_column(ForeignKey("self_reports.id"), primary_key=True)
    item_id: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    sealed: Mapped[bytes | None] = mapped_column(default=None)
    answered_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)


class SelfScore(Base):
    """A scale of a finished report: a value, or the reason why there is none; append-only."""

    __tablename__ = "self_scores"
    __table_args__ = (
        CheckConstraint("(value IS NULL) = (reason IS NOT NULL)", name="value_or_reason"),
        UniqueConstraint("report_id", "scale_id", "engine_version"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    report_id: Mapped[UUID] = mapped_column(ForeignKey("self_reports.id"))
    scale_id: Mapped[str]
    value: Mapped[Decimal | None] = mapped_column(Numeric(12, 4), default=None)
    reason: Mapped[str | None] = mapped_column(default=None)
    band: Mapped[str | None] = mapped_column(default=None)
    engine_version: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)


class HelpRequest(Base):
    """A parent with whom a person of a support centre must speak; its clock is the database's."""

    __tablename__ = "help_requests"
    __table_args__ = (
        one_of("kind", HelpKind),
        CheckConstraint(
            "(acknowledged_at IS NULL) = (acknowledged_by IS NULL)", name="acknowledged_by_somebody"
        ),
        CheckConstraint("(closed_at IS NULL) = (closed_by IS NULL)", name="closed_by_somebody"),
        CheckConstraint("closed_at IS NULL OR outcome IS NOT NULL", name="closed_with_outcome"),
        CheckConstraint("closed_at IS NULL OR acknowledged_at IS NOT NULL", name="taken_first"),
        CheckConstraint(
            "outcome IN ('spoken', 'met', 'handed_on', 'not_reached')", name="outcome_known"
        ),
        Index("ix_help_requests_center", "support_center_id", "created_at"),
        Index("ix_help_requests_account_id", "account_id"),
        # The same answer sent twice calls one person once.
        Index("uq_help_requests_report", "report_id", "kind", unique=True),
        Index(
            "uq_help_requests_call_me",
            "account_id",
            unique=True,
            postgresql_where=text("kind = 'call_me' AND closed_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4, insert_default=uuid4)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    support_center_id: Mapped[UUID] = mapped_column(ForeignKey("support_centers.id"))
    kind: Mapped[str]
    # The answers may be deleted by their author; the call for a person stays.
    report_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("self_reports.id", ondelete="SET NULL"), default=None
    )
    language: Mapped[str]
    # How to reach the parent, and their own words where they wrote any; sealed.
    phone_sealed: Mapped[bytes | None] = mapped_column(default=None)
    words_sealed: Mapped[bytes | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)
    due_at: Mapped[datetime]
    # Somebody above was told that nobody had answered in time.
    escalated_at: Mapped[datetime | None] = mapped_column(default=None)
    acknowledged_at: Mapped[datetime | None] = mapped_column(default=None)
    acknowledged_by: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"), default=None)
    closed_at: Mapped[datetime | None] = mapped_column(default=None)
    closed_by: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"), default=None)
    outcome: Mapped[str | None] = mapped_column(default=None)
    note_sealed: Mapped[bytes | None] = mapped_column(default=None)
