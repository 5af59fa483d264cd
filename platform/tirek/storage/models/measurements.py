"""How well instruments measure: nightly figures, alarms, outcomes, and drafts made of them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Numeric,
    SmallInteger,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from tirek.domain.standing import AlarmKind, DraftKind, DraftState, Verdict
from tirek.storage.base import NOW, Base, one_of


class MeasurementNight(Base):
    """One night's count: how far it has come, so that a killed one goes on where it was."""

    __tablename__ = "measurement_nights"

    night: Mapped[date] = mapped_column(primary_key=True)
    started_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)
    # Schools are counted whole, in the order of their ids.
    last_school_id: Mapped[UUID | None] = mapped_column(default=None)
    schools: Mapped[int] = mapped_column(default=0)
    sheets: Mapped[int] = mapped_column(default=0)
    # Sheets of another structure than the files hold, or whose key is gone.
    left_out: Mapped[int] = mapped_column(default=0)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)


class MeasurementCell(Base):
    """What a night has counted so far of one region, language and sex: sums only, no child's row.

    Regions add up to the country; the rows go when the next night is done.
    """

    __tablename__ = "measurement_cells"

    night: Mapped[date] = mapped_column(ForeignKey("measurement_nights.night"), primary_key=True)
    instrument_id: Mapped[str] = mapped_column(primary_key=True)
    structure_hash: Mapped[str] = mapped_column(primary_key=True)
    scoring_hash: Mapped[str] = mapped_column(primary_key=True)
    region_iso: Mapped[str] = mapped_column(ForeignKey("regions.iso"), primary_key=True)
    language: Mapped[str] = mapped_column(primary_key=True)
    # Empty: nobody has said.
    sex: Mapped[str] = mapped_column(primary_key=True)
    summary: Mapped[dict[str, Any]]


class Measurement(Base):
    """One night's figures of one scale in one group; counts only, no child's row."""

    __tablename__ = "measurements"
    __table_args__ = (
        UniqueConstraint(
            "night", "instrument_id", "structure_hash", "scoring_hash", "scale", "language", "sex"
        ),
        CheckConstraint("language IN ('', 'kk', 'ru')", name="language_known"),
        CheckConstraint("sex IN ('', 'f', 'm')", name="sex_known"),
        Index("ix_measurements_instrument", "instrument_id", "night"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True, init=False)
    night: Mapped[date]
    instrument_id: Mapped[str]
    structure_hash: Mapped[str]
    scoring_hash: Mapped[str]
    scale: Mapped[str]
    # Empty: all together.
    language: Mapped[str]
    sex: Mapped[str]
    n: Mapped[int]
    # Mergeable sums, so that regions counted apart add up.
    summary: Mapped[dict[str, Any]]
    figures: Mapped[dict[str, Any]]
    computed_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)


class MeasurementAlarm(Base):
    """Something in the figures that a methodologist must look at; it ends with words."""

    __tablename__ = "measurement_alarms"
    __table_args__ = (
        one_of("kind", AlarmKind),
        UniqueConstraint("instrument_id", "structure_hash", "scale", "language", "kind", "item"),
        CheckConstraint(
            "(answered_at IS NULL) = (answered_by IS NULL)"
            " AND (answered_at IS NULL) = (answer IS NULL)",
            name="answered_by_somebody",
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4, insert_default=uuid4)
    instrument_id: Mapped[str]
    structure_hash: Mapped[str]
    scale: Mapped[str]
    language: Mapped[str]
    kind: Mapped[str]
    # Empty: the whole scale.
    item: Mapped[str]
    figures: Mapped[dict[str, Any]]
    first_night: Mapped[date]
    last_night: Mapped[date]
    answered_at: Mapped[datetime | None] = mapped_column(default=None)
    answered_by: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"), default=None)
    answer: Mapped[str | None] = mapped_column(default=None)


class ScreeningOutcome(Base):
    """What a specialist found when they spoke with a child whom a questionnaire was about."""

    __tablename__ = "screening_outcomes"
    __table_args__ = (
        ForeignKeyConstraint(
            ["school_year", "administration_id"],
            ["administrations.school_year", "administrations.id"],
        ),
        one_of("verdict", Verdict),
        # The first word counts: it was said before anybody knew what it does to a figure.
        UniqueConstraint("administration_id", "recorded_by"),
        Index("ix_screening_outcomes_student_id", "student_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4, insert_default=uuid4)
    school_year: Mapped[int] = mapped_column(SmallInteger)
    administration_id: Mapped[UUID]
    student_id: Mapped[UUID] = mapped_column(ForeignKey("students.id"))
    school_id: Mapped[UUID] = mapped_column(ForeignKey("schools.id"))
    verdict: Mapped[str]
    # Whether they had read the score before: such outcomes are counted apart.
    saw_score: Mapped[bool]
    recorded_by: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    support_center_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("support_centers.id"), default=None
    )
    recorded_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)


class MeasurementDraft(Base):
    """A cut-off or a norm that figures suggest: nothing changes until a person publishes it."""

    __tablename__ = "measurement_drafts"
    __table_args__ = (
        one_of("kind", DraftKind),
        one_of("state", DraftState),
        CheckConstraint(
            "(state = 'suggested') = (decided_at IS NULL)"
            " AND (decided_at IS NULL) = (decided_by IS NULL)"
            " AND (decided_at IS NULL) = (reason IS NULL)",
            name="decided_by_somebody",
        ),
        Index("ix_measurement_drafts_instrument_id", "instrument_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default_factory=uuid4, insert_default=uuid4)
    kind: Mapped[str]
    instrument_id: Mapped[str]
    structure_hash: Mapped[str]
    scale: Mapped[str]
    language: Mapped[str]
    sex: Mapped[str]
    age_min: Mapped[int] = mapped_column(SmallInteger)
    age_max: Mapped[int] = mapped_column(SmallInteger)
    n: Mapped[int]
    cut: Mapped[Decimal | None] = mapped_column(Numeric(12, 4))
    figures: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(default="suggested")
    suggested_at: Mapped[datetime] = mapped_column(server_default=NOW, init=False)
    decided_at: Mapped[datetime | None] = mapped_column(default=None)
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"), default=None)
    reason: Mapped[str | None] = mapped_column(default=None)
