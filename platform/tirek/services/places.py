"""Regions, schools and Psychological Support Centers, as pages need them."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from tirek.domain.errors import NotFoundError
from tirek.domain.people import Role
from tirek.storage.models import Account, District, Region, School, ServiceArea, SupportCenter
from tirek.storage.regions import all_regions


def ensure_regions(session: Session) -> int:
    """Add the regions of the country that the database lacks; say how many were new."""
    known = set(session.scalars(select(Region.iso)))
    new = [region for region in all_regions() if region.iso not in known]
    session.add_all(new)
    session.flush()
    return len(new)


def support_centers(session: Session) -> Sequence[tuple[SupportCenter, Region]]:
    """Every PSC with its region, in the order of the ISO codes; public data."""
    rows = session.execute(
        select(SupportCenter, Region)
        .join(Region, Region.iso == SupportCenter.region_iso)
        .order_by(Region.iso, SupportCenter.name_ru)
    )
    return [(center, region) for center, region in rows]


def school(session: Session, school_id: UUID) -> School:
    """One school; raises `NotFoundError`."""
    found = session.get(School, school_id)
    if found is None:
        raise NotFoundError("school", school_id)
    return found


def center_of_school(session: Session, school_id: UUID) -> SupportCenter | None:
    """The PSC that answers first for a school's district, for the help block of its pages."""
    return session.scalars(
        select(SupportCenter)
        .join(ServiceArea, ServiceArea.support_center_id == SupportCenter.id)
        .join(District, District.id == ServiceArea.district_id)
        .join(School, School.district_id == District.id)
        .where(School.id == school_id)
        .order_by(ServiceArea.priority)
        .limit(1)
    ).one_or_none()


def psychologists(session: Session, school_id: UUID) -> Sequence[str]:
    """Names of a school's psychologists, so that a child knows who will talk to them."""
    return session.scalars(
        select(Account.display_name)
        .where(Account.school_id == school_id, Account.role == Role.PSYCHOLOGIST)
        .where(Account.is_active)
        .order_by(Account.display_name)
    ).all()
