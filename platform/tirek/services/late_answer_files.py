"""Files of answers that call for somebody today and that nobody decides about: who is told.

Inside the school first, then those above it, who see where to call and about how many pupils;
what a file says stays sealed, so nobody but the school can say whom it is about.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from tirek.domain.answer_entry import THOSE_ABOVE_AFTER, TOLD_AFTER
from tirek.domain.ladder import Post
from tirek.domain.people import Role
from tirek.services import outbox, school_contacts
from tirek.services.outbox import Message
from tirek.services.oversight import Area, Place, looking_over
from tirek.services.school_reach import ASKED_FOR
from tirek.services.unit import Unit
from tirek.storage.models import (
    Account,
    AnswerUpload,
    District,
    DutyPost,
    OutboxMessage,
    Region,
    School,
)

KIND = "answers_wait"
MOST = 100


@dataclass(frozen=True, slots=True)
class LateFile:
    """Where a file waits, since when, and how many pupils need somebody today; never which."""

    school: Place
    region: Place
    phone: str | None
    since: datetime
    pupils: int


def tell_of_late(unit: Unit) -> int:
    """Tell each one once of every file that has waited too long; says how many wait.

    Whoever takes up a post later is told as well. Sweeps at once queue in the same order.
    """
    rows = unit.session.execute(
        select(
            AnswerUpload.id,
            AnswerUpload.school_id,
            District.region_iso,
            _has_waited(THOSE_ABOVE_AFTER).label("is_for_those_above"),
        )
        .join(School, School.id == AnswerUpload.school_id)
        .join(District, District.id == School.district_id)
        .where(_has_waited(TOLD_AFTER))
        .order_by(AnswerUpload.id)
    ).all()
    for row in rows:
        told = _accounts(
            unit, and_(Account.school_id == row.school_id, Account.role.in_(ASKED_FOR))
        )
        if row.is_for_those_above:
            told += _above(unit, row.region_iso)
        outbox.queue(
            unit,
            [Message(KIND, str(row.id), account_id=one, answer_upload_id=row.id) for one in told],
        )
    return len(rows)


def in_area(unit: Unit, area: Area) -> tuple[LateFile, ...]:
    """The files of an area that those above must call about, the one that waits longest first."""
    with looking_over(unit):
        rows = unit.session.execute(
            select(
                School.name_kk,
                School.name_ru,
                Region.name_kk.label("region_kk"),
                Region.name_ru.label("region_ru"),
                school_contacts.best_phone().label("phone"),
                AnswerUpload.uploaded_at,
                AnswerUpload.urgent,
            )
            .join(School, School.id == AnswerUpload.school_id)
            .join(District, District.id == School.district_id)
            .join(Region, Region.iso == District.region_iso)
            .where(_has_waited(THOSE_ABOVE_AFTER), area.holds(District.region_iso))
            .order_by(AnswerUpload.uploaded_at, AnswerUpload.id)
            .limit(MOST)
        ).all()
    return tuple(
        LateFile(
            Place(row.name_kk, row.name_ru),
            Place(row.region_kk, row.region_ru),
            row.phone,
            row.uploaded_at,
            row.urgent,
        )
        for row in rows
    )


def count(session: Session) -> int:
    """How many files in the whole country those above must call about."""
    return session.scalars(select(func.count()).where(_has_waited(THOSE_ABOVE_AFTER))).one()


def is_over(session: Session, message: OutboxMessage) -> bool:
    """Whether somebody has decided about the file of a message since it was written."""
    upload = session.get(AnswerUpload, message.answer_upload_id, populate_existing=True)
    return upload is None or upload.decided_at is not None


def _has_waited(limit: timedelta) -> ColumnElement[bool]:
    """The condition that a file with answers that call for somebody today waits this long."""
    return and_(
        AnswerUpload.decided_at.is_(None),
        AnswerUpload.urgent > 0,
        AnswerUpload.uploaded_at <= func.now() - limit,
    )


def _above(unit: Unit, region_iso: str) -> list[UUID]:
    """The coordinators of a region; where there is none, the national duty."""
    is_coordinator = and_(
        Account.role == Role.REGIONAL_COORDINATOR.value, Account.region_iso == region_iso
    )
    on_national_duty = select(DutyPost.account_id).where(DutyPost.post == Post.NATIONAL_DUTY)
    return _accounts(unit, is_coordinator) or _accounts(unit, Account.id.in_(on_national_duty))


def _accounts(unit: Unit, who: ColumnElement[bool]) -> list[UUID]:
    return list(
        unit.session.scalars(select(Account.id).where(who, Account.is_active).order_by(Account.id))
    )
