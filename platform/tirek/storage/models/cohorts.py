"""A course that a group of parents follows together, led by a person."""

from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from tirek.domain.cohorts import AsideReason
from tirek.domain.education import Strand
from tirek.storage.base import NOW, Base, one_of

_OF_ONE_HOUSE = "num_nonnulls(school_id, support_center_id) = 1"


class Cohort(Base):
    """A course with dates and a facilitator, of a school or of a support centre."""

    __tablename__ = "cohorts"
    __table_args__ = (
        CheckConstraint(_OF_ONE_HOUSE, name="one_house"),
        CheckConstraint("ends_on > starts_on", name="ends_after_start"),
        Index("ix_cohorts_school_id", "school_id"),
        Index("ix_cohorts_support_center_id", "support_center_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4, insert_default=uuid4)
    course_id: Mapped[str]
    school_id: Mapped[UUID | None] = mapped_column(ForeignKey("schools.id"), default=None)
    support_center_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("support_centers.id"), default=None
    )
    # Guardians of this class see the invitation on their first page.
    classroom_id: Mapped[UUID | None] = mapped_column(ForeignKey("classrooms.id"), default=None)
    facilitator_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    # Anybody with this word may join; it opens nothing else.
    join_code: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)
    closed_at: Mapped[datetime | None] = mapped_column(default=None)


class CohortMember(Base):
    """A parent who takes part, under a name they chose for the group."""

    __tablename__ = "cohort_members"
    __table_args__ = (
        CheckConstraint("char_length(shown_name) BETWEEN 1 AND 40", name="name_short"),
        Index("ix_cohort_members_account_id", "account_id"),
    )

    cohort_id: Mapped[UUID] = mapped_column(ForeignKey("cohorts.id"), primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    shown_name: Mapped[str]
    joined_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)
    left_at: Mapped[datetime | None] = mapped_column(default=None)


class CohortQuestion(Base):
    """A question to the facilitator; nobody knows whose, and the answer is for all."""

    __tablename__ = "cohort_questions"
    __table_args__ = (
        CheckConstraint("char_length(words) BETWEEN 1 AND 500", name="words_short"),
        CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="answered_with_words"),
        CheckConstraint(
            "(set_aside_at IS NULL) = (set_aside_reason IS NULL)", name="set_aside_with_reason"
        ),
        CheckConstraint("answer IS NULL OR set_aside_at IS NULL", name="answered_or_set_aside"),
        one_of("set_aside_reason", AsideReason),
        Index("ix_cohort_questions_cohort_id", "cohort_id", "asked_on"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4, insert_default=uuid4)
    cohort_id: Mapped[UUID] = mapped_column(ForeignKey("cohorts.id"))
    words: Mapped[str]
    # The day alone: an hour would tell who was online.
    asked_on: Mapped[date]
    answer: Mapped[str | None] = mapped_column(default=None)
    answered_at: Mapped[datetime | None] = mapped_column(default=None)
    answered_by: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"), default=None)
    # Not shown to the others: it names somebody, or needs a talk instead.
    set_aside_at: Mapped[datetime | None] = mapped_column(default=None)
    set_aside_reason: Mapped[str | None] = mapped_column(default=None)


class ParentMeeting(Base):
    """A meeting with parents as the programme's report counts it: numbers, no names."""

    __tablename__ = "parent_meetings"
    __table_args__ = (
        CheckConstraint(_OF_ONE_HOUSE, name="one_house"),
        one_of("strand", Strand),
        CheckConstraint("attended >= 0 AND fathers BETWEEN 0 AND attended", name="counts_agree"),
        CheckConstraint("invited IS NULL OR invited >= attended", name="invited_at_least"),
        Index("ix_parent_meetings_school_id", "school_id", "held_on"),
        Index("ix_parent_meetings_support_center_id", "support_center_id", "held_on"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4, insert_default=uuid4)
    school_id: Mapped[UUID | None] = mapped_column(ForeignKey("schools.id"), default=None)
    support_center_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("support_centers.id"), default=None
    )
    cohort_id: Mapped[UUID | None] = mapped_column(ForeignKey("cohorts.id"), default=None)
    course_id: Mapped[str | None] = mapped_column(default=None)
    strand: Mapped[str]
    held_on: Mapped[date]
    invited: Mapped[int | None] = mapped_column(SmallInteger, default=None)
    attended: Mapped[int] = mapped_column(SmallInteger)
    fathers: Mapped[int] = mapped_column(SmallInteger, default=0)
    created_by: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)
    # Entered by mistake; the row stays.
    cancelled_at: Mapped[datetime | None] = mapped_column(default=None)
