"""The classes of a school and the pupils in them, as its staff see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, func, or_, select

from tirek.domain.administration import age_in_years
from tirek.domain.alphabet import sort_key
from tirek.domain.clocks import KAZAKHSTAN, school_year_of
from tirek.domain.consent import ConsentKind, ConsentState
from tirek.domain.errors import NotFoundError
from tirek.services import consents
from tirek.services.unit import Unit
from tirek.storage.models import Classroom, Student


@dataclass(frozen=True, slots=True)
class ClassroomRow:
    """A class and how far its consents have come; counts of pupils who have not left."""

    id: UUID
    name: str
    order: tuple[int, tuple[tuple[int, int], ...]]
    pupils: int
    given: int
    against: int

    @property
    def silent(self) -> int:
        """Pupils about whom no guardian has said anything yet."""
        return self.pupils - self.given - self.against


def name_of(classroom: Classroom) -> str:
    """How a class is called: 7 «Ә» is written 7Ә."""
    return f"{classroom.grade}{classroom.letter}"


def get(unit: Unit, classroom_id: UUID) -> Classroom:
    """A class of the actor's own school; raises `NotFoundError`."""
    found = unit.session.scalars(
        select(Classroom).where(
            Classroom.id == classroom_id, Classroom.school_id == unit.actor.school_id
        )
    ).one_or_none()
    if found is None:
        raise NotFoundError("classroom", classroom_id)
    return found


def of_school(unit: Unit) -> list[ClassroomRow]:
    """Every class of this school year, and older ones that still have pupils, in school order."""
    school_id = unit.actor.school_id
    rows = unit.session.execute(
        select(Classroom, func.array_agg(Student.id).filter(Student.id.is_not(None)))
        .outerjoin(
            Student,
            and_(Student.classroom_id == Classroom.id, Student.left_at.is_(None)),
        )
        .where(
            Classroom.school_id == school_id,
            or_(
                Classroom.school_year == school_year_of(unit.now()),
                Student.id.is_not(None),
            ),
        )
        .group_by(Classroom.id)
    ).all()
    everybody = [student_id for _, ids in rows for student_id in ids or ()]
    said = consents.latest(unit, everybody, ConsentKind.GUARDIAN)
    return sorted((_row(room, ids or [], said) for room, ids in rows), key=lambda row: row.order)


def _row(
    room: Classroom, student_ids: Sequence[UUID], said: dict[UUID, ConsentState]
) -> ClassroomRow:
    states = [said.get(student_id) for student_id in student_ids]
    given = states.count(ConsentState.GIVEN)
    return ClassroomRow(
        room.id,
        name_of(room),
        (room.grade, sort_key(room.letter)),
        len(student_ids),
        given,
        len(states) - given - states.count(None),
    )


def pupils(unit: Unit, classroom_id: UUID, *, with_left: bool = False) -> list[Student]:
    """The pupils of a class of the own school by school code, those who left only on request."""
    room = get(unit, classroom_id)
    statement = select(Student).where(
        Student.classroom_id == room.id, Student.school_id == unit.actor.school_id
    )
    if not with_left:
        statement = statement.where(Student.left_at.is_(None))
    return sorted(unit.session.scalars(statement), key=lambda one: sort_key(one.school_code))


def age_at(student: Student, moment: datetime) -> int:
    """Completed years of a pupil at a moment, from month to month."""
    local = moment.astimezone(KAZAKHSTAN)
    born = student.birth_month
    return age_in_years(born.year, born.month, local.year, local.month)
