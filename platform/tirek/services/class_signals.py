"""Which pupils of a class a questionnaire calls somebody to: the first thing to know of it."""

from dataclasses import dataclass

from sqlalchemy import select

from tirek.domain.levels import Level
from tirek.services import audit, gates
from tirek.services.runs import AdministrationKey
from tirek.services.unit import Unit
from tirek.storage.models import Administration, Assignment, FlagRecord, Student


@dataclass(frozen=True, slots=True)
class ClassSignal:
    """A pupil with the most urgent signal of one questionnaire, and where its result is read."""

    student: Student
    key: AdministrationKey
    level: Level


def of_assignment(unit: Unit, assignment: Assignment) -> list[ClassSignal]:
    """The pupils of an assignment who have a signal, the most urgent first; each is audited.

    None for what is read for a whole school only.
    """
    instrument = unit.catalog.instruments.get(assignment.instrument_id)
    if instrument is not None and not gates.is_read_per_person(instrument):
        return []
    rows = unit.session.execute(
        select(Student, FlagRecord.school_year, FlagRecord.administration_id, FlagRecord.level)
        .join(FlagRecord, FlagRecord.student_id == Student.id)
        .join(
            Administration,
            (Administration.school_year == FlagRecord.school_year)
            & (Administration.id == FlagRecord.administration_id),
        )
        .where(
            Administration.school_year == assignment.school_year,
            Administration.assignment_id == assignment.id,
            Administration.school_id == unit.actor.school_id,
        )
        .order_by(Student.school_code)
    )
    worst: dict[AdministrationKey, ClassSignal] = {}
    for student, year, administration_id, level in rows:
        found = ClassSignal(student, AdministrationKey(year, administration_id), Level(level))
        known = worst.get(found.key)
        if known is None or found.level.rank > known.level.rank:
            worst[found.key] = found
    for one in worst.values():
        audit.record(
            unit,
            "flags.view",
            "administration",
            one.key.id,
            student_id=one.student.id,
            school_id=one.student.school_id,
        )
    return sorted(worst.values(), key=lambda one: -one.level.rank)
