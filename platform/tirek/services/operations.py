"""How the machinery does: what waits, what is stuck, which loops work, where nobody is on duty."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select, update
from sqlalchemy.orm import aliased

from tirek.domain.clocks import KAZAKHSTAN
from tirek.domain.delivery import Channel
from tirek.domain.errors import NotFoundError
from tirek.domain.levels import Level
from tirek.domain.protocols import Addressee
from tirek.domain.watch import Loop
from tirek.services import audit, heartbeats, late_answer_files, late_referrals, school_contacts
from tirek.services import breaches as records
from tirek.services.late_answer_files import LateFile
from tirek.services.oversight import Area, Place, looking_over, short
from tirek.services.routing import is_staffed
from tirek.services.stuck import region_of_message
from tirek.services.unit import Unit
from tirek.storage.models import (
    Account,
    Conflict,
    District,
    Notice,
    OutboxMessage,
    Region,
    School,
    SupportCenter,
)

MOST = 100


@dataclass(frozen=True, slots=True)
class Queue:
    """One channel: messages whose time has come, those for later, and those that are stuck."""

    channel: Channel
    due: int
    later: int
    stuck: int


@dataclass(frozen=True, slots=True)
class StuckMessage:
    """A message that does not get through, without a word of what it is about."""

    id: int
    kind: str
    channel: Channel
    # Whom it does not reach: a role, or `server`, or `authority`.
    addressee: str
    attempts: int
    stuck_at: datetime
    next_at: datetime
    owner: str | None
    is_mine: bool


@dataclass(frozen=True, slots=True)
class Machinery:
    """The technical part of the page."""

    oldest_seconds: float | None
    queues: tuple[Queue, ...]
    stuck: tuple[StuckMessage, ...]
    loops: tuple[Loop, ...]

    @property
    def silent(self) -> tuple[Loop, ...]:
        """Loops that have been silent for too long."""
        return tuple(loop for loop in self.loops if loop.is_silent)


@dataclass(frozen=True, slots=True)
class OverdueNotice:
    """A notice that nobody has confirmed in time."""

    short: str
    kind: str
    level: Level
    addressee: str
    school: Place
    region: Place
    due_at: datetime
    # The school's, where the school is to be called.
    phone: str | None


@dataclass(frozen=True, slots=True)
class UnmannedCenter:
    """A centre that can take nobody on now, and why: closed, full or nobody on duty."""

    id: UUID
    place: Place
    region: Place
    phone: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Work:
    """What people have left undone: counted, and listed where somebody must call."""

    late: int
    breaches_this_month: int
    notices: tuple[OverdueNotice, ...]
    unmanned: tuple[UnmannedCenter, ...]
    # Schools whose telephone nobody has entered.
    uncallable: int
    # Files of answers that call for somebody today and that no school decides about.
    answer_files: tuple[LateFile, ...]


def machinery(unit: Unit, area: Area) -> Machinery:
    """Queues, stuck messages and loops; messages of an area, loops of the whole system."""
    with looking_over(unit):
        oldest = unit.session.scalars(
            select(func.extract("epoch", func.now() - func.min(OutboxMessage.due_at))).where(
                OutboxMessage.done_at.is_(None),
                OutboxMessage.stuck_at.is_(None),
                OutboxMessage.due_at <= func.now(),
                area.holds(region_of_message()),
            )
        ).one()
        return Machinery(
            None if oldest is None else float(oldest),
            _queues(unit, area),
            tuple(_stuck_row(unit, row) for row in unit.session.execute(_stuck(area))),
            tuple(heartbeats.loops(unit.session)),
        )


def work(unit: Unit, area: Area) -> Work:
    """What people have left undone in an area."""
    month = unit.now().astimezone(KAZAKHSTAN).date().replace(day=1)
    late, broken = late_referrals.count(unit, area), records.count(unit, area, month)
    files = late_answer_files.in_area(unit, area)
    with looking_over(unit):
        notices = tuple(_notice_row(row) for row in unit.session.execute(_notices(area)))
        unmanned, uncallable = tuple(_unmanned(unit, area)), school_contacts.missing(unit, area)
        return Work(late, broken, notices, unmanned, uncallable, files)


def retry(unit: Unit, area: Area, message_id: int) -> None:
    """Let a stuck message be tried at the next sweep; raises `NotFoundError` outside the area.

    It stays stuck until it gets through: the time since when nobody could be reached is kept.
    """
    with looking_over(unit):
        tried = unit.session.scalars(
            update(OutboxMessage)
            .where(
                OutboxMessage.id == message_id,
                OutboxMessage.stuck_at.is_not(None),
                OutboxMessage.done_at.is_(None),
                area.holds(region_of_message()),
            )
            .values(due_at=func.now())
            .returning(OutboxMessage.id)
            .execution_options(synchronize_session=False)
        ).one_or_none()
    if tried is None:
        raise NotFoundError("message", message_id)
    audit.record(unit, "message.retry", "message", message_id)


def _queues(unit: Unit, area: Area) -> tuple[Queue, ...]:
    is_stuck = OutboxMessage.stuck_at.is_not(None)
    is_due = and_(~is_stuck, OutboxMessage.due_at <= func.now())
    rows = unit.session.execute(
        select(
            OutboxMessage.channel,
            func.count().filter(is_due).label("due"),
            func.count().filter(~is_stuck, ~is_due).label("later"),
            func.count().filter(is_stuck).label("stuck"),
        )
        .where(OutboxMessage.done_at.is_(None), area.holds(region_of_message()))
        .group_by(OutboxMessage.channel)
    )
    found = {row.channel: Queue(Channel(row.channel), *row[1:]) for row in rows}
    return tuple(found.get(channel, Queue(channel, 0, 0, 0)) for channel in Channel)


def _stuck(area: Area) -> Select[*tuple[Any, ...]]:
    addressee, owner = aliased(Account), aliased(Account)
    return (
        select(
            OutboxMessage.id,
            OutboxMessage.kind,
            OutboxMessage.channel,
            OutboxMessage.endpoint_id,
            addressee.role,
            OutboxMessage.attempts,
            OutboxMessage.stuck_at,
            OutboxMessage.due_at,
            OutboxMessage.stuck_owner_id,
            owner.display_name,
        )
        .outerjoin(addressee, addressee.id == OutboxMessage.account_id)
        .outerjoin(owner, owner.id == OutboxMessage.stuck_owner_id)
        .where(
            OutboxMessage.stuck_at.is_not(None),
            OutboxMessage.done_at.is_(None),
            area.holds(region_of_message()),
        )
        .order_by(OutboxMessage.stuck_at, OutboxMessage.id)
        .limit(MOST)
    )


def _stuck_row(unit: Unit, row: Any) -> StuckMessage:
    return StuckMessage(
        row.id,
        row.kind,
        Channel(row.channel),
        row.role or ("server" if row.endpoint_id else "authority"),
        row.attempts,
        row.stuck_at,
        row.due_at,
        row.display_name,
        row.stuck_owner_id is not None and row.stuck_owner_id == unit.actor.account_id,
    )


def _notices(area: Area) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Notice.id,
            Notice.kind,
            Notice.level,
            Notice.addressee,
            Notice.due_at,
            School.name_kk,
            School.name_ru,
            Region.name_kk.label("region_kk"),
            Region.name_ru.label("region_ru"),
            case((_is_schools(), school_contacts.best_phone())).label("phone"),
        )
        .join(School, School.id == Notice.school_id)
        .join(District, District.id == School.district_id)
        .join(Region, Region.iso == District.region_iso)
        .where(
            Notice.confirmed_at.is_(None),
            Notice.due_at <= func.now(),
            area.holds(District.region_iso),
        )
        .order_by(Notice.due_at)
        .limit(MOST)
    )


def _is_schools() -> ColumnElement[bool]:
    """The condition that the school has to act, and nobody there is named as possibly harming."""
    is_named = exists().where(
        Conflict.student_id == Notice.student_id, Conflict.at_school_id == Notice.school_id
    )
    return and_(Notice.addressee == Addressee.SCHOOL.value, ~is_named)


def _notice_row(row: Any) -> OverdueNotice:
    school, region = Place(row.name_kk, row.name_ru), Place(row.region_kk, row.region_ru)
    return OverdueNotice(
        short(row.id),
        row.kind,
        Level(row.level),
        row.addressee,
        school,
        region,
        row.due_at,
        row.phone,
    )


def _unmanned(unit: Unit, area: Area) -> list[UnmannedCenter]:
    is_manned = is_staffed(SupportCenter.id, SupportCenter.keeps_roster)
    has_no_room = func.center_is_full(SupportCenter.id)
    rows = unit.session.execute(
        select(
            SupportCenter.id,
            SupportCenter.name_kk,
            SupportCenter.name_ru,
            SupportCenter.phone,
            SupportCenter.is_open,
            is_manned.label("is_staffed"),
            Region.name_kk.label("region_kk"),
            Region.name_ru.label("region_ru"),
        )
        .join(Region, Region.iso == SupportCenter.region_iso)
        .where(
            area.holds(SupportCenter.region_iso),
            or_(~SupportCenter.is_open, ~is_manned, has_no_room),
        )
        .order_by(Region.name_ru, SupportCenter.name_ru)
    )
    return [
        UnmannedCenter(
            row.id,
            Place(row.name_kk, row.name_ru),
            Place(row.region_kk, row.region_ru),
            row.phone,
            "closed" if not row.is_open else "full" if row.is_staffed else "nobody_on_duty",
        )
        for row in rows
    ]
