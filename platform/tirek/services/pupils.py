"""A school's pupils: found by their school code, and what is known about one of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from tirek.domain.errors import NotFoundError
from tirek.domain.levels import Level
from tirek.services import audit, classrooms, consents
from tirek.services.consents import Statement
from tirek.services.paging import Page, page_of
from tirek.services.runs import AdministrationKey
from tirek.services.unit import Unit
from tirek.storage.models import Administration, Classroom, FlagRecord, ReviewTask, Student


@dataclass(frozen=True, slots=True)
class PupilRow:
    """A pupil as lists show them."""

    student: Student
    classroom: str


@dataclass(frozen=True, slots=True)
class Pupil:
    """One pupil, and what guardians and the pupil said about taking part."""

    student: Student
    classroom: Classroom
    age: int
    statements: Sequence[Statement]

    @property
    def classroom_name(self) -> str:
        """How the class is called."""
        return classrooms.name_of(self.classroom)


@dataclass(frozen=True, slots=True)
class AdministrationRow:
    """One questionnaire of a pupil, with the flags it raised."""

    administration: Administration
    flags: tuple[FlagRecord, ...]
    open_reviews: int

    @property
    def key(self) -> AdministrationKey:
        """Where it lies."""
        return AdministrationKey(self.administration.school_year, self.administration.id)


def search(
    unit: Unit, code: str, classroom_id: UUID | None, sort: str, page: int
) -> Page[PupilRow]:
    """Pupils of the own school whose school code holds `code`, by code or by class."""
    statement = (
        select(Student, Classroom)
        .join(Classroom, Classroom.id == Student.classroom_id)
        .where(Student.school_id == unit.actor.school_id, Student.left_at.is_(None))
    )
    if code:
        statement = statement.where(Student.school_code.icontains(code, autoescape=True))
    if classroom_id:
        statement = statement.where(Student.classroom_id == classroom_id)
    by_class = (Classroom.grade, Classroom.letter, Student.school_code)
    statement = statement.order_by(*(by_class if sort == "class" else (Student.school_code,)))
    audit.record(unit, "students.search", "school", unit.actor.school_id)
    return page_of(unit, statement, page, lambda row: PupilRow(row[0], classrooms.name_of(row[1])))


def get(unit: Unit, student_id: UUID) -> Student:
    """A pupil of the own school; raises `NotFoundError`."""
    found = unit.session.scalars(
        select(Student).where(Student.id == student_id, Student.school_id == unit.actor.school_id)
    ).one_or_none()
    if found is None:
        raise NotFoundError("student", student_id)
    return found


def open_pupil(unit: Unit, student_id: UUID) -> Pupil:
    """A pupil with their consents; reading it is audited. Raises `NotFoundError`."""
    student = get(unit, student_id)
    room = unit.session.get_one(Classroom, student.classroom_id)
    audit.record(
        unit,
        "student.view",
        "student",
        student.id,
        student_id=student.id,
        school_id=student.school_id,
    )
    age = classrooms.age_at(student, unit.now())
    return Pupil(student, room, age, consents.statements(unit, [student.id]))


def administrations(unit: Unit, student_id: UUID) -> list[AdministrationRow]:
    """Every questionnaire of a pupil of the own school, the latest first."""
    own = Administration.school_id == unit.actor.school_id
    found = unit.session.scalars(
        select(Administration)
        .where(Administration.student_id == student_id, own)
        .order_by(Administration.opened_at.desc())
    ).all()
    flags = unit.session.scalars(
        select(FlagRecord).where(FlagRecord.student_id == student_id).order_by(FlagRecord.code)
    ).all()
    reviews = unit.session.scalars(
        select(ReviewTask.administration_id).where(
            ReviewTask.student_id == student_id, ReviewTask.done_at.is_(None)
        )
    ).all()
    return [
        AdministrationRow(
            one,
            _most_urgent_first(flag for flag in flags if flag.administration_id == one.id),
            reviews.count(one.id),
        )
        for one in found
    ]


def _most_urgent_first(flags: Iterable[FlagRecord]) -> tuple[FlagRecord, ...]:
    return tuple(sorted(flags, key=lambda flag: -Level(flag.level).rank))


def last_moved(row: AdministrationRow) -> datetime:
    """When something last happened with a questionnaire."""
    one = row.administration
    return one.ended_at or one.started_at or one.opened_at
