"""What a receiver's people do with a referral: attempts, assessments, plans, outcomes."""

from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tirek.domain.levels import Level
from tirek.domain.referral import (
    PROPOSABLE,
    ApprovalKind,
    AssessmentSection,
    ContactChannel,
    ContactPerson,
    SectionState,
)
from tirek.storage.base import NOW, Base, one_of

_PROPOSABLE = ", ".join(f"'{outcome}'" for outcome in PROPOSABLE)


class ContactAttempt(Base):
    """One try to reach somebody, and whether it worked; append-only."""

    __tablename__ = "contact_attempts"
    __table_args__ = (
        one_of("channel", ContactChannel),
        one_of("person", ContactPerson),
        Index("ix_contact_attempts_referral_id", "referral_id"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referrals.id"))
    student_id: Mapped[UUID] = mapped_column(ForeignKey("students.id"))
    school_id: Mapped[UUID] = mapped_column(ForeignKey("schools.id"))
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    channel: Mapped[str]
    person: Mapped[str]
    reached: Mapped[bool]
    note_sealed: Mapped[bytes | None] = mapped_column(default=None)
    # The referral's version when it was made: attempts of an earlier round do not count.
    version: Mapped[int] = mapped_column(SmallInteger)
    created_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)


class AssessmentNote(Base):
    """One part of the assessment, signed or waived with a reason; the latest row counts."""

    __tablename__ = "assessment_notes"
    __table_args__ = (
        one_of("section", AssessmentSection),
        one_of("state", SectionState),
        Index("ix_assessment_notes_referral_id", "referral_id"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referrals.id"))
    student_id: Mapped[UUID] = mapped_column(ForeignKey("students.id"))
    school_id: Mapped[UUID] = mapped_column(ForeignKey("schools.id"))
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    section: Mapped[str]
    state: Mapped[str]
    # What was found, or why this part is left out.
    note_sealed: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)


class Plan(Base):
    """What is to be done, and the day on which it is looked at again: there is always one."""

    __tablename__ = "plans"
    __table_args__ = (UniqueConstraint("referral_id", "seq"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referrals.id"))
    student_id: Mapped[UUID] = mapped_column(ForeignKey("students.id"))
    school_id: Mapped[UUID] = mapped_column(ForeignKey("schools.id"))
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    # The event that it belongs to.
    seq: Mapped[int] = mapped_column(SmallInteger)
    next_on: Mapped[date]
    child_agrees: Mapped[bool]
    # Goals and steps; and why, where the child does not agree.
    note_sealed: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)


class OutcomeNote(Base):
    """What a referral ends with: what the child said, and when to screen again, or why not."""

    __tablename__ = "outcome_notes"
    __table_args__ = (
        CheckConstraint(f"outcome IN ({_PROPOSABLE})", name="outcome_proposable"),
        UniqueConstraint("referral_id", "seq"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referrals.id"))
    student_id: Mapped[UUID] = mapped_column(ForeignKey("students.id"))
    school_id: Mapped[UUID] = mapped_column(ForeignKey("schools.id"))
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    seq: Mapped[int] = mapped_column(SmallInteger)
    outcome: Mapped[str]
    child_heard: Mapped[bool]
    # None: no repeat is planned, and the sealed note says why.
    repeat_on: Mapped[date | None]
    note_sealed: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)


class Approval(Base):
    """A step that takes two people: proposed by one, decided once by another."""

    __tablename__ = "approvals"
    __table_args__ = (
        one_of("kind", ApprovalKind),
        CheckConstraint("decided_by <> proposed_by", name="two_people"),
        CheckConstraint(
            "(decided_at IS NULL) = (decided_by IS NULL)"
            " AND (decided_at IS NULL) = (is_approved IS NULL)",
            name="decided_as_a_whole",
        ),
        CheckConstraint("(kind = 'downgrade') = (level IS NOT NULL)", name="downgrade_to_a_level"),
        CheckConstraint(
            "level IN (" + ", ".join(f"'{level}'" for level in Level if level != "review") + ")",
            name="level_known",
        ),
        Index("ix_approvals_referral_id", "referral_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4, insert_default=uuid4)
    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referrals.id"))
    student_id: Mapped[UUID] = mapped_column(ForeignKey("students.id"))
    school_id: Mapped[UUID] = mapped_column(ForeignKey("schools.id"))
    kind: Mapped[str]
    level: Mapped[str | None] = mapped_column(default=None)
    proposed_by: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    proposed_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)
    note_sealed: Mapped[bytes]
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"), default=None)
    decided_at: Mapped[datetime | None] = mapped_column(default=None)
    is_approved: Mapped[bool | None] = mapped_column(default=None)
    decision_sealed: Mapped[bytes | None] = mapped_column(default=None)


class LegalDecision(Base):
    """On what ground something may be done after a signal, as the rules had it; append-only."""

    __tablename__ = "legal_decisions"
    __table_args__ = (UniqueConstraint("signal_id"), Index("ix_legal_decisions_case_id", "case_id"))

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    signal_id: Mapped[UUID] = mapped_column(ForeignKey("signals.id"))
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"))
    student_id: Mapped[UUID] = mapped_column(ForeignKey("students.id"))
    school_id: Mapped[UUID] = mapped_column(ForeignKey("schools.id"))
    ground: Mapped[str]
    why: Mapped[str]
    guardian_consent: Mapped[str | None]
    assent: Mapped[str | None]
    may_contact_child: Mapped[bool]
    may_refer_to_center: Mapped[bool]
    may_notify_authority: Mapped[bool]
    may_tell_guardian: Mapped[bool]
    rule_version: Mapped[str]
    # The guardian's last word on being handed on to a support centre.
    center_help: Mapped[str | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)


class Conflict(Base):
    """Somebody named as possibly harming the child: they, and where they work, never receive."""

    __tablename__ = "conflicts"
    __table_args__ = (
        CheckConstraint(
            "(kind = 'school_staff') = (at_school_id IS NOT NULL)"
            " AND (kind = 'psc_staff') = (support_center_id IS NOT NULL)"
            " AND kind IN ('guardian', 'school_staff', 'psc_staff')",
            name="kind_and_place",
        ),
        Index("ix_conflicts_student_id", "student_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4, insert_default=uuid4)
    student_id: Mapped[UUID] = mapped_column(ForeignKey("students.id"))
    school_id: Mapped[UUID] = mapped_column(ForeignKey("schools.id"))
    kind: Mapped[str]
    at_school_id: Mapped[UUID | None] = mapped_column(ForeignKey("schools.id"), default=None)
    support_center_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("support_centers.id"), default=None
    )
    # The person, where they have a login.
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"), default=None)
    named_by: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"), default=None)
    note_sealed: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)
