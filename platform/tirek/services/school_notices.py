"""Statutory notices that a school must act on and confirm."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, or_, select

from tirek.domain.protocols import Addressee
from tirek.domain.referral import ReceiverKind
from tirek.services import audit, classrooms
from tirek.services.paging import Page, page_of
from tirek.services.unit import Unit
from tirek.storage.models import Account, Classroom, Notice, Referral, Student


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """A notice with the pupil it is about; `by` confirmed it."""

    notice: Notice
    school_code: str
    classroom: str
    by: str | None


def of_school(unit: Unit, show: str, code: str, sort: str, page: int) -> Page[NoticeRow]:
    """The notices to the own school, those not confirmed unless `show` says otherwise; audited."""
    statement = _own(unit)
    if show == "open":
        statement = statement.where(Notice.confirmed_at.is_(None))
    elif show == "done":
        statement = statement.where(Notice.confirmed_at.is_not(None))
    if code:
        statement = statement.where(Student.school_code.icontains(code, autoescape=True))
    orders: dict[str, Any] = {
        "clock": Notice.due_at,
        "newest": Notice.created_at.desc(),
        "code": Student.school_code,
    }
    audit.record(unit, "notices.list", "school", unit.actor.school_id)
    ordered = statement.order_by(orders.get(sort, orders["clock"]), Notice.id)
    return page_of(unit, ordered, page, _row)


def open_count(unit: Unit) -> int:
    """How many notices wait for somebody's confirmation."""
    return unit.session.scalars(_waiting(unit)).one()


def late_count(unit: Unit) -> int:
    """How many of them have waited longer than they may."""
    return unit.session.scalars(_waiting(unit).where(Notice.due_at <= func.now())).one()


def _waiting(unit: Unit) -> Select[int]:
    return select(func.count()).where(
        Notice.school_id == unit.actor.school_id, _to_school(), Notice.confirmed_at.is_(None)
    )


def _to_school() -> ColumnElement[bool]:
    """The school's own notices, and those to authorities where no PSC has the case."""
    has_center = exists().where(
        Referral.case_id == Notice.case_id,
        Referral.receiver == ReceiverKind.SUPPORT_CENTER.value,
    )
    return or_(Notice.addressee == Addressee.SCHOOL.value, ~has_center)


def _own(unit: Unit) -> Select[*tuple[Any, ...]]:
    return (
        select(Notice, Student, Classroom, Account.display_name)
        .join(Student, Student.id == Notice.student_id)
        .join(Classroom, Classroom.id == Student.classroom_id)
        .outerjoin(Account, Account.id == Notice.confirmed_by)
        .where(Notice.school_id == unit.actor.school_id, Notice.addressee == Addressee.SCHOOL.value)
    )


def _row(found: Any) -> NoticeRow:
    notice, student, room, by = found
    return NoticeRow(notice, student.school_code, classrooms.name_of(room), by)
