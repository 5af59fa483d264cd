"""Review tasks: what the machine could not decide, closed by a person with a written note."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, select, update

from tirek.domain.errors import ConflictError, DomainError, NotFoundError
from tirek.services import audit, classrooms, students
from tirek.services.paging import Page, page_of
from tirek.services.runs import AdministrationKey
from tirek.services.unit import Unit
from tirek.storage.models import Account, Administration, Classroom, ReviewTask, Student


class NoteMissingError(DomainError):
    """A task is closed with a written note."""


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """A task with its pupil and questionnaire; `by` closed it."""

    task: ReviewTask
    school_code: str
    classroom: str
    instrument_id: str
    by: str | None

    @property
    def key(self) -> AdministrationKey:
        """The administration that it is about."""
        return AdministrationKey(self.task.school_year, self.task.administration_id)


def of_school(unit: Unit, show: str, code: str, sort: str, page: int) -> Page[ReviewRow]:
    """The tasks of the own school, open ones unless `show` says otherwise; audited."""
    statement = _own(unit)
    if show == "open":
        statement = statement.where(ReviewTask.done_at.is_(None))
    elif show == "done":
        statement = statement.where(ReviewTask.done_at.is_not(None))
    if code:
        statement = statement.where(Student.school_code.icontains(code, autoescape=True))
    orders: dict[str, Any] = {
        "oldest": ReviewTask.created_at,
        "newest": ReviewTask.created_at.desc(),
        "code": Student.school_code,
    }
    audit.record(unit, "reviews.list", "school", unit.actor.school_id)
    ordered = statement.order_by(orders.get(sort, orders["oldest"]), ReviewTask.id)
    return page_of(unit, ordered, page, _row)


def open_count(unit: Unit) -> int:
    """How many tasks of the own school wait."""
    return unit.session.scalars(
        select(func.count()).where(
            ReviewTask.school_id == unit.actor.school_id, ReviewTask.done_at.is_(None)
        )
    ).one()


def open_task(unit: Unit, task_id: UUID) -> tuple[ReviewRow, str | None]:
    """One task of the own school with the note it was closed with; reading it is audited."""
    found = unit.session.execute(_own(unit).where(ReviewTask.id == task_id)).one_or_none()
    if found is None:
        raise NotFoundError("review_task", task_id)
    row = _row(found)
    audit.record(unit, "review.view", "review_task", task_id, student_id=row.task.student_id)
    if row.task.note_sealed is None:
        return row, None
    key = students.data_key(unit, row.task.student_id)
    return row, key.open(row.task.note_sealed, *_place(task_id))


def close(unit: Unit, task_id: UUID, note: str) -> None:
    """Close a task with a note; the same person's second press changes nothing.

    Raises `NotFoundError`, `NoteMissingError`, or `ConflictError` with the name of the colleague
    who closed it before.
    """
    row, _ = open_task(unit, task_id)
    if not note.strip():
        raise NoteMissingError("no note")
    sealed = students.data_key(unit, row.task.student_id).seal(note.strip(), *_place(task_id))
    closed = unit.session.execute(
        update(ReviewTask)
        .where(ReviewTask.id == task_id, ReviewTask.done_at.is_(None))
        .values(done_at=func.now(), done_by=unit.actor.account_id, note_sealed=sealed)
        .returning(ReviewTask.id)
    ).one_or_none()
    if closed is not None:
        audit.record(unit, "review.close", "review_task", task_id, student_id=row.task.student_id)
        return
    done_by, name = _closer(unit, task_id)
    if done_by != unit.actor.account_id:
        raise ConflictError("closed before", winner=name)


def _place(task_id: UUID) -> Sequence[str]:
    return ("review_tasks", "note_sealed", str(task_id))


def _closer(unit: Unit, task_id: UUID) -> tuple[UUID | None, str]:
    row = unit.session.execute(
        select(ReviewTask.done_by, Account.display_name)
        .join(Account, Account.id == ReviewTask.done_by)
        .where(ReviewTask.id == task_id)
    ).one()
    return row[0], row[1]


def _own(unit: Unit) -> Select[*tuple[Any, ...]]:
    return (
        select(ReviewTask, Student, Classroom, Administration.instrument_id, Account.display_name)
        .join(Student, Student.id == ReviewTask.student_id)
        .join(Classroom, Classroom.id == Student.classroom_id)
        .join(
            Administration,
            and_(
                Administration.school_year == ReviewTask.school_year,
                Administration.id == ReviewTask.administration_id,
            ),
        )
        .outerjoin(Account, Account.id == ReviewTask.done_by)
        .where(ReviewTask.school_id == unit.actor.school_id)
    )


def _row(found: Any) -> ReviewRow:
    task, student, room, instrument_id, by = found
    return ReviewRow(task, student.school_code, classrooms.name_of(room), instrument_id, by)
