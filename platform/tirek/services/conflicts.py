"""Who is named as possibly harming a child: they, and where they work, are kept out of it."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from tirek.domain.referral import ConflictKind
from tirek.services.unit import Unit

_OF = text("SELECT * FROM conflicts_of(:student)")


@dataclass(frozen=True, slots=True)
class Conflicts:
    """The places and people that must never receive anything about one child."""

    schools: frozenset[UUID] = frozenset()
    centers: frozenset[UUID] = frozenset()
    accounts: frozenset[UUID] = frozenset()
    has_guardian: bool = False


def keep_out(unit: Unit, student_id: UUID) -> bool:
    """Whether the person who acts, or where they work, is named."""
    out, actor = of(unit, student_id), unit.actor
    return (
        actor.school_id in out.schools
        or actor.support_center_id in out.centers
        or actor.account_id in out.accounts
    )


def of(unit: Unit, student_id: UUID) -> Conflicts:
    """All conflicts about a child, also those that this transaction may not see."""
    rows = unit.session.execute(_OF, {"student": student_id}).all()
    return Conflicts(
        frozenset(row.at_school_id for row in rows if row.at_school_id),
        frozenset(row.support_center_id for row in rows if row.support_center_id),
        frozenset(row.account_id for row in rows if row.account_id),
        any(row.kind == ConflictKind.GUARDIAN for row in rows),
    )
