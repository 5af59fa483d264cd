"""One person answering one instrument once: answers, scores, flags and review tasks."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Numeric,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from tirek.domain.administration import AdministrationState
from tirek.domain.levels import Level
from tirek.storage.base import NOW, Base, one_of

# Large tables are split by school year from the first migration on.
BY_YEAR = {"postgresql_partition_by": "LIST (school_year)"}


class Administration(Base):
    """One respondent, one assignment, once; pins what was shown."""

    __tablename__ = "administrations"
    __table_args__ = (
        one_of("state", AdministrationState),
        CheckConstraint("respondent IN ('student', 'guardian')", name="respondent_known"),
        CheckConstraint("(state = 'open') = (ended_at IS NULL)", name="ended_when_not_open"),
        # A file holds whole questionnaires of pupils; nobody was asked anything by us.
        CheckConstraint(
            "entered_by IS NULL OR (respondent = 'student' AND NOT is_short)",
            name="entered_whole",
        ),
        CheckConstraint("answered_on IS NULL OR entered_by IS NOT NULL", name="answered_elsewhere"),
        # For a pupil `respondent_id` is the pupil, for a guardian the account.
        UniqueConstraint("school_year", "assignment_id", "student_id", "respondent_id"),
        Index("ix_administrations_student_id", "student_id"),
        Index("ix_administrations_school_id", "school_id"),
        BY_YEAR,
    )

    school_year: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4, insert_default=uuid4)
    assignment_id: Mapped[UUID] = mapped_column(ForeignKey("assignments.id"))
    student_id: Mapped[UUID] = mapped_column(ForeignKey("students.id"))
    school_id: Mapped[UUID] = mapped_column(ForeignKey("schools.id"))
    respondent: Mapped[str]
    respondent_id: Mapped[UUID]
    instrument_id: Mapped[str]
    release_id: Mapped[UUID] = mapped_column(ForeignKey("instrument_releases.id"))
    structure_hash: Mapped[str]
    wording_hash: Mapped[str]
    language: Mapped[str]
    age_years: Mapped[int] = mapped_column(SmallInteger)
    state: Mapped[str] = mapped_column(default="open")
    # Pinned like the instrument's parts: a run stays as it was begun.
    is_short: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    quality: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True), default=None)
    opened_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)
    started_at: Mapped[datetime | None] = mapped_column(default=None)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    # Who entered it from a file; then it was answered elsewhere, on the day that the file says.
    entered_by: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"), default=None)
    answered_on: Mapped[date | None] = mapped_column(default=None)


class Response(Base):
    """One answer to one item, sealed with the pupil's key; the state is inside the seal."""

    __tablename__ = "responses"
    __table_args__ = (
        ForeignKeyConstraint(
            ["school_year", "administration_id"],
            ["administrations.school_year", "administrations.id"],
        ),
        BY_YEAR,
    )

    school_year: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    administration_id: Mapped[UUID] = mapped_column(primary_key=True)
    item_id: Mapped[str] = mapped_column(primary_key=True)
    sealed: Mapped[bytes]
    answered_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)
    changes: Mapped[int] = mapped_column(SmallInteger, default=0)


