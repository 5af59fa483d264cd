"""A child moves to another school or region: the case goes along, its clocks run on."""

from uuid import UUID

from sqlalchemy import func, select, text

from tirek.domain.errors import ConflictError, NotFoundError
from tirek.domain.levels import Level
from tirek.domain.referral import HANDED_ON, ReceiverKind, ReferralState
from tirek.domain.scope import Scope
from tirek.services import audit, handovers, notices, referral_legs
from tirek.services.routing import Receiver, receiver_for
from tirek.services.unit import Unit
from tirek.storage.models import AuditEntry, Case, Classroom, Referral, School, ServiceArea, Student
from tirek.storage.session import within_scope

REASON = "moved"


def move_student(unit: Unit, student_id: UUID, classroom_id: UUID, code: str) -> None:
    """Enter a pupil into a classroom of another school, under that school's own code.

    What is open at the old school's desk lies on the new one's from now on. A PSC keeps its
    referral unless the new school lies in another's area: then it is handed on, and the first one
    answers for the child until somebody there has accepted. A case does not end with school: this
    also brings back a pupil who had left. Raises `NotFoundError`, or `ConflictError` when the code
    is another pupil's there.
    """
    # Two presses at once follow one another; the second finds a pupil of another school.
    unit.session.execute(
        select(func.pg_advisory_xact_lock(func.hashtextextended(str(student_id), 0)))
    )
    student = unit.session.scalars(select(Student).where(Student.id == student_id)).one_or_none()
    if student is None:
        raise NotFoundError("student", student_id)
    classroom = unit.session.get(Classroom, classroom_id)
    if classroom is None:
        raise NotFoundError("classroom", classroom_id)
    before = student.school_id
    audit.record(
        unit, "student.move", "student", student.id, student_id=student.id, school_id=before
    )
    with within_scope(unit.session, Scope.system()):
        taken = select(Student.id).where(
            Student.school_id == classroom.school_id,
            Student.school_code == code,
            Student.id != student.id,
        )
        if unit.session.scalars(taken).one_or_none() is not None:
            raise ConflictError("this code is another pupil's")
        unit.session.execute(
            text("SELECT move_student(:student, :school, :classroom, :code)"),
            {
                "student": student.id,
                "school": classroom.school_id,
                "classroom": classroom.id,
                "code": code,
            },
        )
        unit.session.expire(student)
        if classroom.school_id != before:
            _take_along(unit, student_id, classroom.school_id)


def was_moved(unit: Unit, student_id: UUID, school_id: UUID) -> bool:
    """Whether this person has moved the pupil to that school, so that a second press is none."""
    by_me = select(AuditEntry.id).where(
        AuditEntry.action == "student.move",
        AuditEntry.entity_id == str(student_id),
        AuditEntry.account_id == unit.actor.account_id,
    )
    there = select(Student.id).where(Student.id == student_id, Student.school_id == school_id)
    with within_scope(unit.session, Scope.system()):
        return (
            unit.session.scalars(there).one_or_none() is not None
            and unit.session.scalars(by_me.limit(1)).one_or_none() is not None
        )


def _take_along(unit: Unit, student_id: UUID, school_id: UUID) -> None:
    legs = unit.session.scalars(
        select(Referral)
        .join(Case, Case.id == Referral.case_id)
        .where(Case.student_id == student_id, Referral.closed_at.is_(None))
        .order_by(Referral.created_at)
        .execution_options(populate_existing=True)
    ).all()
    for leg in legs:
        if ReferralState(leg.state) in HANDED_ON:
            continue
        if leg.receiver == ReceiverKind.SCHOOL:
            _tell_new_school(unit, leg)
        else:
            _to_new_territory(unit, leg, school_id)


def _tell_new_school(unit: Unit, leg: Referral) -> None:
    """The psychologist there is the heir of a post that the old one has left."""
    place = referral_legs.place_of(leg)
    kind, about = "referral_waits", f"{REASON}:{leg.school_id}"
    notices.tell_receiver(unit, leg.id, place, kind, about, level=Level(leg.level))


def _to_new_territory(unit: Unit, leg: Referral, school_id: UUID) -> None:
    serves = unit.session.scalars(
        select(ServiceArea.priority)
        .join(School, School.district_id == ServiceArea.district_id)
        .where(School.id == school_id, ServiceArea.support_center_id == leg.support_center_id)
    ).one_or_none()
    if serves is not None:
        return
    rule = unit.catalog.protocol.rule(Level.HIGH)
    receiver = receiver_for(unit, school_id, rule, leg.student_id)
    if receiver.support_center_id in {None, leg.support_center_id}:
        return
    moved = Receiver(receiver.kind, receiver.support_center_id, REASON, receiver.is_unmanned)
    handovers.move_along(unit, leg, moved)
