"""Every school with the centers and people that answer for it, as the protocol checker needs it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Row, case, func, select
from sqlalchemy.orm import Session

from tirek.domain.ladder import Post
from tirek.domain.levels import Level
from tirek.domain.people import PSC_ROLES, Role
from tirek.domain.protocols import Addressee
from tirek.domain.territory_check import Center, Territory
from tirek.services.posts import on_duty_here
from tirek.storage.models import (
    Account,
    Authority,
    District,
    DutyPost,
    Referral,
    School,
    ServiceArea,
    SupportCenter,
)


@dataclass(frozen=True, slots=True)
class _People:
    """How many people there are, by place and role."""

    at_school: Mapping[tuple[UUID, str], int]
    at_center: Mapping[UUID, tuple[int, int]]
    coordinators: Mapping[str, int]
    duty: Mapping[tuple[str, str | None], int]


def all_territories(session: Session) -> tuple[Territory, ...]:
    """Every school of the country, in the order of the regions; needs the system's view."""
    people = _people(session)
    centers = session.scalars(select(SupportCenter).order_by(SupportCenter.id)).all()
    areas: dict[UUID, dict[UUID, int]] = defaultdict(dict)
    for area in session.scalars(select(ServiceArea)):
        areas[area.district_id][area.support_center_id] = area.priority
    authorities: dict[str, set[Addressee]] = defaultdict(set)
    for authority in session.scalars(select(Authority)):
        authorities[authority.region_iso].add(Addressee(authority.kind))
    schools = session.execute(
        select(School.id, School.public_code, School.district_id, District.region_iso)
        .join(District, District.id == School.district_id)
        .order_by(District.region_iso, School.public_code)
    )
    return tuple(
        Territory(
            region=row.region_iso,
            school=row.public_code,
            psychologists=people.at_school.get((row.id, Role.PSYCHOLOGIST), 0),
            social_pedagogues=people.at_school.get((row.id, Role.SOCIAL_PEDAGOGUE), 0),
            centers=_asked(centers, areas[row.district_id], row.region_iso, people),
            coordinators=people.coordinators.get(row.region_iso, 0),
            last_responders=people.duty.get((Post.LAST_RESPONDER, row.region_iso), 0),
            national_duty=people.duty.get((Post.NATIONAL_DUTY, None), 0),
            authorities=frozenset(authorities[row.region_iso]),
        )
        for row in schools
    )


def open_referrals(session: Session, levels: Iterable[Level]) -> dict[Level, list[UUID]]:
    """The referrals of these levels that somebody still works on, oldest first."""
    found: dict[Level, list[UUID]] = {level: [] for level in levels}
    rows = session.execute(
        select(Referral.id, Referral.level)
        .where(Referral.closed_at.is_(None), Referral.level.in_(found))
        .order_by(Referral.created_at, Referral.id)
    )
    for row in rows:
        found[Level(row.level)].append(row.id)
    return found


def _asked(
    centers: Iterable[SupportCenter], area: Mapping[UUID, int], region: str, people: _People
) -> tuple[Center, ...]:
    """The centers in the order in which routing asks them: the district's, then the region's."""
    known = [one for one in centers if one.id in area or one.region_iso == region]
    # As routing: by priority, and the others of the region by their id.
    known.sort(key=lambda one: (one.id not in area, area.get(one.id, 0)))
    return tuple(
        Center(one.name_ru, area.get(one.id), one.is_open, *people.at_center.get(one.id, (0, 0)))
        for one in known
    )


def _people(session: Session) -> _People:
    active = select(func.count().label("people")).where(Account.is_active)
    at_school = session.execute(
        active.add_columns(Account.school_id, Account.role)
        .where(Account.school_id.is_not(None))
        .group_by(Account.school_id, Account.role)
    )
    regions = session.execute(
        active.add_columns(Account.region_iso)
        .where(Account.role == Role.REGIONAL_COORDINATOR)
        .group_by(Account.region_iso)
    )
    duty = session.execute(
        select(DutyPost.post, DutyPost.region_iso)
        .join(Account, Account.id == DutyPost.account_id)
        .where(Account.is_active)
    )
    return _People(
        at_school={(row.school_id, row.role): row.people for row in at_school},
        at_center={row.support_center_id: (row.staff, row.heads) for row in _centers(session)},
        coordinators={row.region_iso: row.people for row in regions},
        duty=Counter((row.post, row.region_iso) for row in duty),
    )


def _centers(session: Session) -> Iterable[Row[tuple[UUID | None, int, int]]]:
    """Who answers at each center now, and how many heads it has."""
    is_there = case((SupportCenter.keeps_roster, on_duty_here()), else_=True)
    return session.execute(
        select(
            Account.support_center_id,
            func.count().filter(is_there).label("staff"),
            func.count().filter(Account.role == Role.PSC_SUPERVISOR).label("heads"),
        )
        .join(SupportCenter, SupportCenter.id == Account.support_center_id)
        .where(Account.is_active, Account.role.in_(PSC_ROLES))
        .group_by(Account.support_center_id)
    )
