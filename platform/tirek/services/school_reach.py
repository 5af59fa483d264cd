"""Where a referred child is, and whom to call there."""

from dataclasses import dataclass

from sqlalchemy import select

from tirek.domain.people import Role
from tirek.domain.school_hours import SchoolHours, school_hours
from tirek.services import conflicts
from tirek.services.unit import Unit
from tirek.storage.models import Account, Referral

# Whom to ask for, the first of them first; a deputy director sees no child's record.
ASKED_FOR = (Role.PSYCHOLOGIST, Role.SOCIAL_PEDAGOGUE)


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody of the school who works with its referrals."""

    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class Reach:
    """Who answers at the child's school, and whether anybody is likely to do so now.

    Nobody calls a school at which somebody is named as possibly harming the child: then no one is
    listed, and the page shows no telephone.
    """

    people: tuple[Colleague, ...]
    hours: SchoolHours
    is_kept_out: bool


def of(unit: Unit, leg: Referral) -> Reach:
    """How to reach the school of a referral's child."""
    hours = school_hours(unit.now(), unit.catalog.protocol.calendar)
    if leg.school_id in conflicts.of(unit, leg.student_id).schools:
        return Reach((), hours, is_kept_out=True)
    return Reach(_people(unit, leg), hours, is_kept_out=False)


def _people(unit: Unit, leg: Referral) -> tuple[Colleague, ...]:
    rows = unit.session.execute(
        select(Account.display_name, Account.role).where(
            Account.school_id == leg.school_id,
            Account.role.in_(ASKED_FOR),
            Account.is_active,
        )
    )
    found = [Colleague(row.display_name, Role(row.role)) for row in rows]
    return tuple(sorted(found, key=lambda one: (ASKED_FOR.index(one.role), one.name)))
