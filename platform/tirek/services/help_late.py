"""Calls of parents that nobody has taken in time: those above are told, and see where it is."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update

from tirek.domain.parents import HelpKind
from tirek.services.help_requests import above, queue
from tirek.services.oversight import Area, Place, looking_over
from tirek.services.unit import Unit
from tirek.storage.models import HelpRequest, SupportCenter

LATE = "help_late"


@dataclass(frozen=True, slots=True)
class LateCall:
    """A call that nobody has accepted in time, for those above: where and since when."""

    id: UUID
    center: Place
    phone: str | None
    due_at: datetime


def escalate_due(unit: Unit) -> int:
    """Tell the head of the centre and the region once of each call that nobody took in time."""
    late = unit.session.execute(
        update(HelpRequest)
        .where(
            HelpRequest.due_at <= func.now(),
            HelpRequest.acknowledged_at.is_(None),
            HelpRequest.escalated_at.is_(None),
        )
        .values(escalated_at=func.now())
        .returning(HelpRequest.id, HelpRequest.kind, HelpRequest.support_center_id)
        .execution_options(synchronize_session=False)
    ).all()
    for row in late:
        queue(unit, LATE, row.id, HelpKind(row.kind), above(unit, row.support_center_id))
    return len(late)


def late_in_area(unit: Unit, area: Area) -> list[LateCall]:
    """Calls past their time that nobody has accepted; nothing of the parent or the answers."""
    with looking_over(unit):
        rows = unit.session.execute(
            select(
                HelpRequest.id,
                HelpRequest.due_at,
                SupportCenter.name_kk,
                SupportCenter.name_ru,
                SupportCenter.phone,
            )
            .join(SupportCenter, SupportCenter.id == HelpRequest.support_center_id)
            .where(
                HelpRequest.acknowledged_at.is_(None),
                HelpRequest.due_at <= func.now(),
                area.holds(SupportCenter.region_iso),
            )
            .order_by(HelpRequest.due_at, HelpRequest.id)
        ).all()
    return [
        LateCall(row.id, Place(row.name_kk, row.name_ru), row.phone, row.due_at) for row in rows
    ]
