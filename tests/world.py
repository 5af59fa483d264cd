"""A small world for tests: two regions, schools with pupils, their adults, and what they are asked.

    world = a_world(system, the_catalog(), a_vault(keys), schools=2)
    system.commit()
    key = open_by_code(world.unit(), world.school.pupil.codes["phq-a"], an_origin(), "kk").key

Everything is committed by the caller. Passwords, TOTP secrets and codes are known in clear.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import count
from secrets import choice
from uuid import UUID

import pyotp
from sqlalchemy import update
from sqlalchemy.orm import Session

from tirek.catalog.library import Catalog, load_catalog
from tirek.config import ROOT, Keys
from tirek.domain.access_code import new_code
from tirek.domain.clocks import KAZAKHSTAN, school_year_of
from tirek.domain.consent import ConsentKind, ConsentSource, ConsentState
from tirek.domain.gates import Gate
from tirek.domain.instruments import Instrument, Subject
from tirek.domain.people import SYSTEM, TOTP_ROLES, Actor, Role
from tirek.services import (
    accounts,
    consents,
    instruments,
    pilots,
    places,
    school_events,
    students,
)
from tirek.services.codes import Origin
from tirek.services.secrets import hash_secret
from tirek.services.unit import Unit
from tirek.storage.models import (
    AccessCode,
    Account,
    Assignment,
    Campaign,
    Classroom,
    District,
    Guardianship,
    InstrumentRelease,
    Region,
    School,
    ServiceArea,
    Student,
    SupportCenter,
)
from tirek.storage.vault import Vault

PASSWORD = "a long password of tests"
HOME, NEIGHBOUR = "KZ-71", "KZ-11"
EVENT = "Спортзалда өрт болды"
_NUMBERS = count(1)


@cache
def the_catalog() -> Catalog:
    """The catalog of the files in this repository, read once."""
    return load_catalog(ROOT)


def a_vault(keys: Keys) -> Vault:
    return Vault(keys.keks, keys.kek_current, keys.code_pepper)


def an_origin(device: str = "device") -> Origin:
    return Origin(device, "192.0.2.1")


@dataclass(frozen=True)
class Adult:
    """A login: `account.email`, PASSWORD, and the TOTP secret where the role has one."""

    account: Account
    totp_secret: str | None
    password: str = PASSWORD

    @property
    def actor(self) -> Actor:
        return accounts.actor_of(self.account)

    def totp(self) -> str:
        """The second factor of this moment; each serves once."""
        assert self.totp_secret is not None
        return pyotp.TOTP(self.totp_secret).now()


@dataclass(frozen=True)
class Pupil:
    """A pupil with consent; codes by instrument id, for pupil instruments only."""

    student: Student
    codes: dict[str, str] = field(default_factory=dict)

    @property
    def id(self) -> UUID:
        return self.student.id

    @property
    def actor(self) -> Actor:
        return Actor(Role.STUDENT, school_id=self.student.school_id, student_id=self.student.id)


@dataclass(frozen=True)
class SchoolWorld:
    """A school with one class; its first pupil has a guardian."""

    school: School
    classroom: Classroom
    psychologist: Adult
    guardian: Adult
    pupils: list[Pupil]
    assignments: dict[str, Assignment]

    @property
    def id(self) -> UUID:
        return self.school.id

    @property
    def pupil(self) -> Pupil:
        return self.pupils[0]


@dataclass(frozen=True)
class Center:
    """A PSC with its people and the district it answers for first."""

    region: Region
    district: District
    center: SupportCenter
    specialist: Adult
    supervisor: Adult

    @property
    def id(self) -> UUID:
        return self.center.id


@dataclass(frozen=True)
class World:
    """All of it; schools lie in the district of `home`, none in that of `neighbour`."""

    session: Session
    catalog: Catalog
    vault: Vault
    home: Center
    neighbour: Center
    campaign: Campaign
    schools: list[SchoolWorld]

    @property
    def school(self) -> SchoolWorld:
        return self.schools[0]

    def unit(self, actor: Actor = SYSTEM, session: Session | None = None) -> Unit:
        """A unit of work, in the world's own session unless another is given."""
        return Unit(session or self.session, self.catalog, self.vault, actor)


