"""Times at which a parent can talk with somebody near: the children's schools and their centres."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import cast
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, bindparam, or_, select, text
from sqlalchemy.dialects.postgresql import distinct_on

from tirek.domain.clocks import KAZAKHSTAN
from tirek.domain.consultations import AHEAD, NOTICE
from tirek.services import paging
from tirek.services.paging import Page
from tirek.services.unit import Unit
from tirek.storage.models import (
    Account,
    Booking,
    ConsultationHost,
    Guardianship,
    School,
    ServiceArea,
    Slot,
    Student,
    SupportCenter,
    WaitingParent,
)

NEAR_MOST = 5
_TAKEN = text(
    "SELECT h.account_id, t.starts_at, t.ends_at FROM consultation_hosts h,"
    " LATERAL taken_times(h.account_id, :since, :until) t WHERE h.account_id IN :hosts"
).bindparams(bindparam("hosts", expanding=True))


@dataclass(frozen=True, slots=True)
class House:
    """A school or a support centre whose psychologists offer talks."""

    id: UUID
    name_kk: str
    name_ru: str
    is_center: bool
    phone: str | None = None
    address_kk: str | None = None
    address_ru: str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """A psychologist who offers talks."""

    id: UUID
    name: str
    house: House
    speaks_kk: bool
    speaks_ru: bool
    daily_most: int

    def speaks(self, language: str) -> bool:
        """Whether one can talk with them in this language."""
        return self.speaks_kk if language == "kk" else self.speaks_ru


@dataclass(frozen=True, slots=True)
class FreeTime:
    """A time as parents see it; one that somebody has stays on the list, greyed."""

    slot_id: UUID
    person: Person
    starts_at: datetime
    ends_at: datetime
    is_taken: bool = False

    @property
    def day(self) -> date:
        """The day in Kazakhstan."""
        return self.starts_at.astimezone(KAZAKHSTAN).date()


@dataclass(frozen=True, slots=True)
class Wish:
    """Which times a parent wants to see."""

    house_id: UUID | None = None
    host_id: UUID | None = None
    language: str | None = None
    day: date | None = None


def near_houses(unit: Unit) -> list[House]:
    """The schools of the parent's children, then the centres of their districts, else region."""
    schools = unit.session.scalars(
        select(School)
        .join(Student, Student.school_id == School.id)
        .join(Guardianship, Guardianship.student_id == Student.id)
        .where(Guardianship.account_id == unit.actor.account_id, Guardianship.revoked_at.is_(None))
        .where(Student.left_at.is_(None))
        .order_by(School.name_kk, School.id)
    ).unique()
    own = [House(one.id, one.name_kk, one.name_ru, is_center=False) for one in schools]
    return own + [house_of(one) for one in _centers(unit, [one.id for one in own])]


def place_of(row: ConsultationHost | Booking | WaitingParent) -> UUID:
    """The school or the centre that a row belongs to: the database sees to it that one is set."""
    return cast("UUID", row.school_id or row.support_center_id)


def house_of(place: School | SupportCenter) -> House:
    """A school or a centre as pages name it."""
    if isinstance(place, School):
        return House(place.id, place.name_kk, place.name_ru, is_center=False)
    return House(
        place.id,
        place.name_kk,
        place.name_ru,
        is_center=True,
        phone=place.phone,
        address_kk=place.address_kk,
        address_ru=place.address_ru,
    )


def _centers(unit: Unit, schools: Collection[UUID]) -> Sequence[SupportCenter]:
    """The first open centre of each school's district, and those of the region that was named."""
    of_schools = (
        select(ServiceArea.support_center_id)
        .join(SupportCenter, SupportCenter.id == ServiceArea.support_center_id)
        .join(School, School.district_id == ServiceArea.district_id)
        .where(School.id.in_(schools), SupportCenter.is_open)
        .ext(distinct_on(ServiceArea.district_id))
        .order_by(ServiceArea.district_id, ServiceArea.priority)
    )
    region = select(Account.region_iso).where(Account.id == unit.actor.account_id)
    return unit.session.scalars(
        select(SupportCenter)
        .where(
            or_(
                SupportCenter.id.in_(of_schools),
                SupportCenter.region_iso == region.scalar_subquery(),
            )
        )
        .where(SupportCenter.is_open)
        .order_by(SupportCenter.name_kk, SupportCenter.id)
    ).all()


def near_people(unit: Unit) -> list[Person]:
    """The psychologists near this parent who offer talks, school by school."""
    return _people(unit, near_houses(unit))


