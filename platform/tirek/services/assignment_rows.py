"""Assignments as pages show them: of which class, and where they stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select

from tirek.domain.alphabet import sort_key
from tirek.domain.instruments import Instrument
from tirek.services import classrooms, gates, pilots
from tirek.services.pilots import Withdrawal
from tirek.services.unit import Unit
from tirek.storage.models import Assignment, Classroom


class AssignmentState(StrEnum):
    """Where an assignment stands against the clock."""

    OPEN = "open"
    PLANNED = "planned"
    OVER = "over"
    # Stands in the plan, and nobody will begin it: its trial has ended, or it must not be asked.
    WITHDRAWN = "withdrawn"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class AssignmentRow:
    """An assignment as lists show it."""

    assignment: Assignment
    classroom: str
    instrument: Instrument | None
    state: AssignmentState
    # Why nobody may begin it; one that is open meanwhile may be finished by those who have begun.
    withdrawn: Withdrawal | None

    @property
    def is_read_per_person(self) -> bool:
        """Whether anybody reads what one pupil or guardian answered."""
        return self.instrument is None or gates.is_read_per_person(self.instrument)


def state_of(
    assignment: Assignment, now: datetime, withdrawn: Withdrawal | None
) -> AssignmentState:
    """Where an assignment stands at `now`.

    What a trial's end has withdrawn never opens; what must not be asked any more for another
    reason may have been open already, and those who had begun then go on.
    """
    if assignment.cancelled_at is not None:
        return AssignmentState.CANCELLED
    is_early = now < assignment.opens_at
    if withdrawn is Withdrawal.TRIAL_ENDED or (withdrawn is not None and is_early):
        return AssignmentState.WITHDRAWN
    if is_early:
        return AssignmentState.PLANNED
    return AssignmentState.OPEN if now < assignment.closes_at else AssignmentState.OVER


def row_of(unit: Unit, assignment: Assignment) -> AssignmentRow:
    """An assignment with the names that pages show."""
    (row,) = _rows(unit, [(assignment, classrooms.get(unit, assignment.classroom_id))])
    return row


def of_school(
    unit: Unit, *, classroom_id: UUID | None = None, sort: str = "closes"
) -> list[AssignmentRow]:
    """The assignments of the own school or of one class, the one that closes last first."""
    statement = (
        select(Assignment, Classroom)
        .join(Classroom, Classroom.id == Assignment.classroom_id)
        .where(Assignment.school_id == unit.actor.school_id)
        .order_by(Assignment.closes_at.desc(), Assignment.id)
    )
    if classroom_id:
        statement = statement.where(Assignment.classroom_id == classroom_id)
    found = _rows(unit, [(one, room) for one, room in unit.session.execute(statement)])
    if sort == "class":
        found.sort(key=lambda row: sort_key(row.classroom))
    elif sort == "state":
        found.sort(key=lambda row: list(AssignmentState).index(row.state))
    return found


def _rows(unit: Unit, found: Sequence[tuple[Assignment, Classroom]]) -> list[AssignmentRow]:
    now = unit.now()
    withdrawn = pilots.withdrawals(unit, [one for one, _room in found])
    rows = []
    for assignment, room in found:
        why = withdrawn.get(assignment.id)
        state = state_of(assignment, now, why)
        is_past = state in {AssignmentState.OVER, AssignmentState.CANCELLED}
        instrument = unit.catalog.instruments.get(assignment.instrument_id)
        name = classrooms.name_of(room)
        rows.append(AssignmentRow(assignment, name, instrument, state, None if is_past else why))
    return rows
