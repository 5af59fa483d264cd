"""Whose desk a referral lands on: the territory's PSC, or the school's psychologist."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, case, exists, func, or_, select

from tirek.domain.levels import Level
from tirek.domain.people import PSC_ROLES, Role
from tirek.domain.protocols import LevelRule
from tirek.domain.referral import ReceiverKind
from tirek.services import conflicts
from tirek.services.conflicts import Conflicts
from tirek.services.unit import Unit
from tirek.storage.models import (
    Account,
    District,
    DutyShift,
    School,
    ServiceArea,
    SupportCenter,
)


@dataclass(frozen=True, slots=True)
class Receiver:
    """One receiver, and the reason as a code that the referral's page explains."""

    kind: ReceiverKind
    support_center_id: UUID | None
    reason: str
    # Nobody there is known to be on duty: those above are told at once.
    is_unmanned: bool = False

    @property
    def place(self) -> tuple[ReceiverKind, UUID | None]:
        """The receiver without the reason."""
        return self.kind, self.support_center_id


@dataclass(frozen=True, slots=True)
class _Center:
    id: UUID
    # Its place in the list of who is asked: 1 is the PSC of the territory.
    rank: int
    reason: str
    is_open: bool
    is_staffed: bool
    is_full: bool


AT_SCHOOL = Receiver(ReceiverKind.SCHOOL, None, "level_rule")


def receiver_for(unit: Unit, school_id: UUID, rule: LevelRule, student_id: UUID) -> Receiver:
    """Follow the rule of a level from a school; there is always somebody at the end.

    A PSC that is closed, full, without anybody on duty, or in a conflict of interest is passed
    over for its neighbours, then for any of the region. An immediate one does not ask for room.
    When nobody is left, the first PSC keeps the referral, and those above it are told at once.
    """
    conflicts_here = conflicts.of(unit, student_id)
    if rule.receiver is ReceiverKind.SCHOOL:
        reason = _school_is_out(unit, school_id, conflicts_here)
        if reason is None:
            return AT_SCHOOL
        at_center = _at_center(unit, school_id, rule.level, conflicts_here)
        if at_center is not None:
            return replace(at_center, reason=reason)
        return replace(AT_SCHOOL, reason=reason, is_unmanned=True)
    at_center = _at_center(unit, school_id, rule.level, conflicts_here)
    if at_center is not None:
        return at_center
    # The tables name no PSC at all: rather the school than nowhere.
    return Receiver(ReceiverKind.SCHOOL, None, "no_center_in_territory", is_unmanned=True)


def next_center(
    unit: Unit, school_id: UUID, level: Level, student_id: UUID, without: Iterable[UUID]
) -> Receiver | None:
    """The PSC to ask when some have said no, or None when there is no other."""
    conflicts_here = conflicts.of(unit, student_id)
    out = replace(conflicts_here, centers=conflicts_here.centers | frozenset(without))
    return _at_center(unit, school_id, level, out)


def _school_is_out(unit: Unit, school_id: UUID, conflicts_here: Conflicts) -> str | None:
    """Why a school may not or cannot receive; None when it can."""
    if school_id in conflicts_here.schools:
        return "conflict_of_interest"
    psychologist = select(Account.id).where(
        Account.school_id == school_id,
        Account.role == Role.PSYCHOLOGIST,
        Account.is_active,
        Account.id.not_in(conflicts_here.accounts),
    )
    is_there = unit.session.scalars(psychologist.limit(1)).one_or_none()
    return None if is_there else "school_vacancy"


def _at_center(
    unit: Unit, school_id: UUID, level: Level, conflicts_here: Conflicts
) -> Receiver | None:
    known = [one for one in _centers(unit, school_id) if one.id not in conflicts_here.centers]
    if not known:
        return None
    able = [one for one in known if one.is_open and one.is_staffed]
    # An immediate one is not sent further away for want of a free hour.
    roomy = [one for one in able if level is Level.IMMEDIATE or not one.is_full] or able
    chosen = (roomy or known)[0]
    if not roomy:
        return _receiver(chosen, "nobody_on_duty", is_unmanned=True)
    first = known[0]
    if chosen is first:
        return _receiver(chosen, chosen.reason)
    return _receiver(chosen, _why_not(first))


def _receiver(center: _Center, reason: str, *, is_unmanned: bool = False) -> Receiver:
    return Receiver(ReceiverKind.SUPPORT_CENTER, center.id, reason, is_unmanned)


def _why_not(center: _Center) -> str:
    if not center.is_open:
        return "first_center_closed"
    return "first_center_full" if center.is_staffed else "first_center_unmanned"


def _centers(unit: Unit, school_id: UUID) -> list[_Center]:
    """The PSCs that could be asked, best first: the district's by priority, then the region's."""
    priority = (
        select(ServiceArea.priority)
        .join(School, School.district_id == ServiceArea.district_id)
        .where(School.id == school_id, ServiceArea.support_center_id == SupportCenter.id)
        .scalar_subquery()
    )
    region = (
        select(District.region_iso)
        .join(School, School.district_id == District.id)
        .where(School.id == school_id)
        .scalar_subquery()
    )
    rows = unit.session.execute(
        select(
            SupportCenter.id,
            SupportCenter.is_open,
            priority.label("priority"),
            is_staffed(SupportCenter.id, SupportCenter.keeps_roster).label("is_staffed"),
            # Counted by the database itself: this transaction may see no referral but its own.
            func.center_is_full(SupportCenter.id).label("is_full"),
        )
        .where(or_(priority.is_not(None), SupportCenter.region_iso == region))
        .order_by(priority.nulls_last(), SupportCenter.id)
    ).all()
    return [
        _Center(
            row.id,
            rank,
            ("territory" if rank == 1 else "neighbour") if row.priority else "region",
            row.is_open,
            row.is_staffed,
            row.is_full,
        )
        for rank, row in enumerate(rows, 1)
    ]


def on_duty(center_id: SQLColumnExpression[UUID] | UUID) -> ColumnElement[bool]:
    """Accounts with a shift at a PSC at this moment."""
    return exists().where(
        DutyShift.support_center_id == center_id,
        DutyShift.account_id == Account.id,
        DutyShift.starts_at <= func.now(),
        DutyShift.ends_at > func.now(),
    )


def is_staffed(
    center_id: SQLColumnExpression[UUID] | UUID, keeps_roster: SQLColumnExpression[bool]
) -> ColumnElement[bool]:
    """Whether somebody of a PSC is there: on the roster where one is kept, else at all."""
    works_there = and_(
        Account.support_center_id == center_id, Account.role.in_(PSC_ROLES), Account.is_active
    )
    return case(
        (keeps_roster, exists().where(works_there, on_duty(center_id))),
        else_=exists().where(works_there),
    )
