"""The monthly test alarm of each centre: rung, answered by a person, measured, told upwards."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from tirek.domain import drill as rules
from tirek.domain.delivery import Channel
from tirek.domain.errors import ConflictError, NotFoundError
from tirek.domain.people import PSC_ROLES, Role
from tirek.services import audit, notices, outbox
from tirek.services.outbox import Message
from tirek.services.oversight import Area, Place
from tirek.services.posts import on_duty_here
from tirek.services.unit import Unit
from tirek.storage.models import Account, Drill, SupportCenter

DRILL, MISSED = "drill", "drill_missed"
MONTHS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class DrillRow:
    """One test alarm, and after how many seconds somebody answered it."""

    id: UUID
    center: Place
    month: date
    started_at: datetime
    due_at: datetime
    answered_by: str | None
    seconds: float | None
    escalated_at: datetime | None

    @property
    def is_open(self) -> bool:
        """Whether it still waits for an answer."""
        return self.seconds is None


def start_due(unit: Unit) -> int:
    """Ring this month's drill of every open centre that has had none; called by each sweep.

    One at which nobody had a login yet when the drill was due takes part from the next month on.
    """
    now, calendar = unit.now(), unit.catalog.protocol.calendar
    if not rules.is_due(now, calendar):
        return 0
    month = rules.month_of(now)
    rung = select(Drill.support_center_id).where(Drill.month == month)
    at_work = select(Account.support_center_id).where(
        Account.role.in_(PSC_ROLES),
        Account.is_active,
        Account.created_at < rules.starts_at(month, calendar),
    )
    waiting = unit.session.scalars(
        select(SupportCenter.id).where(
            SupportCenter.is_open, SupportCenter.id.in_(at_work), SupportCenter.id.not_in(rung)
        )
    ).all()
    return sum(_start(unit, center_id, month, now) is not None for center_id in waiting)


def start(unit: Unit, center_id: UUID) -> UUID:
    """Ring this month's drill of one centre now; `ConflictError` where it has been rung already."""
    if unit.session.get(SupportCenter, center_id) is None:
        raise NotFoundError("center", center_id)
    now = unit.now()
    begun = _start(unit, center_id, rules.month_of(now), now)
    if begun is None:
        raise ConflictError("this centre has had its drill of this month")
    return begun


