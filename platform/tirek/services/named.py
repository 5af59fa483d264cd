"""Who is named as possibly harming a child, for those who may know it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import aliased

from tirek.domain.errors import NotFoundError
from tirek.domain.people import PSC_ROLES, SCHOOL_ROLES
from tirek.domain.referral import ConflictKind
from tirek.services import audit, harm
from tirek.services.referral_steps import works_at
from tirek.services.students import data_key
from tirek.services.unit import Unit
from tirek.storage.models import Account, Conflict, District, Referral, School, Student
from tirek.storage.models import SupportCenter as Center


@dataclass(frozen=True, slots=True)
class Naming:
    """Somebody was named: the kind, by whom, when, in which words."""

    kind: ConflictKind
    # The school, where somebody of a school is named.
    school_id: UUID | None
    by: str | None
    at: datetime
    note: str
    person: str | None
    center: Center | None


@dataclass(frozen=True, slots=True)
class Asked:
    """What the form needs: about whom it is, and which centres and colleagues can be named."""

    referral_id: UUID
    student_id: UUID
    student_code: str
    centers: Sequence[Center]
    # Only a support centre names single people, and only its own.
    colleagues: Sequence[Account]


def of(unit: Unit, student_id: UUID) -> tuple[Naming, ...]:
    """Everybody named about a child, as far as this person may know; the first one first."""
    by, person = aliased(Account), aliased(Account)
    rows = unit.session.execute(
        select(Conflict, by.display_name, person.display_name, Center)
        .outerjoin(by, by.id == Conflict.named_by)
        .outerjoin(person, person.id == Conflict.account_id)
        .outerjoin(Center, Center.id == Conflict.support_center_id)
        .where(Conflict.student_id == student_id)
        .order_by(Conflict.created_at, Conflict.id)
    ).all()
    if not rows:
        return ()
    key = data_key(unit, student_id)
    return tuple(
        Naming(
            ConflictKind(one.kind),
            one.at_school_id,
            who,
            one.created_at,
            key.open(one.note_sealed, *harm.PLACE, str(one.id)),
            named,
            center,
        )
        for one, who, named, center in rows
    )


def ask(unit: Unit, referral_id: UUID) -> Asked:
    """Open the form about a referral's child; raises `NotFoundError`.

    For the receiver's people, and for the child's school while another place has the referral.
    """
    leg = unit.session.get(Referral, referral_id, populate_existing=True)
    if leg is None or not _may_ask(unit, leg):
        raise NotFoundError("referral", referral_id)
    audit.record(
        unit,
        "conflict.ask",
        "referral",
        leg.id,
        student_id=leg.student_id,
        school_id=leg.school_id,
    )
    student = unit.session.get_one(Student, leg.student_id)
    return Asked(
        leg.id, student.id, student.school_code, _centers(unit, leg.school_id), _colleagues(unit)
    )


def is_in_sight(unit: Unit, referral_id: UUID) -> bool:
    """Whether this person still sees the referral, now that somebody is named."""
    leg = unit.session.get(Referral, referral_id, populate_existing=True)
    return leg is not None and _may_ask(unit, leg)


def _may_ask(unit: Unit, leg: Referral) -> bool:
    at_school = unit.actor.role in SCHOOL_ROLES and unit.actor.school_id == leg.school_id
    return at_school or works_at(unit.actor, leg)


def _centers(unit: Unit, school_id: UUID) -> Sequence[Center]:
    home = unit.session.scalars(
        select(District.region_iso)
        .join(School, School.district_id == District.id)
        .where(School.id == school_id)
    ).one()
    order = ((Center.region_iso == home).desc(), Center.name_ru, Center.id)
    return unit.session.scalars(select(Center).order_by(*order)).all()


def _colleagues(unit: Unit) -> Sequence[Account]:
    return unit.session.scalars(
        select(Account)
        .where(
            Account.support_center_id == unit.actor.support_center_id,
            Account.role.in_(PSC_ROLES),
            Account.is_active,
        )
        .order_by(Account.display_name, Account.id)
    ).all()
