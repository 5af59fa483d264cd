"""The demo's places: the country's regions, invented schools and PSCs, and the planned rounds."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from tirek.catalog.demo import DemoSchool
from tirek.domain.clocks import school_year_of
from tirek.services import pilots, places
from tirek.services.demo_size import OPEN_FOR, Round, Workshop, current, rounds
from tirek.services.unit import Unit
from tirek.storage.models import (
    Campaign,
    Classroom,
    District,
    Region,
    School,
    ServiceArea,
    SupportCenter,
)

# Grades of the classes of a school: an open one has a class up to 12 years and one above.
OPEN_GRADES = (6, 8, 10)
OTHER_GRADES = ((5, 7, 9), (6, 8, 11), (5, 8, 10), (7, 9, 11), (5, 6, 9))
# The classes of an open school in which questionnaires are open; the next one answers today.
OPEN_ROOMS = 2
LETTERS = {"kk": "Ә", "ru": "Б"}
FIRST_NUMBER = 301
# Of so many schools one has not entered its telephone yet; those that are open today have.
ONE_WITHOUT_PHONE = 12


@dataclass(frozen=True, slots=True)
class DemoRoom:
    """A class: as it is this year, and as it was a year ago."""

    now: Classroom
    before: Classroom
    size: int

    def in_year(self, school_year: int) -> Classroom:
        """The class as it was in a school year."""
        return self.now if school_year == self.now.school_year else self.before


@dataclass(frozen=True, slots=True)
class DemoPlace:
    """A school with its classes, its language, and whether it answers questionnaires today."""

    school: School
    center: SupportCenter
    number: int
    language: str
    is_open: bool
    rooms: tuple[DemoRoom, ...]


@dataclass(frozen=True, slots=True)
class DemoPlaces:
    """All places; `centers` by region."""

    regions: dict[str, Region]
    centers: dict[str, SupportCenter]
    schools: tuple[DemoPlace, ...]
    earlier: tuple[Campaign, ...]
    today: Campaign


def build_places(workshop: Workshop) -> DemoPlaces:
    """Add every place to a database that holds none."""
    with workshop.begin() as unit:
        places.ensure_regions(unit.session)
        pilots.open_everywhere(unit.session)
        regions = {region.iso: region for region in unit.session.scalars(select(Region))}
        centers = _centers(unit, workshop)
        districts = _districts(unit, workshop, regions, centers)
        chosen = workshop.words.schools[: workshop.size.schools]
        schools = tuple(
            _school(unit, workshop, number, one, districts, centers)
            for number, one in enumerate(chosen)
        )
        earlier, today = _campaigns(unit, workshop)
    return DemoPlaces(regions, centers, schools, earlier, today)


def _centers(unit: Unit, workshop: Workshop) -> dict[str, SupportCenter]:
    centers = {
        iso: SupportCenter(**line)  # type: ignore[arg-type]
        for iso, line in workshop.words.centers.items()
    }
    unit.session.add_all(centers.values())
    unit.session.flush()
    return centers


def _districts(
    unit: Unit,
    workshop: Workshop,
    regions: dict[str, Region],
    centers: dict[str, SupportCenter],
) -> dict[str, list[District]]:
    """Every region's districts; the region's PSC answers first, the nearest other one second."""
    districts = {
        iso: [District(**line) for line in lines]  # type: ignore[arg-type]
        for iso, lines in workshop.words.districts.items()
    }
    unit.session.add_all(one for some in districts.values() for one in some)
    unit.session.flush()
    for iso, some in districts.items():
        receivers = (centers[iso], centers[_nearest(regions, iso)])
        unit.session.add_all(
            ServiceArea(district_id=one.id, priority=priority, support_center_id=center.id)
            for one in some
            for priority, center in enumerate(receivers, start=1)
        )
    return districts


def _nearest(regions: dict[str, Region], iso: str) -> str:
    here = regions[iso]

    def steps(other: Region) -> tuple[int, str]:
        across = abs(other.tile_col - here.tile_col)
        return across + abs(other.tile_row - here.tile_row), other.iso

    return min((one for one in regions.values() if one is not here), key=steps).iso


def _school(
    unit: Unit,
    workshop: Workshop,
    place: int,
    facts: DemoSchool,
    districts: dict[str, list[District]],
    centers: dict[str, SupportCenter],
) -> DemoPlace:
    district = districts[facts.region_iso][facts.district - 1]
    school = School(
        district_id=district.id,
        name_kk=facts.name_kk,
        name_ru=facts.name_ru,
        public_code=f"D{FIRST_NUMBER + place}",
    )
    if place % ONE_WITHOUT_PHONE != ONE_WITHOUT_PHONE - 1:
        _make_callable(school, district, FIRST_NUMBER + place, workshop.now)
    unit.session.add(school)
    unit.session.flush()
    is_open = place < workshop.size.open_schools
    grades = OPEN_GRADES if is_open else OTHER_GRADES[place % len(OTHER_GRADES)]
    rooms = tuple(
        _room(unit, workshop, school, grade, LETTERS[facts.language], size)
        for grade, size in zip(grades, workshop.size.classes, strict=False)
    )
    return DemoPlace(
        school, centers[facts.region_iso], FIRST_NUMBER + place, facts.language, is_open, rooms
    )


def _make_callable(school: School, district: District, number: int, now: datetime) -> None:
    """Telephones of a code that no town has, and a street that is called "example"."""
    school.phone, school.urgent_phone = f"+700000{number}01", f"+700000{number}02"
    school.address_kk = f"{district.name_kk}, Мысал көшесі, {number - FIRST_NUMBER + 1}"
    school.address_ru = f"{district.name_ru}, ул. Примерная, {number - FIRST_NUMBER + 1}"
    school.contact_changed_at = now - timedelta(days=number % 60)


def _room(
    unit: Unit, workshop: Workshop, school: School, grade: int, letter: str, size: int
) -> DemoRoom:
    year = school_year_of(workshop.now)
    now, before = (
        Classroom(school_id=school.id, school_year=year - ago, grade=grade - ago, letter=letter)
        for ago in (0, 1)
    )
    unit.session.add_all((now, before))
    unit.session.flush()
    return DemoRoom(now, before, size)


def _campaigns(unit: Unit, workshop: Workshop) -> tuple[tuple[Campaign, ...], Campaign]:
    """The rounds of two school years; those just over, and the one of today."""
    all_rounds = [_campaign(one) for one in rounds(workshop.now)]
    here = current(workshop.now)
    # What is open today lies within its round, also at a round's end and in the holidays.
    last_day = workshop.now + OPEN_FOR
    all_rounds[here].ends_at = max(all_rounds[here].ends_at, last_day)
    unit.session.add_all(all_rounds)
    unit.session.flush()
    return tuple(all_rounds[here - 2 : here]), all_rounds[here]


def _campaign(one: Round) -> Campaign:
    return Campaign(
        school_year=one.school_year,
        round=one.number,
        starts_at=one.starts_at,
        ends_at=one.ends_at,
    )