def answer(unit: Unit, drill_id: UUID) -> None:
    """Somebody of the centre answers its test alarm; the first answer counts."""
    row = unit.session.scalars(
        select(Drill)
        .where(Drill.id == drill_id, Drill.support_center_id == unit.actor.support_center_id)
        .with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFoundError("drill", drill_id)
    if row.answered_by is not None:
        raise ConflictError("answered already", _name_of(unit, row.answered_by))
    # The database writes down when.
    unit.session.execute(
        update(Drill)
        .where(Drill.id == drill_id)
        .values(answered_by=unit.actor.account_id)
        .execution_options(synchronize_session=False)
    )
    audit.record(unit, "drill.answer", "drill", drill_id)


def escalate_due(unit: Unit) -> int:
    """Tell the region's coordinator once of each drill that nobody answered in time."""
    late = unit.session.execute(
        update(Drill)
        .where(
            Drill.due_at <= func.now(), Drill.answered_at.is_(None), Drill.escalated_at.is_(None)
        )
        .values(escalated_at=func.now())
        .returning(Drill.id, Drill.support_center_id)
        .execution_options(synchronize_session=False)
    ).all()
    for row in late:
        outbox.queue(
            unit,
            [
                Message(MISSED, str(row.id), account_id=one, drill_id=row.id)
                for one in _coordinators(unit, row.support_center_id)
            ],
        )
    return len(late)


def of_center(unit: Unit) -> list[DrillRow]:
    """The drills of the own centre, the latest first."""
    return _rows(unit, Drill.support_center_id == unit.actor.support_center_id)


def waits(unit: Unit) -> bool:
    """Whether a test alarm of the own centre waits for an answer."""
    found = select(Drill.id).where(
        Drill.support_center_id == unit.actor.support_center_id, Drill.answered_at.is_(None)
    )
    return unit.session.scalars(found.limit(1)).one_or_none() is not None


def of_area(unit: Unit, area: Area, month: date) -> list[DrillRow]:
    """One month's drills of an area, the slowest first and those without an answer before them."""
    found = _rows(unit, area.holds(SupportCenter.region_iso), Drill.month == month)
    return sorted(found, key=lambda row: (row.seconds is not None, -(row.seconds or 0)))


def months(unit: Unit) -> list[date]:
    """The months in which there were drills, the latest first."""
    found = select(Drill.month).distinct().order_by(Drill.month.desc()).limit(MONTHS_SHOWN)
    return list(unit.session.scalars(found))


def _start(unit: Unit, center_id: UUID, month: date, now: datetime) -> UUID | None:
    """Ring one drill; None when another sweep, or somebody by hand, has just done so."""
    begun = unit.session.scalars(
        insert(Drill)
        .values(support_center_id=center_id, month=month, due_at=now + rules.ANSWER_WITHIN)
        .on_conflict_do_nothing()
        .returning(Drill.id)
    ).one_or_none()
    if begun is None:
        return None
    told = _on_duty(unit, center_id)
    about = Message(DRILL, str(begun), drill_id=begun)
    outbox.queue(unit, [*_to(about, told), *_to(about, notices.with_phone(unit, told), sms=True)])
    audit.record(unit, "drill.start", "drill", begun)
    return begun


def _to(about: Message, account_ids: Iterable[UUID], *, sms: bool = False) -> list[Message]:
    channel = Channel.SMS if sms else Channel.MAIL
    return [
        Message(
            about.kind, about.occasion, account_id=one, drill_id=about.drill_id, channel=channel
        )
        for one in account_ids
    ]


def _on_duty(unit: Unit, center_id: UUID) -> list[UUID]:
    """Who would be called now; the whole centre where its roster has nobody."""
    works_there = (
        select(Account.id)
        .where(
            Account.support_center_id == center_id, Account.role.in_(PSC_ROLES), Account.is_active
        )
        .order_by(Account.created_at, Account.id)
    )
    center = unit.session.get_one(SupportCenter, center_id)
    if center.keeps_roster:
        found = list(unit.session.scalars(works_there.where(on_duty_here())))
        if found:
            return found
    return list(unit.session.scalars(works_there))


def _coordinators(unit: Unit, center_id: UUID) -> list[UUID]:
    return list(
        unit.session.scalars(
            select(Account.id)
            .join(SupportCenter, SupportCenter.region_iso == Account.region_iso)
            .where(
                SupportCenter.id == center_id,
                Account.role == Role.REGIONAL_COORDINATOR,
                Account.is_active,
            )
        )
    )


def _name_of(unit: Unit, account_id: UUID) -> str:
    return unit.session.scalars(select(Account.display_name).where(Account.id == account_id)).one()


def _rows(unit: Unit, *which: object) -> list[DrillRow]:
    seconds = func.extract("epoch", Drill.answered_at - Drill.started_at)
    rows = unit.session.execute(
        select(
            Drill.id,
            Drill.month,
            Drill.started_at,
            Drill.due_at,
            Drill.escalated_at,
            SupportCenter.name_kk,
            SupportCenter.name_ru,
            Account.display_name,
            seconds.label("seconds"),
        )
        .join(SupportCenter, SupportCenter.id == Drill.support_center_id)
        .outerjoin(Account, Account.id == Drill.answered_by)
        .where(*which)  # type: ignore[arg-type]  # conditions of columns and of areas
        .order_by(Drill.month.desc(), SupportCenter.name_ru)
        .limit(200)
    )
    return [
        DrillRow(
            row.id,
            Place(row.name_kk, row.name_ru),
            row.month,
            row.started_at,
            row.due_at,
            row.display_name,
            None if row.seconds is None else float(row.seconds),
            row.escalated_at,
        )
        for row in rows
    ]
