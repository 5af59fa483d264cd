"""What needs the people of a school today, in numbers."""

from dataclasses import dataclass

from sqlalchemy import func, select

from tirek.domain.permissions import Permission, may
from tirek.services import (
    answer_uploads,
    caseload,
    classrooms,
    pilots,
    review,
    school_contacts,
    school_notices,
    second_reads,
)
from tirek.services.caseload import CaseCounts
from tirek.services.pilots import Withdrawal
from tirek.services.unit import Unit
from tirek.storage.models import Assignment


@dataclass(frozen=True, slots=True)
class SchoolDay:
    """Counts of open work; None where this person's role has nothing to do with it."""

    cases: CaseCounts | None
    reviews: int | None
    # Files of answers that call for somebody and that nobody has decided about; the social
    # pedagogue, who is told of them, opens none.
    answer_files: int | None
    notices: int | None
    # Those of them whose time has run out.
    late_notices: int | None
    # What waits for this person as a second reader, or for an answer to a centre.
    asked: int | None
    open_assignments: int | None
    without_consent: int | None
    # Whether a support centre could not call, and this person can mend it.
    is_uncallable: bool


def today(unit: Unit) -> SchoolDay:
    """Count the work that this person's role gives them."""

    def has(permission: Permission) -> bool:
        return may(unit.actor, permission)

    return SchoolDay(
        cases=caseload.counts(unit) if has(Permission.VIEW_FLAGS) else None,
        reviews=review.open_count(unit) if has(Permission.RESOLVE_REVIEW) else None,
        answer_files=(
            answer_uploads.waiting_count(unit) if has(Permission.VIEW_PROGRESS) else None
        ),
        notices=school_notices.open_count(unit) if has(Permission.CONFIRM_NOTICE) else None,
        late_notices=school_notices.late_count(unit) if has(Permission.CONFIRM_NOTICE) else None,
        asked=second_reads.count(unit) if has(Permission.READ_SECOND) else None,
        open_assignments=_open_assignments(unit) if has(Permission.VIEW_PROGRESS) else None,
        without_consent=(
            sum(room.silent for room in classrooms.of_school(unit))
            if has(Permission.RECORD_CONSENT)
            else None
        ),
        is_uncallable=has(Permission.KEEP_OWN_CONTACT) and _is_uncallable(unit),
    )


def _is_uncallable(unit: Unit) -> bool:
    school = school_contacts.own(unit)
    return not (school.phone or school.urgent_phone)


def _open_assignments(unit: Unit) -> int:
    within = unit.session.scalars(
        select(Assignment).where(
            Assignment.school_id == unit.actor.school_id,
            Assignment.cancelled_at.is_(None),
            Assignment.opens_at <= func.now(),
            Assignment.closes_at > func.now(),
        )
    ).all()
    withdrawn = pilots.withdrawals(unit, within).values()
    return len(within) - [*withdrawn].count(Withdrawal.TRIAL_ENDED)
