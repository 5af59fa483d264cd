"""Groups of a school or a centre, as the people who lead them start, follow and close them."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, false, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert

from tirek.domain.clocks import KAZAKHSTAN
from tirek.domain.cohorts import (
    Pace,
    Phase,
    PlanStep,
    Steps,
    check_dates,
    new_join_code,
    pace,
    phase,
    plan,
)
from tirek.domain.education import Course
from tirek.domain.errors import ConflictError, NotFoundError
from tirek.services import audit, classrooms, group_rooms
from tirek.services.paging import Page, page_of
from tirek.services.unit import Unit
from tirek.storage.models import Account, Classroom, Cohort, CohortMember, CohortQuestion, School

# Two groups hardly ever draw the same code; three times in a row is something else.
DRAWS = 3

_PROGRESS = text("SELECT shown_name, joined_at, started, done, last_on FROM cohort_progress(:id)")


@dataclass(frozen=True, slots=True)
class NewCohort:
    """What somebody starts; the id comes from the page, so that a second press starts nothing."""

    id: UUID
    course_id: str
    classroom_id: UUID | None
    starts_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class CohortQuery:
    """What a list of groups is asked for."""

    # "open" or "past".
    show: str = "open"
    course_id: str | None = None
    page: int = 1


@dataclass(frozen=True, slots=True)
class CohortRow:
    """A group in a list, with how many take part and how many questions wait."""

    id: UUID
    course_id: str
    course: Course | None
    classroom: str | None
    # The school of the class, where a centre leads the group.
    school: School | None
    starts_on: date
    ends_on: date
    facilitator: str
    members: int
    waiting: int
    phase: Phase


@dataclass(frozen=True, slots=True)
class Group:
    """A group with its plan; a course that has gone from the catalog leaves it without one."""

    cohort: Cohort
    course: Course | None
    classroom: str | None
    school: School | None
    facilitator: str
    steps: tuple[PlanStep, ...]
    phase: Phase
    today: date


@dataclass(frozen=True, slots=True)
class Member:
    """What a facilitator learns of a parent: the name they chose, how far, and when last."""

    shown_name: str
    joined_on: date
    last_on: date | None
    pace: Pace


def today(unit: Unit) -> date:
    """The day in Kazakhstan."""
    return unit.now().astimezone(KAZAKHSTAN).date()


def plan_of(course: Course | None, starts_on: date, ends_on: date) -> tuple[PlanStep, ...]:
    """The course's short path over the days of a group."""
    if course is None:
        return ()
    ordered = sorted(course.core_path, key=lambda core: core.day)
    return plan([core.lesson_id for core in ordered], starts_on, ends_on)


def start(unit: Unit, wanted: NewCohort) -> UUID:
    """Start a group of the actor's house; raises `CohortDatesError` and `NotFoundError`."""
    course = unit.catalog.courses.get(wanted.course_id)
    if course is None:
        raise NotFoundError("course", wanted.course_id)
    if wanted.classroom_id is not None:
        group_rooms.require(unit, wanted.classroom_id)
    lessons = len(course.core_path)
    check_dates(wanted.starts_on, wanted.ends_on, lessons=lessons, today=today(unit))
    for _draw in range(DRAWS):
        is_new = _insert(unit, wanted)
        if unit.session.scalar(select(Cohort.id).where(_own(unit), Cohort.id == wanted.id)):
            if is_new:
                audit.record(unit, "cohort.start", "cohort", wanted.id)
            return wanted.id
    raise NotFoundError("cohort", wanted.id)


def _insert(unit: Unit, wanted: NewCohort) -> bool:
    actor = unit.actor
    added = unit.session.execute(
        insert(Cohort)
        .values(
            id=wanted.id,
            course_id=wanted.course_id,
            school_id=actor.school_id,
            support_center_id=actor.support_center_id,
            classroom_id=wanted.classroom_id,
            facilitator_id=actor.account_id,
            starts_on=wanted.starts_on,
            ends_on=wanted.ends_on,
            join_code=new_join_code(secrets.choice),
        )
        .on_conflict_do_nothing()
        .returning(Cohort.id)
    )
    return added.scalar_one_or_none() is not None


def of_house(unit: Unit, query: CohortQuery) -> Page[CohortRow]:
    """The groups of the actor's house, the latest first."""
    now = today(unit)
    is_past = or_(Cohort.closed_at.is_not(None), Cohort.ends_on < now)
    statement = _listed(unit).where(is_past if query.show == "past" else ~is_past)
    if query.course_id is not None:
        statement = statement.where(Cohort.course_id == query.course_id)
    ordered = statement.order_by(Cohort.starts_on.desc(), Cohort.created_at.desc(), Cohort.id)
    return page_of(unit, ordered, query.page, lambda row: _row(unit, row, now))


