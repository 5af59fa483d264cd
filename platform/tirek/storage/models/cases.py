"""Signals, cases, referrals and the events that alone may change a referral."""

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

from tirek.domain.levels import Level
from tirek.domain.referral import (
    OWNED,
    TERMINAL,
    UNOWNED,
    ActorKind,
    Outcome,
    ReceiverKind,
    ReferralState,
    SignalKind,
)
from tirek.storage.base import NOW, Base, one_of


def _listed(states: frozenset[ReferralState]) -> str:
    return ", ".join(f"'{state}'" for state in sorted(states))


class Case(Base):
    """What is being done for one child; at most one is open per child."""

    __tablename__ = "cases"
    __table_args__ = (
        one_of("level", Level),
        CheckConstraint("level <> 'review'", name="review_is_no_case"),
        Index(
            "uq_cases_one_open_per_child",
            "student_id",
            unique=True,
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index("ix_cases_school_id", "school_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4, insert_default=uuid4)
    student_id: Mapped[UUID] = mapped_column(ForeignKey("students.id"))
    school_id: Mapped[UUID] = mapped_column(ForeignKey("schools.id"))
    level: Mapped[str]
    opened_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)
    # Set by the database when the last open referral closes.
    closed_at: Mapped[datetime | None] = mapped_column(default=None)


class Signal(Base):
    """A fact that says a child may need help; append-only."""

    __tablename__ = "signals"
    __table_args__ = (
        one_of("kind", SignalKind),
        one_of("level", Level),
        CheckConstraint("(kind = 'questionnaire') = (flag_id IS NOT NULL)", name="flag_or_person"),
        CheckConstraint(
            "kind = 'questionnaire' OR (account_id IS NOT NULL AND note_sealed IS NOT NULL)",
            name="people_say_who_and_why",
        ),
        Index("ix_signals_student_id", "student_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4, insert_default=uuid4)
    kind: Mapped[str]
    level: Mapped[str]
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"), index=True)
    student_id: Mapped[UUID] = mapped_column(ForeignKey("students.id"))
    school_id: Mapped[UUID] = mapped_column(ForeignKey("schools.id"))
    flag_id: Mapped[UUID | None] = mapped_column(ForeignKey("flags.id"), default=None, unique=True)
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"), default=None)
    note_sealed: Mapped[bytes | None] = mapped_column(default=None)
    occurred_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)


class Referral(Base):
    """One leg of a case to one receiver; its state is written by events only."""

    __tablename__ = "referrals"
    __table_args__ = (
        one_of("level", Level),
        one_of("state", ReferralState),
        one_of("receiver", ReceiverKind),
        one_of("outcome", Outcome),
        CheckConstraint(
            "(receiver = 'support_center') = (support_center_id IS NOT NULL)", name="one_receiver"
        ),
        CheckConstraint(
            f"state NOT IN ({_listed(OWNED)}) OR owner_id IS NOT NULL",
            name="owned_once_acknowledged",
        ),
        CheckConstraint(
            f"state NOT IN ({_listed(UNOWNED)}) OR owner_id IS NULL",
            name="unowned_until_acknowledged",
        ),
        CheckConstraint(
            f"(state IN ({_listed(TERMINAL)})) = (closed_at IS NOT NULL)"
            f" AND (state IN ({_listed(TERMINAL)}) OR state = 'outcome_set')"
            " = (outcome IS NOT NULL)",
            name="closed_with_outcome",
        ),
        CheckConstraint(
            "(state = 'merged') = (merged_into_id IS NOT NULL)", name="merged_into_a_leg"
        ),
        CheckConstraint(
            "triage_level IS NULL OR triage_level IN ('immediate', 'high', 'medium', 'low')",
            name="triage_level_known",
        ),
        # One open leg per receiver: a repeated signal joins it.
        Index(
            "uq_referrals_open_center",
            "case_id",
            "support_center_id",
            unique=True,
            postgresql_where=text("closed_at IS NULL AND receiver = 'support_center'"),
        ),
        Index(
            "uq_referrals_open_school",
            "case_id",
            unique=True,
            postgresql_where=text("closed_at IS NULL AND receiver = 'school'"),
        ),
        Index("ix_referrals_support_center_id", "support_center_id", "created_at"),
        Index("ix_referrals_school_id", "school_id"),
        Index("ix_referrals_student_id", "student_id"),
        Index("ix_referrals_parent_id", "parent_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4, insert_default=uuid4)
    case_id: Mapped[UUID] = mapped_column(ForeignKey("cases.id"))
    student_id: Mapped[UUID] = mapped_column(ForeignKey("students.id"))
    school_id: Mapped[UUID] = mapped_column(ForeignKey("schools.id"))
    level: Mapped[str]
    receiver: Mapped[str]
    support_center_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("support_centers.id"), default=None
    )
    state: Mapped[str] = mapped_column(default="created")
    version: Mapped[int] = mapped_column(SmallInteger, default=0)
    # "automatic" when the rules opened it, "manual" when a person referred by hand.
    origin: Mapped[str]
    # Why this receiver, as a code the page explains: level_rule, by_hand, redirected. What the
    # person who redirected wrote is sealed in the old leg's event.
    route_reason: Mapped[str]
    protocol_id: Mapped[str]
    protocol_version: Mapped[str]
    sender_account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"), default=None)
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"), default=None)
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("referrals.id"), default=None)
    seen_due_at: Mapped[datetime]
    acknowledge_due_at: Mapped[datetime]
    contact_due_at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)
    delivered_at: Mapped[datetime | None] = mapped_column(default=None)
    seen_at: Mapped[datetime | None] = mapped_column(default=None)
    acknowledged_at: Mapped[datetime | None] = mapped_column(default=None)
    contacted_at: Mapped[datetime | None] = mapped_column(default=None)
    closed_at: Mapped[datetime | None] = mapped_column(default=None)
    outcome: Mapped[str | None] = mapped_column(default=None)
    # A person's judgement beside the machine's `level`, which it never lowers.
    triage_level: Mapped[str | None] = mapped_column(default=None)
    merged_into_id: Mapped[UUID | None] = mapped_column(ForeignKey("referrals.id"), default=None)


class ReferralEvent(Base):
    """One step in a referral's life; inserting it is the only way to change the state."""

    __tablename__ = "referral_events"
    __table_args__ = (
        UniqueConstraint("referral_id", "seq"),
        one_of("from_state", ReferralState),
        one_of("to_state", ReferralState),
        one_of("actor_kind", ActorKind),
        CheckConstraint("(actor_kind = 'system') = (account_id IS NULL)", name="a_person_is_named"),
        CheckConstraint(
            f"(to_state IN ({_listed(TERMINAL)}) OR to_state = 'outcome_set')"
            " = (outcome IS NOT NULL)",
            name="closed_with_outcome",
        ),
        CheckConstraint(
            "actor_kind = 'system' OR note_sealed IS NOT NULL"
            " OR to_state IN ('delivered', 'seen', 'acknowledged')",
            name="people_say_why",
        ),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referrals.id"))
    student_id: Mapped[UUID] = mapped_column(ForeignKey("students.id"))
    school_id: Mapped[UUID] = mapped_column(ForeignKey("schools.id"))
    # The version the actor saw, plus one: a second actor on the same version is refused.
    seq: Mapped[int] = mapped_column(SmallInteger)
    from_state: Mapped[str]
    to_state: Mapped[str]
    actor_kind: Mapped[str]
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"), default=None)
    reason_code: Mapped[str]
    outcome: Mapped[str | None] = mapped_column(default=None)
    note_sealed: Mapped[bytes | None] = mapped_column(default=None)
    # What two people agreed on, where the step takes two.
    approval_id: Mapped[UUID | None] = mapped_column(ForeignKey("approvals.id"), default=None)
    merged_into_id: Mapped[UUID | None] = mapped_column(ForeignKey("referrals.id"), default=None)
    triage_level: Mapped[str | None] = mapped_column(default=None)
    rule_version: Mapped[str]
    # A further signal may raise the level and bring clocks forward, never the reverse.
    level: Mapped[str | None] = mapped_column(default=None)
    seen_due_at: Mapped[datetime | None] = mapped_column(default=None)
    acknowledge_due_at: Mapped[datetime | None] = mapped_column(default=None)
    contact_due_at: Mapped[datetime | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)


class ReferralTransition(Base):
    """The listed transitions, as the database's own copy of `domain.referral.TRANSITIONS`."""

    __tablename__ = "referral_transitions"

    from_state: Mapped[str] = mapped_column(primary_key=True)
    to_state: Mapped[str] = mapped_column(primary_key=True)
    actor_kind: Mapped[str] = mapped_column(primary_key=True)
    level: Mapped[str] = mapped_column(primary_key=True)
