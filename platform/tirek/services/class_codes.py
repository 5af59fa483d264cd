"""Codes for a class: who has one, who may get one, and who gets none and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select

from tirek.domain.administration import AdministrationState
from tirek.domain.errors import ConflictError, NotFoundError
from tirek.services import assignment_rows, assignments, audit, classrooms, codes
from tirek.services.assignment_rows import AssignmentState
from tirek.services.runs import pinned_release
from tirek.services.unit import Unit
from tirek.storage.models import AccessCode, Administration, Assignment, Student

# A second press of the same button: the codes of the first answer were never seen by anybody.
SAME_PRESS = timedelta(seconds=60)


class CodeState(StrEnum):
    """Where one pupil of a class stands with a code."""

    NONE = "none"
    ISSUED = "issued"
    USED = "used"
    ENDED = "ended"
    NO_CONSENT = "no_consent"
    REFUSED = "refused"
    OUTSIDE_AGE = "outside_age"
    LEFT = "left"


# An assignment for which codes are given.
ASKED = frozenset({AssignmentState.PLANNED, AssignmentState.OPEN})

# Who may get a code, or a new one in place of a lost one.
ISSUABLE = frozenset({CodeState.NONE, CodeState.ISSUED, CodeState.USED})


@dataclass(frozen=True, slots=True)
class CodeRow:
    """A pupil and their code's state; `issued_at` of the living code, where there is one."""

    student: Student
    state: CodeState
    issued_at: datetime | None = None

    @property
    def may_issue(self) -> bool:
        """Whether this pupil may get a code."""
        return self.state in ISSUABLE


@dataclass(frozen=True, slots=True)
class Slip:
    """One pupil's code in clear, for the one moment in which it is printed."""

    school_code: str
    code: str


def of_class(unit: Unit, assignment: Assignment) -> list[CodeRow]:
    """Every pupil of an assignment's class with the state of their code."""
    instrument = pinned_release(unit, assignment.release_id)
    moment = max(assignment.opens_at, unit.now())
    people = assignments.audience(unit, assignment.classroom_id, instrument, moment)
    why = {one.id: CodeState.NO_CONSENT for one in people.without_consent}
    why |= {one.id: CodeState.REFUSED for one in people.refused}
    why |= {one.id: CodeState.OUTSIDE_AGE for one in people.outside_age}
    audit.record(unit, "codes.view", "assignment", assignment.id)
    living = _living(unit, assignment)
    ended = _ended(unit, assignment)
    return [
        _row(student, why, living, ended)
        for student in classrooms.pupils(unit, assignment.classroom_id, with_left=True)
    ]


def issue(
    unit: Unit, assignment_id: UUID, student_ids: Sequence[UUID], as_of: datetime
) -> list[Slip]:
    """Give codes to the chosen pupils of a class, new ones in place of lost ones.

    `as_of` is when the choice was put before the psychologist: a code issued since then (in
    another window, by a colleague) stays, unless this is a second press of the same button.
    Raises `NotFoundError` for a pupil who may not get one, `ConflictError` when the assignment
    was cancelled, withdrawn or is over.
    """
    assignment = assignments.get(unit, assignment_id)
    now = unit.now()
    if assignment.respondent != "student":
        raise NotFoundError("codes of an assignment", assignment_id)
    if assignment_rows.row_of(unit, assignment).state not in ASKED:
        raise ConflictError("the assignment is over")
    rows = {row.student.id: row for row in of_class(unit, assignment)}
    for student_id in student_ids:
        if student_id not in rows or not rows[student_id].may_issue:
            raise NotFoundError("pupil who may get a code", student_id)
    chosen = [one for one in rows.values() if one.student.id in set(student_ids)]
    fresh = [one.student for one in chosen if not _meanwhile(one.issued_at, as_of, now)]
    issued = codes.issue(unit, assignment, [student.id for student in fresh])
    names = {student.id: student.school_code for student in fresh}
    return [Slip(names[one.student_id], one.code) for one in issued]


def _meanwhile(issued_at: datetime | None, as_of: datetime, now: datetime) -> bool:
    return issued_at is not None and issued_at > as_of and now - issued_at > SAME_PRESS


def _row(
    student: Student,
    why: dict[UUID, CodeState],
    living: dict[UUID, AccessCode],
    ended: set[UUID],
) -> CodeRow:
    if student.left_at is not None:
        return CodeRow(student, CodeState.LEFT)
    if student.id in ended:
        return CodeRow(student, CodeState.ENDED)
    if student.id in why:
        return CodeRow(student, why[student.id])
    code = living.get(student.id)
    if code is None:
        return CodeRow(student, CodeState.NONE)
    state = CodeState.USED if code.first_used_at else CodeState.ISSUED
    return CodeRow(student, state, code.issued_at)


def _living(unit: Unit, assignment: Assignment) -> dict[UUID, AccessCode]:
    rows = unit.session.scalars(
        select(AccessCode).where(
            AccessCode.assignment_id == assignment.id, AccessCode.revoked_at.is_(None)
        )
    )
    return {code.student_id: code for code in rows}


def _ended(unit: Unit, assignment: Assignment) -> set[UUID]:
    return set(
        unit.session.scalars(
            select(Administration.student_id).where(
                Administration.school_year == assignment.school_year,
                Administration.assignment_id == assignment.id,
                Administration.state != AdministrationState.OPEN.value,
            )
        )
    )