def _listed(unit: Unit) -> Select[*tuple[Any, ...]]:
    members = (
        select(func.count())
        .where(CohortMember.cohort_id == Cohort.id, CohortMember.left_at.is_(None))
        .scalar_subquery()
    )
    waiting = (
        select(func.count())
        .where(
            CohortQuestion.cohort_id == Cohort.id,
            CohortQuestion.answer.is_(None),
            CohortQuestion.set_aside_at.is_(None),
        )
        .scalar_subquery()
    )
    return (
        select(Cohort, Classroom, School, Account.display_name, members, waiting)
        .join(Account, Account.id == Cohort.facilitator_id)
        .outerjoin(Classroom, Classroom.id == Cohort.classroom_id)
        .outerjoin(School, _is_elsewhere())
        .where(_own(unit))
    )


def _row(
    unit: Unit, row: tuple[Cohort, Classroom | None, School | None, str, int, int], now: date
) -> CohortRow:
    cohort, room, school, facilitator, members, waiting = row
    return CohortRow(
        cohort.id,
        cohort.course_id,
        unit.catalog.courses.get(cohort.course_id),
        None if room is None else classrooms.name_of(room),
        school,
        cohort.starts_on,
        cohort.ends_on,
        facilitator,
        members,
        waiting,
        phase_of(cohort, now),
    )


def phase_of(cohort: Cohort, now: date) -> Phase:
    """Where a group stands today."""
    is_closed = cohort.closed_at is not None
    return phase(cohort.starts_on, cohort.ends_on, is_closed=is_closed, today=now)


def get(unit: Unit, cohort_id: UUID) -> Group:
    """A group of the actor's house; raises `NotFoundError`."""
    row = unit.session.execute(
        select(Cohort, Classroom, School, Account.display_name)
        .join(Account, Account.id == Cohort.facilitator_id)
        .outerjoin(Classroom, Classroom.id == Cohort.classroom_id)
        .outerjoin(School, _is_elsewhere())
        .where(_own(unit), Cohort.id == cohort_id)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        raise NotFoundError("cohort", cohort_id)
    cohort, room, school, facilitator = row
    course, now = unit.catalog.courses.get(cohort.course_id), today(unit)
    return Group(
        cohort,
        course,
        None if room is None else classrooms.name_of(room),
        school,
        facilitator,
        plan_of(course, cohort.starts_on, cohort.ends_on),
        phase_of(cohort, now),
        now,
    )


def progress(unit: Unit, group: Group) -> Sequence[Member]:
    """Who has started, is under way, quiet or done; read through the one function for it."""
    audit.record(unit, "cohort.progress", "cohort", group.cohort.id)
    rows = unit.session.execute(_PROGRESS, {"id": group.cohort.id})
    return [_member(row, group) for row in rows]


def _member(row: Row[*tuple[Any, ...]], group: Group) -> Member:
    joined_on = row.joined_at.astimezone(KAZAKHSTAN).date()
    gone = Steps(row.started, row.done, joined_on, row.last_on)
    return Member(row.shown_name, joined_on, row.last_on, pace(group.steps, gone, group.today))


def change_dates(unit: Unit, group: Group, starts_on: date, ends_on: date) -> None:
    """Move a group's days; the plan follows. Raises `CohortDatesError`, and when it is closed."""
    check_dates(starts_on, ends_on, lessons=len(group.steps), today=group.today)
    _change(unit, group, "cohort.dates", starts_on=starts_on, ends_on=ends_on)


def take_over(unit: Unit, group: Group) -> None:
    """Lead a group of the own house from now on, when a colleague cannot."""
    _change(unit, group, "cohort.take_over", facilitator_id=unit.actor.account_id)


def close(unit: Unit, group: Group) -> None:
    """End a group for good: nobody joins any more, and what was answered stays to be read."""
    if group.phase is not Phase.CLOSED:
        _change(unit, group, "cohort.close", closed_at=func.now())


def _change(unit: Unit, group: Group, action: str, **columns: object) -> None:
    changed = unit.session.execute(
        update(Cohort)
        .where(_own(unit), Cohort.id == group.cohort.id, Cohort.closed_at.is_(None))
        .values(**columns)
        .returning(Cohort.id)
    )
    if changed.scalar_one_or_none() is None:
        raise ConflictError("this group is closed")
    audit.record(unit, action, "cohort", group.cohort.id)


def _is_elsewhere() -> ColumnElement[bool]:
    """The school of a class that a centre invited; at the own school nobody needs its name."""
    return and_(School.id == Classroom.school_id, Cohort.school_id.is_(None))


def _own(unit: Unit) -> ColumnElement[bool]:
    """The groups of the actor's house, beside what the database itself sees to."""
    actor = unit.actor
    if actor.school_id is not None:
        return and_(Cohort.school_id == actor.school_id)
    if actor.support_center_id is not None:
        return and_(Cohort.support_center_id == actor.support_center_id)
    return false()
