"""Clocks that call people: deadlines, breaches, answers to alarms, sweeps and drills."""

from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from tirek.storage.base import NOW, Base

CLOCKS = "'seen', 'acknowledged', 'contact', 'assessment', 'plan', 'review', 'notice'"


class Deadline(Base):
    """One moment at which somebody is called unless a promise was kept before.

    Rung 0 is the promise itself, higher ones are the ladder. A row ends in one of three ways: the
    promise was kept (`met_at`), the clock went on elsewhere (`ended_at`), or it rang (`fired_at`).
    """

    __tablename__ = "deadlines"
    __table_args__ = (
        CheckConstraint(f"clock IN ({CLOCKS})", name="clock_known"),
        CheckConstraint("num_nonnulls(referral_id, notice_id) = 1", name="of_one_thing"),
        CheckConstraint("(clock = 'notice') = (notice_id IS NOT NULL)", name="notice_clock"),
        CheckConstraint("fired_at >= due_at", name="never_early"),
        CheckConstraint("is_breach OR cardinality(posts) > 0 OR rung = 0", name="no_empty_rung"),
        UniqueConstraint("referral_id", "clock", "cycle", "rung"),
        UniqueConstraint("notice_id", "rung"),
        Index(
            "ix_deadlines_running",
            "due_at",
            postgresql_where=text("fired_at IS NULL AND met_at IS NULL AND ended_at IS NULL"),
        ),
        Index("ix_deadlines_student_id", "student_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4, insert_default=uuid4)
    referral_id: Mapped[UUID | None] = mapped_column(ForeignKey("referrals.id"), default=None)
    notice_id: Mapped[UUID | None] = mapped_column(ForeignKey("notices.id"), default=None)
    student_id: Mapped[UUID] = mapped_column(ForeignKey("students.id"))
    school_id: Mapped[UUID] = mapped_column(ForeignKey("schools.id"))
    clock: Mapped[str]
    # The referral's version at which this round of the clock began; 0 at the start.
    cycle: Mapped[int] = mapped_column(SmallInteger, default=0)
    rung: Mapped[int] = mapped_column(SmallInteger)
    posts: Mapped[list[str]] = mapped_column(ARRAY(Text))
    is_breach: Mapped[bool] = mapped_column(default=False)
    due_at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)
    met_at: Mapped[datetime | None] = mapped_column(default=None)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    fired_at: Mapped[datetime | None] = mapped_column(default=None)


class Breach(Base):
    """A promise that was not kept in the end; append-only, and nobody can take it away."""

    __tablename__ = "breaches"
    __table_args__ = (
        UniqueConstraint("deadline_id"),
        Index("ix_breaches_recorded_at", "recorded_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4, insert_default=uuid4)
    deadline_id: Mapped[UUID] = mapped_column(ForeignKey("deadlines.id"))
    referral_id: Mapped[UUID | None] = mapped_column(ForeignKey("referrals.id"), default=None)
    notice_id: Mapped[UUID | None] = mapped_column(ForeignKey("notices.id"), default=None)
    student_id: Mapped[UUID] = mapped_column(ForeignKey("students.id"))
    school_id: Mapped[UUID] = mapped_column(ForeignKey("schools.id"))
    support_center_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("support_centers.id"), default=None
    )
    level: Mapped[str]
    clock: Mapped[str]
    due_at: Mapped[datetime]
    recorded_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)


class AlarmAnswer(Base):
    """Somebody on the ladder says what they did about an alarm; append-only."""

    __tablename__ = "alarm_answers"
    __table_args__ = (UniqueConstraint("deadline_id", "account_id"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    deadline_id: Mapped[UUID] = mapped_column(ForeignKey("deadlines.id"))
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    # A code, because the ladder's upper rungs see no child and must write none down.
    answer: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)


class Sweep(Base):
    """When a loop last did its work: its absence is an alarm outside."""

    __tablename__ = "sweeps"

    name: Mapped[str] = mapped_column(primary_key=True)
    last_ok_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)
    last_count: Mapped[int]
    # All that it ever had to do: a number that should rarely grow for repairs.
    total: Mapped[int] = mapped_column(default=0)


class Drill(Base):
    """The monthly test alarm of a PSC, and how soon somebody answered it."""

    __tablename__ = "drills"
    __table_args__ = (
        UniqueConstraint("support_center_id", "month"),
        CheckConstraint("extract(day FROM month) = 1", name="month_by_its_first_day"),
        CheckConstraint(
            "(answered_at IS NULL) = (answered_by IS NULL)", name="answered_by_a_person"
        ),
        CheckConstraint("answered_at >= started_at", name="answered_afterwards"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4, insert_default=uuid4)
    support_center_id: Mapped[UUID] = mapped_column(ForeignKey("support_centers.id"))
    month: Mapped[date]
    started_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)
    due_at: Mapped[datetime]
    # When the coordinator was told that nobody answered.
    escalated_at: Mapped[datetime | None] = mapped_column(default=None)
    answered_at: Mapped[datetime | None] = mapped_column(default=None)
    answered_by: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"), default=None)
