"""All referrals of a school's pupils, wherever they lie: nothing here can hide one."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, case, or_, select

from tirek.domain.errors import NotFoundError
from tirek.domain.levels import Level
from tirek.domain.referral import UNOWNED, Outcome, ReceiverKind, ReferralState
from tirek.services import audit, classrooms, due, referral_steps
from tirek.services.due import IS_LATE, NEXT_DUE
from tirek.services.oversight import is_called
from tirek.services.paging import Page, page_of
from tirek.services.unit import Unit
from tirek.storage.models import (
    Account,
    Classroom,
    Referral,
    Student,
    SupportCenter,
)

SOON = timedelta(hours=1)
_RANK = case({level.value: level.rank for level in Level}, value=Referral.level)


@dataclass(frozen=True, slots=True)
class CaseQuery:
    """What to list: open or closed, one level, one receiver, a piece of a school code."""

    show: str = "open"
    level: Level | None = None
    receiver: ReceiverKind | None = None
    code: str = ""
    sort: str = "urgency"
    page: int = 1


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One referral of a pupil, with who has it and until when; no note of anybody."""

    id: UUID
    student_id: UUID
    school_code: str
    classroom: str
    level: Level
    state: ReferralState
    receiver: ReceiverKind
    center: SupportCenter | None
    owner: str | None
    due_at: datetime | None
    created_at: datetime
    closed_at: datetime | None
    outcome: Outcome | None


@dataclass(frozen=True, slots=True)
class CaseCounts:
    """Open referrals of a school: all, late, due within the hour, not accepted here or there."""

    open: int
    late: int
    soon: int
    unaccepted_here: int
    unaccepted_there: int


def of_school(unit: Unit, query: CaseQuery) -> Page[CaseRow]:
    """The referrals of the own school that fit; reading the list is audited."""
    audit.record(unit, "referrals.list", "school", unit.actor.school_id)
    found = page_of(unit, _sorted(_found(unit, query), query.sort), query.page, _row)
    _mark_delivered(unit, found.rows)
    return found


def _mark_delivered(unit: Unit, rows: Iterable[CaseRow]) -> None:
    """The psychologist who fetches the list has been reached with what is for the school."""
    fetched = [
        row.id
        for row in rows
        if row.state is ReferralState.ROUTED and row.receiver is ReceiverKind.SCHOOL
    ]
    # Locked in one order by everybody who locks more than one.
    in_order = select(Referral.id).where(Referral.id.in_(fetched)).order_by(Referral.case_id)
    referral_steps.mark_delivered(unit, list(unit.session.scalars(in_order)) if fetched else [])


def of_student(unit: Unit, student_id: UUID) -> list[CaseRow]:
    """Every referral of one pupil of the own school, the latest first."""
    statement = _own(unit).where(Referral.student_id == student_id)
    return [
        _row(row) for row in unit.session.execute(statement.order_by(Referral.created_at.desc()))
    ]


def receiver_of(unit: Unit, referral_id: UUID) -> ReceiverKind:
    """Whose a referral of the own school is; raises `NotFoundError`."""
    found = unit.session.scalars(
        select(Referral.receiver).where(
            Referral.id == referral_id, Referral.school_id == unit.actor.school_id
        )
    ).one_or_none()
    if found is None:
        raise NotFoundError("referral", referral_id)
    return ReceiverKind(found)


def counts(unit: Unit) -> CaseCounts:
    """How many open referrals the own school has, and where they stand against their clocks."""
    now = unit.now()
    dues = unit.session.execute(
        select(Referral.receiver, Referral.state, NEXT_DUE).where(
            Referral.school_id == unit.actor.school_id, Referral.closed_at.is_(None)
        )
    ).all()
    late = [row for row in dues if due.is_late(row[2], now)]
    soon = [row for row in dues if row[2] is not None and now <= row[2] <= now + SOON]
    unaccepted = [row for row in dues if row.state in UNOWNED]
    here = [row for row in unaccepted if row.receiver == ReceiverKind.SCHOOL]
    return CaseCounts(len(dues), len(late), len(soon), len(here), len(unaccepted) - len(here))


def _own(unit: Unit) -> Select[*tuple[Any, ...]]:
    return (
        select(Referral, Student, Classroom, SupportCenter, Account.display_name, NEXT_DUE)
        .join(Student, Student.id == Referral.student_id)
        .join(Classroom, Classroom.id == Student.classroom_id)
        .outerjoin(SupportCenter, SupportCenter.id == Referral.support_center_id)
        .outerjoin(Account, Account.id == Referral.owner_id)
        .where(Referral.school_id == unit.actor.school_id)
    )


def _found(unit: Unit, query: CaseQuery) -> Select[*tuple[Any, ...]]:
    # A leg that was handed over lives on in the next one.
    statement = _own(unit).where(
        or_(Referral.outcome.is_(None), Referral.outcome != Outcome.HANDED_OVER.value)
    )
    if query.show == "open":
        statement = statement.where(Referral.closed_at.is_(None))
    elif query.show == "closed":
        statement = statement.where(Referral.closed_at.is_not(None))
    elif query.show == "late":
        statement = statement.where(Referral.closed_at.is_(None), IS_LATE)
    if query.level:
        statement = statement.where(Referral.level == query.level.value)
    if query.receiver:
        statement = statement.where(Referral.receiver == query.receiver.value)
    if query.code:
        is_pupils = Student.school_code.icontains(query.code, autoescape=True)
        statement = statement.where(or_(is_pupils, is_called(query.code)))
    return statement


def _sorted(statement: Select[*tuple[Any, ...]], sort: str) -> Select[*tuple[Any, ...]]:
    orders: dict[str, tuple[Any, ...]] = {
        "urgency": (Referral.closed_at.desc().nulls_first(), *due.urgency(_RANK)),
        "clock": (NEXT_DUE.nulls_last(), _RANK.desc()),
        "newest": (Referral.created_at.desc(),),
        "code": (Student.school_code,),
    }
    return statement.order_by(*orders.get(sort, orders["urgency"]), Referral.id)


def _row(found: Any) -> CaseRow:
    leg, student, room, center, owner, due_at = found
    return CaseRow(
        leg.id,
        student.id,
        student.school_code,
        classrooms.name_of(room),
        Level(leg.level),
        ReferralState(leg.state),
        ReceiverKind(leg.receiver),
        center,
        owner,
        due_at,
        leg.created_at,
        leg.closed_at,
        Outcome(leg.outcome) if leg.outcome else None,
    )
