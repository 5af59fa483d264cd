"""What waits at a school for another person's word: proposals, outcomes, refusals, questions."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select

from tirek.domain.levels import Level
from tirek.domain.referral import URGENT, ReceiverKind, ReferralState
from tirek.services import audit, referral_endings
from tirek.services.unit import Unit
from tirek.storage.models import Approval, Referral, Student

S = ReferralState


class Asked(StrEnum):
    """What somebody at school is asked for."""

    PROPOSAL = "proposal"
    OUTCOME = "outcome"
    REFUSAL = "refusal"
    QUESTION = "question"


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that waits for a word of this person."""

    referral_id: UUID
    student_code: str
    level: Level
    asked: Asked
    approval_id: UUID | None
    since: datetime | None


_BY_STATE = {
    S.OUTCOME_SET.value: Asked.OUTCOME,
    S.FAMILY_REFUSED.value: Asked.REFUSAL,
    S.NEEDS_INFO.value: Asked.QUESTION,
}


def waiting(unit: Unit) -> tuple[Waiting, ...]:
    """What this person is asked for, the most urgent first; reading the list is audited."""
    audit.record(unit, "second_reads.list", "school", unit.actor.school_id)
    found = [*_proposals(unit), *_in_state(unit)]
    return tuple(sorted(found, key=lambda one: (-one.level.rank, one.student_code)))


def count(unit: Unit) -> int:
    """How much waits for a word of this person."""
    return len(_proposals(unit)) + len(_in_state(unit))


def _own(unit: Unit) -> ColumnElement[bool]:
    return and_(Referral.school_id == unit.actor.school_id, Referral.closed_at.is_(None))


def _proposals(unit: Unit) -> list[Waiting]:
    rows = unit.session.execute(
        select(Referral, Student.school_code, Approval.id, Approval.proposed_at)
        .join(Approval, Approval.referral_id == Referral.id)
        .join(Student, Student.id == Referral.student_id)
        .where(
            _own(unit),
            Referral.receiver == ReceiverKind.SCHOOL.value,
            Approval.decided_at.is_(None),
            Approval.proposed_by != unit.actor.account_id,
        )
    )
    return [
        Waiting(leg.id, code, Level(leg.level), Asked.PROPOSAL, approval_id, at)
        for leg, code, approval_id, at in rows
    ]


def _in_state(unit: Unit) -> list[Waiting]:
    at_school = Referral.receiver == ReceiverKind.SCHOOL.value
    rows = unit.session.execute(
        select(Referral, Student.school_code)
        .join(Student, Student.id == Referral.student_id)
        .where(
            _own(unit),
            or_(
                and_(
                    at_school,
                    Referral.state == S.OUTCOME_SET.value,
                    Referral.level.in_(sorted(URGENT)),
                ),
                and_(at_school, Referral.state == S.FAMILY_REFUSED.value),
                and_(~at_school, Referral.state == S.NEEDS_INFO.value),
            ),
        )
    )
    return [
        Waiting(leg.id, code, Level(leg.level), _BY_STATE[leg.state], None, None)
        for leg, code in rows
        if leg.state == S.NEEDS_INFO or referral_endings.is_second(unit, leg)
    ]