class Score(Base):
    """One scale of one administration under one engine; rescoring adds a row."""

    __tablename__ = "scores"
    __table_args__ = (
        ForeignKeyConstraint(
            ["school_year", "administration_id"],
            ["administrations.school_year", "administrations.id"],
        ),
        CheckConstraint("state IN ('computed', 'not_computable')", name="state_known"),
        # Fail closed: a value, or a reason; never neither, never both.
        CheckConstraint(
            "(state = 'computed') = (value IS NOT NULL)"
            " AND (state = 'computed') = (reason IS NULL)",
            name="value_or_reason",
        ),
        UniqueConstraint(
            "administration_id", "scale", "scoring_hash", "interpretation_hash", "engine_version"
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4, insert_default=uuid4)
    school_year: Mapped[int] = mapped_column(SmallInteger)
    administration_id: Mapped[UUID]
    student_id: Mapped[UUID] = mapped_column(ForeignKey("students.id"), index=True)
    school_id: Mapped[UUID] = mapped_column(ForeignKey("schools.id"))
    scale: Mapped[str]
    state: Mapped[str]
    value: Mapped[Decimal | None] = mapped_column(Numeric(20, 10), default=None)
    reason: Mapped[str | None] = mapped_column(default=None)
    answered: Mapped[int] = mapped_column(SmallInteger)
    prorated: Mapped[bool]
    band: Mapped[str | None] = mapped_column(default=None)
    # The standard error of an estimate from calibrated items.
    error: Mapped[Decimal | None] = mapped_column(Numeric(20, 10), default=None)
    structure_hash: Mapped[str]
    scoring_hash: Mapped[str]
    interpretation_hash: Mapped[str]
    engine_version: Mapped[str]
    computed_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)


class FlagRecord(Base):
    """The machine's statement that an answer or a score needs a person; append-only."""

    __tablename__ = "flags"
    __table_args__ = (
        ForeignKeyConstraint(
            ["school_year", "administration_id"],
            ["administrations.school_year", "administrations.id"],
        ),
        one_of("level", Level),
        # One fact, one flag: a repeated request cannot raise it twice.
        UniqueConstraint("administration_id", "code"),
        Index("ix_flags_school_id", "school_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4, insert_default=uuid4)
    school_year: Mapped[int] = mapped_column(SmallInteger)
    administration_id: Mapped[UUID]
    student_id: Mapped[UUID] = mapped_column(ForeignKey("students.id"), index=True)
    school_id: Mapped[UUID] = mapped_column(ForeignKey("schools.id"))
    code: Mapped[str]
    level: Mapped[str]
    raised_at_step: Mapped[str]
    interpretation_hash: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)


class ReviewTask(Base):
    """Something the machine could not decide and a person must look at."""

    __tablename__ = "review_tasks"
    __table_args__ = (
        ForeignKeyConstraint(
            ["school_year", "administration_id"],
            ["administrations.school_year", "administrations.id"],
        ),
        UniqueConstraint("administration_id", "reason"),
        CheckConstraint(
            "(done_at IS NULL) = (done_by IS NULL) AND (done_at IS NULL) = (note_sealed IS NULL)",
            name="done_by_a_person_with_a_note",
        ),
        Index("ix_review_tasks_school_id", "school_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4, insert_default=uuid4)
    school_year: Mapped[int] = mapped_column(SmallInteger)
    administration_id: Mapped[UUID]
    student_id: Mapped[UUID] = mapped_column(ForeignKey("students.id"), index=True)
    school_id: Mapped[UUID] = mapped_column(ForeignKey("schools.id"))
    reason: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)
    done_at: Mapped[datetime | None] = mapped_column(default=None)
    done_by: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"), default=None)
    note_sealed: Mapped[bytes | None] = mapped_column(default=None)


class AdaptiveStep(Base):
    """One choice of the next question: what was known then, so that the run can be replayed."""

    __tablename__ = "adaptive_steps"
    __table_args__ = (
        ForeignKeyConstraint(
            ["school_year", "administration_id"],
            ["administrations.school_year", "administrations.id"],
        ),
        UniqueConstraint("administration_id", "item_id"),
    )

    school_year: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    administration_id: Mapped[UUID] = mapped_column(primary_key=True)
    step: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    student_id: Mapped[UUID] = mapped_column(ForeignKey("students.id"))
    school_id: Mapped[UUID] = mapped_column(ForeignKey("schools.id"))
    # Empty in the last row: why no further question was asked.
    item_id: Mapped[str | None]
    why: Mapped[str]
    # What was known before this question (EAP and its standard error), sealed with the pupil's key:
    # together with the parameters it tells the answers.
    sealed: Mapped[bytes]
    parameters_hash: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)
