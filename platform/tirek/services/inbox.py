"""What waits for a receiver: one plain question to the database, the most urgent first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, and_, case, func, or_, select

from tirek.domain.administration import age_in_years
from tirek.domain.age_band import AgeBand, age_band
from tirek.domain.clocks import KAZAKHSTAN
from tirek.domain.levels import Level
from tirek.domain.people import PSC_ROLES
from tirek.domain.referral import NEXT_STEPS, NextStep, ReceiverKind, ReferralState
from tirek.services import audit, due, referral_steps
from tirek.services.due import IS_LATE, NEXT_DUE
from tirek.services.oversight import is_called
from tirek.services.unit import Unit
from tirek.storage.models import Account, Referral, School, Student

ROWS_A_PAGE = 25
Rows = Select[*tuple[Any, ...]]


class Show(StrEnum):
    """Which referrals of the receiver."""

    OPEN = "open"
    MINE = "mine"
    UNOWNED = "unowned"
    LATE = "late"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Query:
    """What a person wants to see of the inbox; `code` is the pupil's, or the referral's."""

    show: Show = Show.OPEN
    level: Level | None = None
    code: str | None = None
    page: int = 1


@dataclass(frozen=True, slots=True)
class Waiting:
    """One referral as the list shows it."""

    id: UUID
    level: Level
    state: ReferralState
    student_code: str
    age: AgeBand
    school: School
    next_step: NextStep | None
    due_at: datetime | None
    is_late: bool
    owner_name: str | None
    created_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Counters:
    """How many of the receiver's open referrals there are, and how many of which kind."""

    open: int
    late: int
    unowned: int
    mine: int


@dataclass(frozen=True, slots=True)
class Inbox:
    """One page of it."""

    rows: tuple[Waiting, ...]
    counters: Counters
    page: int
    pages: int
    total: int
    query: Query


_RANK = case({level.value: level.rank for level in Level}, value=Referral.level)
_IS_OPEN = Referral.closed_at.is_(None)


def load(unit: Unit, query: Query) -> Inbox:
    """One page of what is for this person's PSC, or school; leaves an audit row."""
    wanted = and_(_own(unit), *_filters(unit, query))
    total = unit.session.scalars(_count(wanted, query.code)).one()
    pages = max(1, -(-total // ROWS_A_PAGE))
    page = min(max(1, query.page), pages)
    now = unit.now()
    rows = unit.session.execute(_page(wanted, query, page)).all()
    _mark_delivered(unit, rows)
    audit.record(unit, "inbox.read", "inbox")
    return Inbox(
        tuple(_waiting(row, now) for row in rows), _counters(unit), page, pages, total, query
    )


def _mark_delivered(unit: Unit, rows: Sequence[Row[Any]]) -> None:
    """Whoever fetches the list has been reached; cases are locked in one order by everybody."""
    fetched = [row.Referral for row in rows if row.Referral.state == ReferralState.ROUTED]
    in_order = sorted(fetched, key=lambda leg: leg.case_id)
    referral_steps.mark_delivered(unit, [leg.id for leg in in_order])


def counters(unit: Unit) -> Counters:
    """How much waits for this person's PSC, or school."""
    return _counters(unit)


def _own(unit: Unit) -> ColumnElement[bool]:
    """The receiver's legs; the scope of the transaction says so too."""
    actor = unit.actor
    if actor.role in PSC_ROLES:
        return Referral.support_center_id == actor.support_center_id
    return and_(
        Referral.receiver == ReceiverKind.SCHOOL.value, Referral.school_id == actor.school_id
    )


def _filters(unit: Unit, query: Query) -> list[ColumnElement[bool]]:
    shown: dict[Show, ColumnElement[bool]] = {
        Show.OPEN: _IS_OPEN,
        Show.MINE: and_(_IS_OPEN, Referral.owner_id == unit.actor.account_id),
        Show.UNOWNED: and_(_IS_OPEN, Referral.owner_id.is_(None)),
        Show.LATE: and_(_IS_OPEN, IS_LATE),
        Show.CLOSED: Referral.closed_at.is_not(None),
    }
    filters = [shown[query.show]]
    if query.level is not None:
        filters.append(Referral.level == query.level.value)
    if query.code:
        is_pupils = func.upper(Student.school_code) == query.code.strip().upper()
        filters.append(or_(is_pupils, is_called(query.code)))
    return filters


def _count(wanted: ColumnElement[bool], code: str | None) -> Select[int]:
    counted = select(func.count()).select_from(Referral)
    return _with_student(counted, code).where(wanted)


def _with_student(statement: Rows, code: str | None) -> Rows:
    """Pupils are joined before the rows are cut only where one is looked for by code."""
    return statement.join(Student, Student.id == Referral.student_id) if code else statement


def _page(wanted: ColumnElement[bool], query: Query, page: int) -> Rows:
    # The clock of a leg is looked up once, and who may see a pupil is asked for one page's rows.
    dues = (
        _with_student(
            select(
                Referral.id,
                _RANK.label("rank"),
                NEXT_DUE.label("due_at"),
                Referral.created_at,
                Referral.closed_at,
            ),
            query.code,
        )
        .where(wanted)
        .cte("dues")
        .prefix_with("MATERIALIZED")
    )
    is_late = due.has_passed(dues.c.due_at)
    order: tuple[ColumnElement[Any], ...] = (
        (dues.c.closed_at.desc(), dues.c.created_at, dues.c.id)
        if query.show is Show.CLOSED
        else (
            dues.c.rank.desc(),
            is_late.desc(),
            dues.c.due_at.nulls_last(),
            dues.c.created_at,
            dues.c.id,
        )
    )
    place = func.row_number().over(order_by=order).label("place")
    cut = (
        select(dues.c.id, dues.c.due_at, is_late.label("is_late"), place)
        .order_by(place)
        .limit(ROWS_A_PAGE)
        .offset((page - 1) * ROWS_A_PAGE)
        .cte("cut")
    )
    return (
        select(
            Referral,
            School,
            Student.school_code,
            Student.birth_month,
            Account.display_name,
            cut.c.due_at,
            cut.c.is_late,
        )
        .join(cut, cut.c.id == Referral.id)
        .join(School, School.id == Referral.school_id)
        .join(Student, Student.id == Referral.student_id)
        .outerjoin(Account, Account.id == Referral.owner_id)
        .order_by(cut.c.place)
        .execution_options(populate_existing=True)
    )


def _waiting(row: Row[Any], now: datetime) -> Waiting:
    leg: Referral = row.Referral
    state = ReferralState(leg.state)
    return Waiting(
        leg.id,
        Level(leg.level),
        state,
        row.school_code,
        band_of(row.birth_month, now),
        row.School,
        NEXT_STEPS[state],
        row.due_at,
        row.is_late,
        row.display_name,
        leg.created_at,
        leg.closed_at,
    )


def band_of(birth_month: date, now: datetime) -> AgeBand:
    """The age band of somebody born in `birth_month`."""
    today = now.astimezone(KAZAKHSTAN)
    return age_band(age_in_years(birth_month.year, birth_month.month, today.year, today.month))


def _counters(unit: Unit) -> Counters:
    row = unit.session.execute(
        select(
            func.count(),
            func.count().filter(IS_LATE),
            func.count().filter(Referral.owner_id.is_(None)),
            func.count().filter(Referral.owner_id == unit.actor.account_id),
        ).where(_own(unit), _IS_OPEN)
    ).one()
    return Counters(*row)
