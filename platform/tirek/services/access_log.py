"""Who looked at a child's record, as far as a guardian may learn it without harm to the child.

Only what stands in the closed lists below is shown: nothing about referrals, reviews, worries or
who is named, nothing that the child or another guardian did, and nothing of a support centre. No
notice to a guardian is kept that names which guardian was told, so nobody can say of an account
that its owner knows of the centre. The list is the same whoever asks: whether a guardian is named
as harm is not even looked up.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import ColumnElement, Date, and_, case, cast, func, or_, select

from tirek.domain.people import SCHOOL_ROLES, Role
from tirek.services import audit
from tirek.services.children import Child
from tirek.services.paging import Page, page_of
from tirek.services.unit import Unit
from tirek.storage.models import AuditEntry, School


class Deed(StrEnum):
    """What was done, as coarse as it may be told."""

    LOOKED = "looked"
    CONSENT = "consent"
    ANSWERED = "answered"
    JOINED = "joined"


# What a guardian did in the own account.
OWN_DEEDS = {
    "child.read": Deed.LOOKED,
    "consent.read": Deed.LOOKED,
    "record.read": Deed.LOOKED,
    "administration.read": Deed.LOOKED,
    "consent.given": Deed.CONSENT,
    "consent.refused": Deed.CONSENT,
    "consent.withdrawn": Deed.CONSENT,
    "administration.start": Deed.ANSWERED,
    "administration.complete": Deed.ANSWERED,
    "administration.stop": Deed.ANSWERED,
    "responses.record": Deed.ANSWERED,
    "guardian.join": Deed.JOINED,
}
# What people of the school did. Opening a pupil's page and opening the answers are one and the
# same here: which of them it was would tell that something was found in the answers.
SCHOOL_DEEDS = {
    "student.view": Deed.LOOKED,
    "result.view": Deed.LOOKED,
    "consent.given": Deed.CONSENT,
    "consent.refused": Deed.CONSENT,
    "consent.withdrawn": Deed.CONSENT,
}


@dataclass(frozen=True, slots=True)
class Seen:
    """On one day somebody of one role and one institution did one kind of thing, however often."""

    day: date
    deed: Deed
    is_own: bool
    role: Role
    school: School | None


def of_child(unit: Unit, child: Child, page: int) -> Page[Seen]:
    """One page of the list, the latest day first; looking at it is written down as well."""
    audit.record(
        unit, "record.read", "student", child.id, student_id=child.id, school_id=child.school.id
    )
    own = AuditEntry.account_id == unit.actor.account_id
    by_school = AuditEntry.role.in_([role.value for role in SCHOOL_ROLES])
    day = cast(func.timezone("Asia/Almaty", AuditEntry.created_at), Date).label("day")
    rows = (
        select(
            day,
            case(
                (own, _deed(OWN_DEEDS)),
                else_=_deed(SCHOOL_DEEDS),
            ).label("deed"),
            own.label("is_own"),
            AuditEntry.role.label("role"),
            AuditEntry.school_id.label("school_id"),
        )
        .where(
            AuditEntry.student_id == child.id,
            AuditEntry.outcome == "done",
            or_(
                and_(own, AuditEntry.action.in_(OWN_DEEDS)),
                and_(by_school, AuditEntry.action.in_(SCHOOL_DEEDS)),
            ),
        )
        .distinct()
        .subquery()
    )
    found = (
        select(rows, School)
        .outerjoin(School, School.id == rows.c.school_id)
        .order_by(rows.c.day.desc(), rows.c.is_own, rows.c.role, rows.c.deed, rows.c.school_id)
    )
    return page_of(
        unit,
        found,
        page,
        lambda row: Seen(row.day, Deed(row.deed), row.is_own, Role(row.role), row.School),
    )


def _deed(deeds: dict[str, Deed]) -> ColumnElement[str]:
    return case({action: deed.value for action, deed in deeds.items()}, value=AuditEntry.action)
