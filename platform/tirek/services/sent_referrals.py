"""What became of a referral, as those who sent it may know: no notes, no answers."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, select

from tirek.domain.errors import NotFoundError
from tirek.domain.levels import Level
from tirek.domain.referral import Outcome, ReferralState
from tirek.services import audit, due, referral_story
from tirek.services.due import NEXT_DUE
from tirek.services.unit import Unit
from tirek.storage.models import Account, Referral, Student, SupportCenter


@dataclass(frozen=True, slots=True)
class SentReferral:
    """What a sender may know: received, accepted by whom, closed with which outcome; no notes."""

    id: UUID
    student_id: UUID
    student_code: str
    level: Level
    state: ReferralState
    center: SupportCenter
    sent_at: datetime
    seen_at: datetime | None
    acknowledged_at: datetime | None
    owner_name: str | None
    closed_at: datetime | None
    outcome: Outcome | None
    acknowledge_due_at: datetime
    # The earliest promise that nobody has kept yet, as every list has it.
    due_at: datetime | None
    is_late: bool


def sent_one(unit: Unit, referral_id: UUID) -> SentReferral:
    """A referral to a PSC as the pupil's school follows it; raises `NotFoundError`."""
    found = _sent(unit, and_(_from_own_school(unit), Referral.id == referral_id))
    if not found:
        raise NotFoundError("referral", referral_id)
    audit.record(
        unit,
        "referral.follow",
        "referral",
        referral_id,
        student_id=found[0].student_id,
        school_id=unit.actor.school_id,
    )
    return found[0]


@dataclass(frozen=True, slots=True)
class Question:
    """What a support centre asks a school, by whom and when; `version` is for the answer."""

    referral_id: UUID
    version: int
    student_code: str
    center: SupportCenter
    asked_at: datetime
    asked_by: str | None
    text: str


def question(unit: Unit, referral_id: UUID) -> Question:
    """What a PSC asks the school of a referral's child; `NotFoundError` where nothing is asked."""
    leg = unit.session.scalars(
        select(Referral)
        .where(
            _from_own_school(unit),
            Referral.id == referral_id,
            Referral.state == ReferralState.NEEDS_INFO.value,
            Referral.support_center_id.is_not(None),
        )
        .execution_options(populate_existing=True)
    ).one_or_none()
    asked = referral_story.last_step(unit, leg) if leg else None
    if leg is None or asked is None:
        raise NotFoundError("referral", referral_id)
    audit.record(
        unit,
        "referral.question",
        "referral",
        leg.id,
        student_id=leg.student_id,
        school_id=leg.school_id,
    )
    return Question(
        leg.id,
        leg.version,
        unit.session.get_one(Student, leg.student_id).school_code,
        unit.session.get_one(SupportCenter, leg.support_center_id),
        asked.at,
        asked.who,
        asked.note or "",
    )


def sent(unit: Unit, student_id: UUID | None = None) -> tuple[SentReferral, ...]:
    """What the own school's pupils were referred to PSCs with, open ones first, then the newest."""
    own = _from_own_school(unit)
    return _sent(unit, and_(own, Referral.student_id == student_id) if student_id else own)


def next_of(unit: Unit, leg: Referral) -> SentReferral | None:
    """Where a referral was redirected to, as the one who redirected it may follow it."""
    found = _sent(unit, Referral.parent_id == leg.id)
    return found[0] if found else None


def _from_own_school(unit: Unit) -> ColumnElement[bool]:
    return Referral.school_id == unit.actor.school_id


def _sent(unit: Unit, wanted: ColumnElement[bool]) -> tuple[SentReferral, ...]:
    rows = unit.session.execute(
        select(Referral, Student.school_code, SupportCenter, Account.display_name, NEXT_DUE)
        .join(Student, Student.id == Referral.student_id)
        .join(SupportCenter, SupportCenter.id == Referral.support_center_id)
        .outerjoin(Account, Account.id == Referral.owner_id)
        .where(wanted)
        .order_by(Referral.closed_at.is_not(None), Referral.created_at.desc())
        .execution_options(populate_existing=True)
    )
    now = unit.now()
    return tuple(_as_sent(row, now) for row in rows)


def _as_sent(row: Row[*tuple[Any, ...]], now: datetime) -> SentReferral:
    leg, code, center, owner, due_at = row
    return SentReferral(
        leg.id,
        leg.student_id,
        code,
        Level(leg.level),
        ReferralState(leg.state),
        center,
        leg.created_at,
        leg.seen_at,
        leg.acknowledged_at,
        owner,
        leg.closed_at,
        Outcome(leg.outcome) if leg.outcome else None,
        leg.acknowledge_due_at,
        due_at,
        due.is_late(due_at, now),
    )
