"""Whose desk a referral lands on: the territory's PSC, or the school's psychologist."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from tirek.domain.protocols import LevelRule
from tirek.domain.referral import ReceiverKind
from tirek.services.unit import Unit
from tirek.storage.models import District, School, ServiceArea, SupportCenter


@dataclass(frozen=True, slots=True)
class Receiver:
    """One receiver, and the reason as a code that the referral's page explains."""

    kind: ReceiverKind
    support_center_id: UUID | None
    reason: str


def receiver_for(unit: Unit, school_id: UUID, rule: LevelRule) -> Receiver:
    """Follow the rule of a level from a school; there is always somebody at the end.

    A PSC that is closed is passed over for the next of the district, then for any of the region;
    when the tables name none at all, the referral goes to the school psychologist rather than
    nowhere, and says so.
    """
    if rule.receiver is ReceiverKind.SCHOOL:
        return Receiver(ReceiverKind.SCHOOL, None, "level_rule")
    for center_id, reason in _centers(unit, school_id):
        return Receiver(ReceiverKind.SUPPORT_CENTER, center_id, reason)
    return Receiver(ReceiverKind.SCHOOL, None, "no_center_in_territory")


def _centers(unit: Unit, school_id: UUID) -> list[tuple[UUID, str]]:
    """The PSCs that could take it, best first: own area by priority, then the region's others."""
    area = unit.session.execute(
        select(SupportCenter.id, SupportCenter.is_open, ServiceArea.priority)
        .join(ServiceArea, ServiceArea.support_center_id == SupportCenter.id)
        .join(School, School.district_id == ServiceArea.district_id)
        .where(School.id == school_id)
        .order_by(ServiceArea.priority)
    ).all()
    region = unit.session.execute(
        select(SupportCenter.id, SupportCenter.is_open)
        .join(District, District.region_iso == SupportCenter.region_iso)
        .join(School, School.district_id == District.id)
        .where(School.id == school_id)
        .order_by(SupportCenter.id)
    ).all()
    first = area[0].id if area else None
    own = [(row.id, "territory" if row.id == first else "first_center_closed") for row in area]
    rest = [(row.id, "region") for row in region]
    is_open = {row.id for row in (*area, *region) if row.is_open}
    known = own + rest
    # A closed PSC is still better than none: its referral stays visible and its clocks run.
    return [pair for pair in known if pair[0] in is_open] or known
