"""What an assignment will probably bring, with the classes that are asked meanwhile."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from tirek.domain.capacity import Load, load_of
from tirek.domain.people import Role
from tirek.services.unit import Unit
from tirek.storage.models import Account, Assignment, Student


def expected(
    unit: Unit, classroom_id: UUID, of_age: int, window: tuple[datetime, datetime]
) -> Load:
    """The load of asking `of_age` pupils of a class in a window, and who is there for it."""
    return load_of(of_age + _asked_meanwhile(unit, classroom_id, window), _psychologists(unit))


def _psychologists(unit: Unit) -> int:
    return unit.session.scalars(
        select(func.count()).where(
            Account.school_id == unit.actor.school_id,
            Account.role == Role.PSYCHOLOGIST.value,
            Account.is_active,
        )
    ).one()


def _asked_meanwhile(unit: Unit, classroom_id: UUID, window: tuple[datetime, datetime]) -> int:
    """Pupils of other classes whose windows overlap with this one."""
    opens_at, closes_at = window
    others = select(Assignment.classroom_id).where(
        Assignment.school_id == unit.actor.school_id,
        Assignment.classroom_id != classroom_id,
        Assignment.cancelled_at.is_(None),
        Assignment.opens_at < closes_at,
        Assignment.closes_at > opens_at,
    )
    return unit.session.scalars(
        select(func.count()).where(
            Student.classroom_id.in_(others),
            Student.school_id == unit.actor.school_id,
            Student.left_at.is_(None),
        )
    ).one()
