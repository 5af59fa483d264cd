"""Where a pupil can move to: regions, districts, schools and their classes; nobody in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import or_, select

from tirek.domain.alphabet import sort_key
from tirek.domain.clocks import school_year_of
from tirek.domain.errors import NotFoundError
from tirek.services.paging import Page, page_of
from tirek.services.unit import Unit
from tirek.storage.models import Classroom, District, Region, School


@dataclass(frozen=True, slots=True)
class OtherSchool:
    """A school with where it lies."""

    school: School
    district: District
    region: Region


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for: a piece of a name or of a public code, and where."""

    text: str = ""
    region: str | None = None
    district: UUID | None = None
    page: int = 1


def regions(unit: Unit) -> Sequence[Region]:
    """Every region, in the order of the ISO codes."""
    return unit.session.scalars(select(Region).order_by(Region.iso)).all()


def districts(unit: Unit, region: str | None) -> Sequence[District]:
    """The districts of a region, none before one is chosen."""
    found = select(District).where(District.region_iso == region).order_by(District.name_ru)
    return unit.session.scalars(found).all()


def search(unit: Unit, wanted: Wanted) -> Page[OtherSchool]:
    """Schools other than the own one, by region and public code."""
    statement = (
        select(School, District, Region)
        .join(District, District.id == School.district_id)
        .join(Region, Region.iso == District.region_iso)
        .where(School.id != unit.actor.school_id)
        .order_by(Region.iso, District.name_ru, School.name_ru, School.public_code)
    )
    if wanted.text:
        places = (School.name_kk, School.name_ru, School.public_code)
        statement = statement.where(
            or_(*(one.icontains(wanted.text, autoescape=True) for one in places))
        )
    if wanted.region:
        statement = statement.where(Region.iso == wanted.region)
    if wanted.district:
        statement = statement.where(District.id == wanted.district)
    return page_of(unit, statement, wanted.page, lambda row: OtherSchool(*row))


def get(unit: Unit, school_id: UUID) -> OtherSchool:
    """One of the other schools; raises `NotFoundError`."""
    found = unit.session.execute(
        select(School, District, Region)
        .join(District, District.id == School.district_id)
        .join(Region, Region.iso == District.region_iso)
        .where(School.id == school_id, School.id != unit.actor.school_id)
    ).one_or_none()
    if found is None:
        raise NotFoundError("school", school_id)
    return OtherSchool(*found)


def rooms(unit: Unit, school_id: UUID) -> list[Classroom]:
    """The classes of a school in this school year, the lowest first."""
    found = unit.session.scalars(
        select(Classroom).where(
            Classroom.school_id == school_id,
            Classroom.school_year == school_year_of(unit.now()),
        )
    )
    return sorted(found, key=lambda room: (room.grade, sort_key(room.letter)))
