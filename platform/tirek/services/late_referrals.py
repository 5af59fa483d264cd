"""Referrals that are late, as the ladder's upper rungs see them: where, how late, who was called.

Nothing here says who the child is: a referral is its short name, its level, its state, its place.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, case, func, insert, select
from sqlalchemy.orm import aliased

from tirek.domain.errors import ConflictError, NotFoundError
from tirek.domain.levels import Level
from tirek.domain.referral import ReceiverKind, ReferralState
from tirek.domain.watch import AlarmReply
from tirek.services import audit, school_contacts
from tirek.services.oversight import Area, Place, looking_over, short
from tirek.services.unit import Unit
from tirek.storage.models import (
    Account,
    AlarmAnswer,
    Deadline,
    District,
    Referral,
    School,
    SupportCenter,
)

MOST = 100
_RANK = case({level.value: level.rank for level in Level}, value=Referral.level)


@dataclass(frozen=True, slots=True)
class Step:
    """One rung of a ladder, and whether it has rung."""

    number: int
    posts: tuple[str, ...]
    due_at: datetime
    fired_at: datetime | None
    is_breach: bool


@dataclass(frozen=True, slots=True)
class LateClock:
    """One promise about a referral that was not kept in time."""

    clock: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Reply:
    """What somebody above did about it, by name."""

    who: str
    reply: AlarmReply
    at: datetime


@dataclass(frozen=True, slots=True)
class LateReferral:
    """One open referral with clocks that have rung; `place` has it, `school` is the child's.

    `phone` is that of the place which has it.
    """

    id: UUID
    level: Level
    state: ReferralState
    receiver: ReceiverKind
    place: Place
    phone: str | None
    school: Place
    clocks: tuple[LateClock, ...]
    steps: tuple[Step, ...]
    replies: tuple[Reply, ...]

    @property
    def short(self) -> str:
        """Its name on the phone."""
        return short(self.id)


def in_area(unit: Unit, area: Area) -> list[LateReferral]:
    """Late referrals of an area, the most urgent and the latest first; looking is audited."""
    audit.record(unit, "late.list", "region", area.region_iso)
    with looking_over(unit):
        rows: dict[UUID, list[Any]] = defaultdict(list)
        for row in unit.session.execute(_late(area).limit(MOST)):
            rows[row.id].append(row)
        steps, replies = _steps(unit, list(rows)), _replies(unit, list(rows))
    return [_referral(clocks, steps, replies) for clocks in rows.values()]


def count(unit: Unit, area: Area) -> int:
    """How many of them there are."""
    with looking_over(unit):
        inner = _late(area).order_by(None).subquery()
        return unit.session.scalars(select(func.count(inner.c.id.distinct()))).one()


def reply(unit: Unit, area: Area, referral_id: UUID, said: AlarmReply) -> None:
    """Write down under one's own name what one did about the latest alarm of a referral.

    Raises `NotFoundError` outside the own area, `ConflictError` when there is nothing to answer.
    """
    with looking_over(unit):
        lies_here = unit.session.scalars(
            select(Referral.id)
            .join(School, School.id == Referral.school_id)
            .join(District, District.id == School.district_id)
            .where(Referral.id == referral_id, area.holds(District.region_iso))
        ).one_or_none()
        if lies_here is None:
            raise NotFoundError("referral", referral_id)
        alarm = unit.session.scalars(_unanswered(unit, referral_id)).one_or_none()
        if alarm is None:
            raise ConflictError("there is no alarm of it that this person has not answered")
        unit.session.execute(
            insert(AlarmAnswer).values(
                deadline_id=alarm, account_id=unit.actor.account_id, answer=said.value
            )
        )
    audit.record(unit, f"alarm.{said.value}", "referral", referral_id)


def _unanswered(unit: Unit, referral_id: UUID) -> Select[UUID]:
    mine = select(AlarmAnswer.deadline_id).where(AlarmAnswer.account_id == unit.actor.account_id)
    return (
        select(Deadline.id)
        .where(
            Deadline.referral_id == referral_id,
            Deadline.fired_at.is_not(None),
            Deadline.met_at.is_(None),
            Deadline.ended_at.is_(None),
            Deadline.id.not_in(mine),
        )
        .order_by(Deadline.fired_at.desc(), Deadline.rung.desc())
        .limit(1)
    )


def _late(area: Area) -> Select[*tuple[Any, ...]]:
    """One row for each clock of an open referral that has rung and was not answered."""
    rung = aliased(Deadline)
    promise = func.min(rung.due_at).filter(rung.rung == 0)
    return (
        select(
            Referral.id,
            Referral.level,
            Referral.state,
            Referral.receiver,
            School.name_kk.label("school_kk"),
            School.name_ru.label("school_ru"),
            SupportCenter.name_kk,
            SupportCenter.name_ru,
            case(
                (Referral.support_center_id.is_(None), school_contacts.best_phone()),
                else_=SupportCenter.phone,
            ).label("phone"),
            rung.clock,
            rung.cycle,
            func.coalesce(promise, func.min(rung.due_at)).label("due_at"),
        )
        .join(rung, rung.referral_id == Referral.id)
        .join(School, School.id == Referral.school_id)
        .join(District, District.id == School.district_id)
        .outerjoin(SupportCenter, SupportCenter.id == Referral.support_center_id)
        .where(
            Referral.closed_at.is_(None),
            rung.met_at.is_(None),
            rung.ended_at.is_(None),
            area.holds(District.region_iso),
        )
        .group_by(Referral.id, School.id, SupportCenter.id, rung.clock, rung.cycle)
        .having(func.bool_or(rung.fired_at.is_not(None)))
        .order_by(_RANK.desc(), func.min(rung.due_at), Referral.id)
    )


def _steps(unit: Unit, ids: Sequence[UUID]) -> Mapping[tuple[UUID, str, int], list[Step]]:
    found: dict[tuple[UUID, str, int], list[Step]] = defaultdict(list)
    rows = unit.session.execute(
        select(
            Deadline.referral_id,
            Deadline.clock,
            Deadline.cycle,
            Deadline.rung,
            Deadline.posts,
            Deadline.due_at,
            Deadline.fired_at,
            Deadline.is_breach,
        )
        .where(Deadline.referral_id.in_(ids), Deadline.met_at.is_(None))
        .order_by(Deadline.rung)
    )
    for row in rows:
        step = Step(row.rung, tuple(row.posts), row.due_at, row.fired_at, row.is_breach)
        # Rung 0 is the promise, which the page names by its clock.
        if row.rung:
            found[row.referral_id, row.clock, row.cycle].append(step)
    return found


def _replies(unit: Unit, ids: Sequence[UUID]) -> Mapping[UUID, list[Reply]]:
    found: dict[UUID, list[Reply]] = defaultdict(list)
    rows = unit.session.execute(
        select(
            Deadline.referral_id, Account.display_name, AlarmAnswer.answer, AlarmAnswer.created_at
        )
        .join(Deadline, Deadline.id == AlarmAnswer.deadline_id)
        .join(Account, Account.id == AlarmAnswer.account_id)
        .where(Deadline.referral_id.in_(ids))
        .order_by(AlarmAnswer.created_at)
    )
    for row in rows:
        found[row.referral_id].append(
            Reply(row.display_name, AlarmReply(row.answer), row.created_at)
        )
    return found


def _referral(
    rows: Sequence[Any],
    steps: Mapping[tuple[UUID, str, int], list[Step]],
    replies: Mapping[UUID, list[Reply]],
) -> LateReferral:
    """Put the clocks of one referral together, the one that ran out first before the others."""
    row = rows[0]
    school = Place(row.school_kk, row.school_ru)
    found = [step for one in rows for step in steps.get((row.id, one.clock, one.cycle), ())]
    return LateReferral(
        row.id,
        Level(row.level),
        ReferralState(row.state),
        ReceiverKind(row.receiver),
        Place(row.name_kk, row.name_ru) if row.name_ru else school,
        row.phone,
        school,
        tuple(sorted((LateClock(one.clock, one.due_at) for one in rows), key=_due)),
        tuple(sorted(found, key=_due)),
        tuple(replies.get(row.id, ())),
    )


def _due(one: LateClock | Step) -> datetime:
    return one.due_at
