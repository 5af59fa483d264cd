"""Pupils and the keys that their answers are sealed with."""

from datetime import date
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from tirek.domain.errors import NotFoundError
from tirek.services.unit import Unit
from tirek.storage.models import Classroom, Student, StudentKey
from tirek.storage.vault import DataKey, Vault, WrappedKey

_KEY = select(StudentKey.kek_version, StudentKey.wrapped).where(
    StudentKey.student_id == bindparam("student")
)


def enrol(
    session: Session,
    vault: Vault,
    classroom: Classroom,
    school_code: str,
    *,
    birth_month: date,
    sex: str | None = None,
) -> Student:
    """Add a pupil to a classroom, with a data key of their own."""
    student = Student(
        school_id=classroom.school_id,
        classroom_id=classroom.id,
        school_code=school_code,
        birth_month=birth_month.replace(day=1),
        sex=sex,
    )
    session.add(student)
    # The key's row refers to the pupil's, and no relationship tells the session the order.
    session.flush()
    wrapped = vault.new_key(str(student.id))
    session.add(
        StudentKey(student_id=student.id, kek_version=wrapped.kek_version, wrapped=wrapped.wrapped)
    )
    return student


def data_key(unit: Unit, student_id: UUID) -> DataKey:
    """Unwrap a pupil's key; raise `NotFoundError` when this person may not see the pupil."""
    row = unit.session.execute(_KEY, {"student": student_id}).one_or_none()
    if row is None:
        raise NotFoundError("student", student_id)
    return unit.vault.unwrap(WrappedKey(row.kek_version, row.wrapped), str(student_id))