def _people(unit: Unit, houses: Sequence[House]) -> list[Person]:
    by_id = {house.id: house for house in houses}
    rows = unit.session.execute(
        select(ConsultationHost, Account.display_name)
        .join(Account, Account.id == ConsultationHost.account_id)
        .where(
            or_(
                ConsultationHost.school_id.in_(by_id), ConsultationHost.support_center_id.in_(by_id)
            )
        )
        .where(ConsultationHost.is_open, Account.is_active)
        .order_by(Account.display_name, Account.id)
    ).all()
    found = [_person(row, by_id) for row in rows]
    return sorted(found, key=lambda person: list(by_id).index(person.house.id))


def _person(row: Row[ConsultationHost, str], houses: dict[UUID, House]) -> Person:
    host, name = row
    house = houses[place_of(host)]
    return Person(host.account_id, name, house, host.speaks_kk, host.speaks_ru, host.daily_most)


def person(unit: Unit, host_id: UUID) -> Person | None:
    """One psychologist who offers talks now, wherever they work; None when they do not."""
    host = unit.session.get(ConsultationHost, host_id)
    if host is None:
        return None
    place = (
        unit.session.get_one(School, host.school_id)
        if host.school_id
        else unit.session.get_one(SupportCenter, host.support_center_id)
    )
    return next((one for one in _people(unit, [house_of(place)]) if one.id == host_id), None)


def free_times(unit: Unit, wish: Wish, page: int = 1) -> Page[FreeTime]:
    """The times near this parent that fit the wish, soonest first; taken ones are marked."""
    people = [one for one in near_people(unit) if _fits(one, wish)]
    found = of_people(unit, people)
    return paging.cut([one for one in found if wish.day in (None, one.day)], page)


def _fits(one: Person, wish: Wish) -> bool:
    return (
        wish.house_id in (None, one.house.id)
        and wish.host_id in (None, one.id)
        and (wish.language is None or one.speaks(wish.language))
    )


def near_to(unit: Unit, host_id: UUID, moment: datetime) -> list[FreeTime]:
    """Free times to offer in place of one that is gone: the same person's first, then others'."""
    free = [one for one in of_people(unit, near_people(unit)) if not one.is_taken]
    free.sort(key=lambda one: (one.person.id != host_id, abs(one.starts_at - moment)))
    return sorted(free[:NEAR_MOST], key=lambda one: one.starts_at)


def of_people(unit: Unit, people: Collection[Person]) -> list[FreeTime]:
    """All times of these psychologists that parents may see, soonest first."""
    by_id = {one.id: one for one in people}
    if not by_id:
        return []
    now = unit.now()
    found = [
        FreeTime(slot.id, by_id[slot.host_id], slot.starts_at, slot.ends_at)
        for slot in unit.session.scalars(_slots(by_id.keys(), now))
    ]
    taken = _taken(unit, by_id.keys(), now)
    return [
        replace(one, is_taken=_is_taken(one, taken.get((one.person.id, one.day), [])))
        for one in found
    ]


def _slots(hosts: Collection[UUID], now: datetime) -> Select[Slot]:
    return (
        select(Slot)
        .where(Slot.host_id.in_(hosts), *offered(now))
        .order_by(Slot.starts_at, Slot.host_id)
    )


def offered(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """What makes a time one that parents may see."""
    return (
        Slot.cancelled_at.is_(None),
        Slot.is_reserved.is_(False),
        Slot.starts_at > now + NOTICE,
        Slot.starts_at < now + AHEAD,
    )


Span = tuple[datetime, datetime]


def _taken(
    unit: Unit, hosts: Collection[UUID], now: datetime
) -> dict[tuple[UUID, date], list[Span]]:
    """What somebody has, by psychologist and day."""
    # From midnight on: what was talked about this morning counts for the day's limit.
    since = datetime.combine(now.astimezone(KAZAKHSTAN).date(), time(), KAZAKHSTAN)
    until = now + AHEAD + timedelta(days=1)
    taken: dict[tuple[UUID, date], list[Span]] = {}
    for row in unit.session.execute(_TAKEN, {"since": since, "until": until, "hosts": list(hosts)}):
        day = row.starts_at.astimezone(KAZAKHSTAN).date()
        taken.setdefault((row.account_id, day), []).append((row.starts_at, row.ends_at))
    return taken


def _is_taken(one: FreeTime, taken: Sequence[Span]) -> bool:
    """Whether somebody has it, or its psychologist's day is full; `taken` is of that day."""
    if len(taken) >= one.person.daily_most:
        return True
    return any(begins < one.ends_at and ends > one.starts_at for begins, ends in taken)
