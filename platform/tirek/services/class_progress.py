"""How far a class has come with an assignment; who has answered, never what."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select

from tirek.domain.administration import AdministrationState
from tirek.services import assignments, audit, classrooms
from tirek.services.paging import Page, cut
from tirek.services.runs import AdministrationKey
from tirek.services.unit import Unit
from tirek.storage.models import Administration, Assignment, Student


class ProgressState(StrEnum):
    """Where one pupil stands, furthest first; `not_asked` lacks consent or is outside the ages."""

    FINISHED = "finished"
    STOPPED = "stopped"
    UNDER_WAY = "under_way"
    NOT_STARTED = "not_started"
    NOT_ASKED = "not_asked"


@dataclass(frozen=True, slots=True)
class ProgressRow:
    """A pupil, how far they or their guardian have come, and the administrations there are."""

    student: Student
    state: ProgressState
    moved_at: datetime | None
    keys: tuple[AdministrationKey, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """An assignment's pupils, and how many stand where."""

    rows: tuple[ProgressRow, ...]
    counts: Mapping[ProgressState, int]


def of_assignment(unit: Unit, assignment: Assignment) -> Progress:
    """Where every pupil of the class stands; reading it is audited."""
    found = _administrations(unit, assignment)
    asked = _asked(unit, assignment)
    pupils = classrooms.pupils(unit, assignment.classroom_id)
    rows = tuple(_row(one, found.get(one.id, []), is_asked=one.id in asked) for one in pupils)
    audit.record(unit, "progress.view", "assignment", assignment.id)
    counts = Counter(row.state for row in rows)
    return Progress(rows, {state: counts[state] for state in ProgressState})


def picked(
    progress: Progress, *, code: str = "", state: str = "", sort: str = "code", page: int = 1
) -> Page[ProgressRow]:
    """The rows that fit a search and a state, in order, one page of them."""
    found = [
        row
        for row in progress.rows
        if code.lower() in row.student.school_code.lower() and state in {"", row.state.value}
    ]
    if sort == "state":
        found.sort(key=lambda row: list(ProgressState).index(row.state))
    elif sort == "moved":
        found.sort(key=lambda row: row.moved_at.timestamp() if row.moved_at else 0, reverse=True)
    return cut(found, page)


def state_of(administration: Administration) -> ProgressState:
    """How far one administration has come; opened and not begun is not started."""
    if administration.state == AdministrationState.COMPLETED.value:
        return ProgressState.FINISHED
    if administration.state == AdministrationState.STOPPED.value:
        return ProgressState.STOPPED
    if administration.started_at is not None:
        return ProgressState.UNDER_WAY
    return ProgressState.NOT_STARTED


def _row(student: Student, found: list[Administration], *, is_asked: bool) -> ProgressRow:
    if not found:
        state = ProgressState.NOT_STARTED if is_asked else ProgressState.NOT_ASKED
        return ProgressRow(student, state, None, ())
    order = list(ProgressState)
    furthest = min(found, key=lambda one: order.index(state_of(one)))
    keys = tuple(AdministrationKey(one.school_year, one.id) for one in found)
    moved_at = furthest.ended_at or furthest.started_at or furthest.opened_at
    return ProgressRow(student, state_of(furthest), moved_at, keys)


def _asked(unit: Unit, assignment: Assignment) -> set[UUID]:
    instrument = unit.catalog.instruments.get(assignment.instrument_id)
    if instrument is None:
        return set()
    people = assignments.audience(unit, assignment.classroom_id, instrument, assignment.opens_at)
    return {student.id for student in people.ready}


def _administrations(unit: Unit, assignment: Assignment) -> dict[UUID, list[Administration]]:
    found: dict[UUID, list[Administration]] = {}
    for one in unit.session.scalars(
        select(Administration)
        .where(
            Administration.school_year == assignment.school_year,
            Administration.assignment_id == assignment.id,
        )
        .order_by(Administration.opened_at)
    ):
        found.setdefault(one.student_id, []).append(one)
    return found