def a_world(  # noqa: PLR0913 - a world has this many sizes
    session: Session,
    catalog: Catalog,
    vault: Vault,
    *,
    schools: int = 1,
    pupils: int = 3,
    age: int = 14,
    coded: int = 1,
) -> World:
    """Build it all; the first `coded` pupils of each school get a code for every instrument.

    The session must see every row (`Scope.system()`). Nothing is committed.
    """
    _hash_codes(catalog, schools * coded)
    unit = Unit(session, catalog, vault, SYSTEM)
    furnish(session, catalog)
    home, neighbour = (_center(unit, session.get_one(Region, iso)) for iso in (HOME, NEIGHBOUR))
    # The neighbour is asked second, when the home's PSC is closed.
    session.add(
        ServiceArea(district_id=home.district.id, priority=2, support_center_id=neighbour.id)
    )
    now = datetime.now(UTC)
    campaign = Campaign(
        school_year=school_year_of(now),
        round=2,
        starts_at=now - timedelta(days=1),
        ends_at=now + timedelta(days=30),
    )
    session.add(campaign)
    session.flush()
    built = [
        _school(unit, home.district, campaign, pupils=pupils, age=age, coded=coded)
        for _ in range(schools)
    ]
    return World(session, catalog, vault, home, neighbour, campaign, built)


def furnish(session: Session, catalog: Catalog) -> None:
    """What every world stands on: the regions, and all releases on trial in each of them.

    What is there already stays: most tests get a database that was furnished once.
    """
    places.ensure_regions(session)
    instruments.register_releases(session, catalog)
    session.execute(
        update(InstrumentRelease).where(InstrumentRelease.status == "draft").values(status="pilot")
    )
    pilots.open_everywhere(session)


def an_adult(unit: Unit, role: Role, **place: object) -> Adult:
    """An account with PASSWORD, and a TOTP secret where the role needs one."""
    number = next(_NUMBERS)
    account = Account(
        email=f"{role.value}{number}@example.org",
        password_hash=_hash(PASSWORD),
        role=role.value,
        display_name=f"{role.value.replace('_', ' ').title()} {number}",
        **place,  # type: ignore[arg-type]
    )
    secret = pyotp.random_base32() if role in TOTP_ROLES else None
    if secret is not None:
        account.totp_sealed = unit.vault.seal_secret(
            secret, "accounts", "totp_sealed", str(account.id)
        )
    unit.session.add(account)
    unit.session.flush()
    return Adult(account, secret)


def a_code(unit: Unit, assignment: Assignment, student: Student) -> str:
    """A code in clear for one pupil and one assignment; its slow hash is made once a process."""
    spent = unit.session.info.setdefault("world_codes", set())
    code = next(code for number in count() if (code := _code(number)) not in spent)
    spent.add(code)
    unit.session.add(
        AccessCode(
            assignment_id=assignment.id,
            school_id=student.school_id,
            student_id=student.id,
            lookup=unit.vault.index(code),
            code_hash=_hash(code),
            issued_by=assignment.created_by,
        )
    )
    return code


def give_consent(
    unit: Unit, student: Student, guardian: Adult, state: ConsentState = ConsentState.GIVEN
) -> None:
    """A guardian's statement about a child."""
    consents.record(
        Unit(unit.session, unit.catalog, unit.vault, guardian.actor),
        student.id,
        student.school_id,
        kind=ConsentKind.GUARDIAN,
        state=state,
        source=ConsentSource.ACCOUNT,
        language="kk",
    )


def _hash_codes(catalog: Catalog, pupils: int) -> None:
    """Make the slow hashes first: on a busy machine no transaction may stand idle that long."""
    asked = [one for one in catalog.instruments.values() if one.structure.subject is Subject.CHILD]
    for number in range(pupils * len(asked)):
        _hash(_code(number))


@cache
def _hash(secret: str) -> str:
    return hash_secret(secret)


@cache
def _code(_number: int) -> str:
    return new_code(choice)


def _center(unit: Unit, region: Region) -> Center:
    district = District(region_iso=region.iso, name_kk=region.centre_kk, name_ru=region.centre_ru)
    center = SupportCenter(
        region_iso=region.iso, name_kk=f"{region.name_kk} ПҚО", name_ru=f"ЦПП {region.name_ru}"
    )
    unit.session.add_all([district, center])
    unit.session.flush()
    unit.session.add(ServiceArea(district_id=district.id, priority=1, support_center_id=center.id))
    people = (
        an_adult(unit, role, support_center_id=center.id)
        for role in (Role.PSC_SPECIALIST, Role.PSC_SUPERVISOR)
    )
    return Center(region, district, center, *people)


