"""How a school is reached when a child is in danger: who says it, and where nobody has said it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, update

from tirek.domain.errors import DomainError, NotFoundError
from tirek.domain.roster import phone_of
from tirek.services import audit
from tirek.services.oversight import Area, Place, area_of, looking_over
from tirek.services.paging import Page, page_of
from tirek.services.unit import Unit
from tirek.storage.models import District, Region, School


class ContactError(DomainError):
    """No telephone of Kazakhstan, or an address in one language alone."""


@dataclass(frozen=True, slots=True)
class Contact:
    """The reception's telephone, the one for a child in danger, and where the school stands."""

    phone: str
    urgent_phone: str | None = None
    address_kk: str | None = None
    address_ru: str | None = None


@dataclass(frozen=True, slots=True)
class SchoolRow:
    """A school, where it lies, and how it is reached as far as anybody has said."""

    id: UUID
    place: Place
    district: Place
    region: Place
    public_code: str
    phone: str | None
    urgent_phone: str | None
    address_kk: str | None
    address_ru: str | None
    changed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which schools to list: those without a telephone, or all; a piece of a name or code."""

    is_missing: bool = True
    text: str = ""
    page: int = 1


def lacks_phone() -> ColumnElement[bool]:
    """The condition that nobody has entered a telephone of a school."""
    return and_(School.phone.is_(None), School.urgent_phone.is_(None))


def best_phone() -> ColumnElement[str | None]:
    """The telephone to call first: the one for a child in danger, else the reception's."""
    return func.coalesce(School.urgent_phone, School.phone)


def own(unit: Unit) -> SchoolRow:
    """The own school; raises `NotFoundError` for whoever has none."""
    return _one(unit, Area(), unit.actor.school_id)


def keep_own(unit: Unit, contact: Contact) -> None:
    """Say how the own school is reached; raises `ContactError`."""
    _keep(unit, own(unit).id, contact)


def in_area(unit: Unit, school_id: UUID) -> SchoolRow:
    """A school of the area that this person looks over; raises `NotFoundError`."""
    return _one(unit, area_of(unit.actor), school_id)


def keep(unit: Unit, school_id: UUID, contact: Contact) -> None:
    """Say how a school of the own area is reached; raises `NotFoundError` or `ContactError`."""
    in_area(unit, school_id)
    with looking_over(unit):
        _keep(unit, school_id, contact)


def listed(unit: Unit, wanted: Wanted) -> Page[SchoolRow]:
    """The schools of the area that this person looks over, by region and name."""
    statement = _schools(area_of(unit.actor))
    if wanted.is_missing:
        statement = statement.where(lacks_phone())
    if wanted.text:
        names = (School.name_kk, School.name_ru, School.public_code)
        statement = statement.where(
            or_(*(one.icontains(wanted.text, autoescape=True) for one in names))
        )
    return page_of(unit, statement, wanted.page, _row)


def missing(unit: Unit, area: Area) -> int:
    """How many schools of an area nobody can call."""
    found = _schools(area).where(lacks_phone()).order_by(None).subquery()
    return unit.session.scalars(select(func.count()).select_from(found)).one()


def _keep(unit: Unit, school_id: UUID, contact: Contact) -> None:
    urgent = contact.urgent_phone or None
    values = {
        "phone": _phone(contact.phone),
        "urgent_phone": _phone(urgent) if urgent else None,
        "address_kk": contact.address_kk or None,
        "address_ru": contact.address_ru or None,
    }
    if (values["address_kk"] is None) != (values["address_ru"] is None):
        raise ContactError("an address in one language alone")
    unit.session.execute(
        update(School).where(School.id == school_id).values(contact_changed_at=func.now(), **values)
    )
    audit.record(unit, "school.contact", "school", school_id, school_id=school_id)


def _one(unit: Unit, area: Area, school_id: UUID | None) -> SchoolRow:
    found = unit.session.execute(_schools(area).where(School.id == school_id)).one_or_none()
    if found is None:
        raise NotFoundError("school", school_id)
    return _row(found)


def _phone(typed: str) -> str:
    phone = phone_of(typed)
    if phone is None:
        raise ContactError("no phone of Kazakhstan")
    return phone


def _schools(area: Area) -> Select[*tuple[Any, ...]]:
    return (
        select(School, District, Region)
        .join(District, District.id == School.district_id)
        .join(Region, Region.iso == District.region_iso)
        .where(area.holds(District.region_iso))
        .order_by(Region.name_ru, District.name_ru, School.name_ru, School.public_code)
    )


def _row(row: Any) -> SchoolRow:
    school, district, region = row
    return SchoolRow(
        school.id,
        Place(school.name_kk, school.name_ru),
        Place(district.name_kk, district.name_ru),
        Place(region.name_kk, region.name_ru),
        school.public_code,
        school.phone,
        school.urgent_phone,
        school.address_kk,
        school.address_ru,
        school.contact_changed_at,
    )
