"""A person at school is worried about a pupil: a signal by hand, which opens a referral."""

from uuid import UUID

from sqlalchemy import func, select

from tirek.domain.errors import DomainError
from tirek.domain.levels import Level
from tirek.domain.referral import ConflictKind, SignalKind
from tirek.domain.scope import Scope
from tirek.services import audit, harm, pupils, students
from tirek.services.harm import Named
from tirek.services.referrals import Concern, open_referral
from tirek.services.unit import Unit
from tirek.storage.models import Referral, Signal
from tirek.storage.session import within_scope

LEVELS = (Level.IMMEDIATE, Level.HIGH, Level.MEDIUM, Level.LOW)


class ReasonMissingError(DomainError):
    """Nobody is referred without a written reason."""


class LevelUnknownError(DomainError):
    """A concern has one of the four levels; a review is the machine's own word."""


def refer(
    unit: Unit,
    student_id: UUID,
    level: Level,
    reason: str,
    mark: UUID,
    about: ConflictKind | None = None,
) -> UUID:
    """Refer a pupil of the own school; returns the referral that now carries the concern.

    `mark` is the page's own mark: the same one sent twice is one concern. `about` says that the
    worry is about somebody of the family or of the school itself: then it goes past them, and the
    school, this person included, sees nothing more of it. Raises `NotFoundError`,
    `ReasonMissingError` or `LevelUnknownError`.
    """
    student = pupils.get(unit, student_id)
    if not reason.strip():
        raise ReasonMissingError("no reason")
    if level not in LEVELS:
        raise LevelUnknownError(f"no concern has level {level}")
    # Two presses at once follow one another, so that the second finds the signal of the first.
    unit.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(str(mark), 0))))
    known = _carrier(unit, student_id, mark)
    if known is not None:
        return known
    place = ("signals", "note_sealed", str(mark))
    concern = Concern(
        SignalKind.STAFF_CONCERN,
        level,
        student.id,
        student.school_id,
        account_id=unit.actor.account_id,
        note_sealed=students.data_key(unit, student.id).seal(reason.strip(), *place),
        signal_id=mark,
    )
    if about is not None:
        harm.name_conflict(unit, student.id, Named(about, reason))
    # A school that has just been kept out may not write these rows itself.
    with within_scope(unit.session, Scope.system()):
        referral_id = open_referral(unit, [concern])
    audit.record(
        unit,
        "concern.refer",
        "referral",
        referral_id,
        student_id=student.id,
        school_id=student.school_id,
    )
    return referral_id


def _carrier(unit: Unit, student_id: UUID, mark: UUID) -> UUID | None:
    """The latest referral of the case that a signal already hangs on, also one out of sight."""
    with within_scope(unit.session, Scope.system()):
        return unit.session.scalars(
            select(Referral.id)
            .join(Signal, Signal.case_id == Referral.case_id)
            .where(Signal.id == mark, Signal.student_id == student_id)
            .order_by(Referral.created_at.desc())
            .limit(1)
        ).one_or_none()