def _school(
    unit: Unit, district: District, campaign: Campaign, *, pupils: int, age: int, coded: int
) -> SchoolWorld:
    number = next(_NUMBERS)
    school = School(
        district_id=district.id,
        name_kk=f"№ {number} мектеп",
        name_ru=f"Школа № {number}",
        public_code=f"T{number}",
    )
    unit.session.add(school)
    unit.session.flush()
    psychologist = an_adult(unit, Role.PSYCHOLOGIST, school_id=school.id)
    guardian = an_adult(unit, Role.GUARDIAN)
    classroom = Classroom(
        school_id=school.id, school_year=campaign.school_year, grade=8, letter="Ә"
    )
    unit.session.add(classroom)
    unit.session.flush()
    enrolled = [_pupil(unit, classroom, guardian, n, age) for n in range(pupils)]
    for pupil in enrolled[:1]:
        unit.session.add(
            Guardianship(
                account_id=guardian.account.id,
                student_id=pupil.id,
                verified_by=psychologist.account.id,
            )
        )
    event_id = an_event(unit, psychologist)
    assignments = {
        instrument.id: _assignment(unit, campaign, classroom, psychologist, instrument, event_id)
        for instrument in unit.catalog.instruments.values()
        if _is_asked(instrument)
    }
    unit.session.flush()
    for pupil in enrolled[:coded]:
        for assignment in assignments.values():
            if assignment.respondent == "student":
                code = a_code(unit, assignment, pupil.student)
                pupil.codes[assignment.instrument_id] = code
    unit.session.flush()
    return SchoolWorld(school, classroom, psychologist, guardian, enrolled, assignments)


def _pupil(unit: Unit, classroom: Classroom, guardian: Adult, number: int, age: int) -> Pupil:
    today = datetime.now(UTC).date()
    # Born in this month or the one before, so that the age holds on every day of the month.
    born = date(today.year - age - (today.month == 1), (today.month - 2) % 12 + 1, 1)
    student = students.enrol(
        unit.session,
        unit.vault,
        classroom,
        f"8A-{number + 1:02d}",
        birth_month=born,
        sex="fm"[number % 2],
    )
    unit.session.flush()
    give_consent(unit, student, guardian)
    return Pupil(student)


def an_event(unit: Unit, author: Adult, days_ago: int = 3) -> UUID:
    """Something that happened at the psychologist's school."""
    return school_events.record(
        Unit(unit.session, unit.catalog, unit.vault, author.actor),
        unit.now().astimezone(KAZAKHSTAN).date() - timedelta(days=days_ago),
        EVENT,
    )


def staffed_now(now: datetime) -> tuple[datetime, datetime]:
    """A window round this moment that one person can be there for, also late in the evening."""
    day = now.astimezone(KAZAKHSTAN).replace(hour=0, minute=0, second=0, microsecond=0)
    ends = day + timedelta(days=1, seconds=-1)
    return max(now - timedelta(hours=2), day), min(now + timedelta(hours=2), ends)


def _is_asked(instrument: Instrument) -> bool:
    """Of each class: not what parents take up themselves, nor what tells nothing of a person."""
    is_own = instrument.structure.subject is Subject.PARENT_ABOUT_SELF
    is_read = instrument.structure.gate is not Gate.SCHOOL_LEVEL_ONLY
    return not is_own and is_read and instrument.can_be_asked


def _assignment(
    unit: Unit,
    campaign: Campaign,
    classroom: Classroom,
    author: Adult,
    instrument: Instrument,
    event_id: UUID,
) -> Assignment:
    of_child = instrument.structure.subject is Subject.CHILD
    gate = instrument.structure.gate
    window = campaign.starts_at, campaign.ends_at
    if gate is Gate.STAFFED_WINDOW:
        window = staffed_now(datetime.now(UTC))
    assignment = Assignment(
        campaign_id=campaign.id,
        school_year=campaign.school_year,
        school_id=classroom.school_id,
        classroom_id=classroom.id,
        instrument_id=instrument.id,
        release_id=instruments.release_id(unit.session, instrument),
        respondent="student" if of_child else "guardian",
        opens_at=window[0],
        closes_at=window[1],
        created_by=author.account.id,
        staffed_by=author.account.id if gate is Gate.STAFFED_WINDOW else None,
        event_id=event_id if gate is Gate.AFTER_EVENT else None,
    )
    unit.session.add(assignment)
    return assignment
