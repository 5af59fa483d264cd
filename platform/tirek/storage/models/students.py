"""Pupils without names, their data keys, their guardians, and consents."""

from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tirek.domain.consent import ConsentKind, ConsentSource, ConsentState, Purpose
from tirek.storage.base import NOW, Base, one_of


class Student(Base):
    """A pupil under a pseudonym: the school knows whose `school_code` it is, Tirek does not."""

    __tablename__ = "students"
    __table_args__ = (
        UniqueConstraint("school_id", "school_code"),
        CheckConstraint("extract(day FROM birth_month) = 1", name="birth_month_only"),
        CheckConstraint("sex IN ('f', 'm')", name="sex_known"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4, insert_default=uuid4)
    school_id: Mapped[UUID] = mapped_column(ForeignKey("schools.id"))
    classroom_id: Mapped[UUID] = mapped_column(ForeignKey("classrooms.id"), index=True)
    school_code: Mapped[str]
    birth_month: Mapped[date]
    sex: Mapped[str | None] = mapped_column(default=None)
    left_at: Mapped[datetime | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)


class StudentKey(Base):
    """The pupil's data key, wrapped by a key outside the database; destroying it is erasure."""

    __tablename__ = "student_keys"

    student_id: Mapped[UUID] = mapped_column(ForeignKey("students.id"), primary_key=True)
    kek_version: Mapped[str]
    wrapped: Mapped[bytes]


class Guardianship(Base):
    """Which account may answer about and consent for which pupil."""

    __tablename__ = "guardianships"
    __table_args__ = (Index("ix_guardianships_student_id", "student_id"),)

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    student_id: Mapped[UUID] = mapped_column(ForeignKey("students.id"), primary_key=True)
    verified_by: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"), default=None)
    created_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)


class Consent(Base):
    """One statement of a guardian or of the child; append-only, the latest one counts."""

    __tablename__ = "consents"
    __table_args__ = (
        one_of("kind", ConsentKind),
        one_of("state", ConsentState),
        one_of("source", ConsentSource),
        one_of("purpose", Purpose),
        CheckConstraint(
            "source = 'screen' OR account_id IS NOT NULL", name="adult_statement_has_account"
        ),
        Index("ix_consents_latest", "student_id", "kind", "purpose", "id"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    student_id: Mapped[UUID] = mapped_column(ForeignKey("students.id"))
    school_id: Mapped[UUID] = mapped_column(ForeignKey("schools.id"))
    kind: Mapped[str]
    state: Mapped[str]
    source: Mapped[str]
    text_version: Mapped[str]
    purpose: Mapped[str] = mapped_column(default=Purpose.SCREENING.value)
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"), default=None)
    language: Mapped[str | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)
