"""Meetings with parents of a school or a centre: entered, listed, summed; cancelled, not erased."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, false, func, select, update
from sqlalchemy.dialects.postgresql import insert

from tirek.domain.education import Course, Strand
from tirek.domain.errors import NotFoundError
from tirek.domain.meetings import Counted, Term, Total, check, days_of, term_of, totals, year_of
from tirek.services import audit, cohorts
from tirek.services.paging import Page, cut
from tirek.services.unit import Unit
from tirek.storage.models import Account, ParentMeeting


@dataclass(frozen=True, slots=True)
class NewMeeting:
    """What is entered; the id comes from the page, so that a second press enters nothing."""

    id: UUID
    counted: Counted
    course_id: str | None = None


@dataclass(frozen=True, slots=True)
class MeetingQuery:
    """What a list of meetings is asked for; one school year at a time."""

    school_year: int
    term: Term | None = None
    strand: Strand | None = None
    with_cancelled: bool = False
    page: int = 1


@dataclass(frozen=True, slots=True)
class Meeting:
    """A meeting in a list."""

    id: UUID
    counted: Counted
    term: Term
    course: Course | None
    entered_by: str
    is_cancelled: bool


def record(unit: Unit, wanted: NewMeeting) -> None:
    """Enter a meeting of the actor's house; raises `MeetingError` and `NotFoundError`."""
    counted = wanted.counted
    check(counted, cohorts.today(unit))
    if wanted.course_id is not None and wanted.course_id not in unit.catalog.courses:
        raise NotFoundError("course", wanted.course_id)
    actor = unit.actor
    added = unit.session.execute(
        insert(ParentMeeting)
        .values(
            id=wanted.id,
            school_id=actor.school_id,
            support_center_id=actor.support_center_id,
            course_id=wanted.course_id,
            strand=counted.strand.value,
            held_on=counted.held_on,
            invited=counted.invited,
            attended=counted.attended,
            fathers=counted.fathers,
            created_by=actor.account_id,
        )
        .on_conflict_do_nothing()
        .returning(ParentMeeting.id)
    )
    if added.scalar_one_or_none() is not None:
        audit.record(unit, "meeting.record", "parent_meeting", wanted.id)


def get(unit: Unit, meeting_id: UUID) -> Meeting:
    """A meeting of the actor's house; raises `NotFoundError`."""
    row = unit.session.execute(_listed(unit).where(ParentMeeting.id == meeting_id)).one_or_none()
    if row is None:
        raise NotFoundError("parent_meeting", meeting_id)
    return _meeting(unit, row)


def cancel(unit: Unit, meeting_id: UUID) -> None:
    """Take a meeting out of the sums; its row stays. Raises `NotFoundError`."""
    if get(unit, meeting_id).is_cancelled:
        return
    unit.session.execute(
        update(ParentMeeting)
        .where(_own(unit), ParentMeeting.id == meeting_id, ParentMeeting.cancelled_at.is_(None))
        .values(cancelled_at=func.now())
    )
    audit.record(unit, "meeting.cancel", "parent_meeting", meeting_id)


def of_house(unit: Unit, query: MeetingQuery) -> Page[Meeting]:
    """One page of the meetings that the query asks for, the latest first."""
    return cut(listed(unit, query), query.page)


def listed(unit: Unit, query: MeetingQuery) -> Sequence[Meeting]:
    """All of them, for a file."""
    rows = unit.session.execute(_of_year(unit, query))
    found = [_meeting(unit, row) for row in rows]
    return [one for one in found if query.term in {None, one.term}]


def sums(unit: Unit, school_year: int) -> Mapping[tuple[Term, Strand], Total]:
    """The sums of a school year by term and strand; what was cancelled is not in them."""
    return totals(one.counted for one in listed(unit, MeetingQuery(school_year)))


def years(unit: Unit) -> Sequence[int]:
    """The school years in which anything was entered, and this one, the latest first."""
    first = unit.session.scalars(
        select(func.min(ParentMeeting.held_on)).where(_own(unit))
    ).one_or_none()
    now = year_of(cohorts.today(unit))
    return range(now, min(now, year_of(first) if first else now) - 1, -1)


def _listed(unit: Unit) -> Select[*tuple[Any, ...]]:
    return (
        select(ParentMeeting, Account.display_name)
        .join(Account, Account.id == ParentMeeting.created_by)
        .where(_own(unit))
        .order_by(ParentMeeting.held_on.desc(), ParentMeeting.created_at.desc(), ParentMeeting.id)
        .execution_options(populate_existing=True)
    )


def _of_year(unit: Unit, query: MeetingQuery) -> Select[*tuple[Any, ...]]:
    statement = _listed(unit).where(ParentMeeting.held_on.between(*days_of(query.school_year)))
    if query.strand is not None:
        statement = statement.where(ParentMeeting.strand == query.strand.value)
    if not query.with_cancelled:
        statement = statement.where(ParentMeeting.cancelled_at.is_(None))
    return statement


def _meeting(unit: Unit, row: Row[*tuple[Any, ...]]) -> Meeting:
    kept: ParentMeeting = row[0]
    counted = Counted(Strand(kept.strand), kept.held_on, kept.attended, kept.fathers, kept.invited)
    return Meeting(
        kept.id,
        counted,
        term_of(kept.held_on),
        unit.catalog.courses.get(kept.course_id) if kept.course_id else None,
        row[1],
        kept.cancelled_at is not None,
    )


def _own(unit: Unit) -> ColumnElement[bool]:
    """The meetings of the actor's house, beside what the database itself sees to."""
    actor = unit.actor
    if actor.school_id is not None:
        return and_(ParentMeeting.school_id == actor.school_id)
    if actor.support_center_id is not None:
        return and_(ParentMeeting.support_center_id == actor.support_center_id)
    return false()
