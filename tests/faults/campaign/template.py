"""A database in which thousands of pupils have answered everything but their last page.

Built once by the product's own services, several processes side by side; each run starts on a copy
of its folder. The manifest holds what the pupils' browsers hold: cookie, form and address.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from random import Random
from urllib.parse import urlencode
from uuid import UUID

from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import update
from sqlalchemy.orm import Session

from tests.faults.campaign.plans import BY_NAME, PLANS, Plan
from tests.world import Adult, a_vault, an_adult, give_consent, the_catalog
from tirek.config import Config, Keys
from tirek.domain.clocks import school_year_of
from tirek.domain.instruments import Answer
from tirek.domain.people import SYSTEM, Actor, Role
from tirek.domain.scope import Scope
from tirek.services import (
    administrations,
    instruments,
    pilots,
    places,
    runs,
    sessions,
    students,
)
from tirek.services.unit import Unit
from tirek.storage import embedded, migrate
from tirek.storage.models import (
    Account,
    Assignment,
    Campaign,
    Classroom,
    District,
    DutyShift,
    InstrumentRelease,
    Region,
    School,
    ServiceArea,
    SupportCenter,
)
from tirek.storage.session import app_engine, open_session, owner_engine

REGIONS = ("KZ-71", "KZ-11", "KZ-75", "KZ-63")
SCHOOLS_A_REGION = 2
PUPILS_A_CLASS = 50
AGE = 14
# Nobody may be sent elsewhere because a centre is full, unless a fault says so.
NEVER_FULL = 32_000
SAVE_EVERY = 25
"""Pupils of one transaction."""


@dataclass(frozen=True, slots=True)
class Sitting:
    """One pupil with one page to go, as a browser and the oracle know them."""

    id: str
    student: str
    school: str
    region: str
    center: str
    plan: str
    path: str
    body: str
    cookie: str
    # Pages before the last one that are still to be answered: address and form of each.
    pages: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Staff:
    """A specialist or supervisor of a region's first centre, signed in."""

    account: str
    center: str
    name: str
    cookie: str
    csrf: str


@dataclass(frozen=True, slots=True)
class Template:
    """A stopped database with its keys, and who waits in it."""

    folder: Path

    def sittings(self) -> list[Sitting]:
        """Everybody, in a random but fixed order."""
        with (self.folder / "sittings.jsonl").open() as lines:
            return [Sitting(**json.loads(line)) for line in lines]

    def staff(self) -> list[Staff]:
        """Those who work at the centres that are asked first."""
        with (self.folder / "staff.jsonl").open() as lines:
            return [Staff(**json.loads(line)) for line in lines]

    def copy_to(self, folder: Path) -> None:
        """Give a run data and keys of its own."""
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copytree(self.folder / "pg", folder / "pg", symlinks=True)
        shutil.copy2(self.folder / "keys.json", folder / "keys.json")


@dataclass(frozen=True)
class _Class:
    """What one share of the work needs to know of a class."""

    school: UUID
    classroom: UUID
    region: str
    center: UUID
    guardian: UUID
    assignments: dict[str, UUID]
    numbers: range


def build(
    folder: Path, pupils: int, seed: int, workers: int = 2, plans: Sequence[Plan] = PLANS
) -> Template:
    """Build it; the plans are dealt out in their shares, in an order that `seed` gives."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    config = Config.from_env({"TIREK_VAR": str(folder)})
    server = embedded.start(folder, durable=False, bin_dir=_pg_bin())
    try:
        owner = owner_engine(server.url())
        migrate.upgrade(owner)
        owner.dispose()
        classes, staff = _places(server.url(), config.keys, pupils)
        dealt = _deal(plans, pupils, Random(seed))  # noqa: S311 - a seed that can be repeated is the point
        made = _in_parallel(folder, server.url(), classes, dealt, workers)
    finally:
        server.stop()
    Random(seed).shuffle(made)  # noqa: S311
    _write(folder / "sittings.jsonl", made)
    _write(folder / "staff.jsonl", staff)
    return Template(folder)


def _write(path: Path, rows: Sequence[Sitting | Staff]) -> None:
    with path.open("w") as lines:
        lines.writelines(json.dumps(asdict(one)) + "\n" for one in rows)


def _pg_bin() -> Path | None:
    named = os.environ.get("PG_BIN")
    return Path(named) if named else None


def _deal(plans: Sequence[Plan], pupils: int, random: Random) -> list[str]:
    whole = [plan.name for plan in plans for _ in range(plan.share)]
    random.shuffle(whole)
    dealt = [whole[number % len(whole)] for number in range(pupils)]
    random.shuffle(dealt)
    return dealt


def _places(url: str, keys: Keys, pupils: int) -> tuple[list[_Class], list[Staff]]:
    engine = app_engine(url)
    with open_session(engine, Scope.system()) as session:
        unit = Unit(session, the_catalog(), a_vault(keys), SYSTEM)
        places.ensure_regions(session)
        instruments.register_releases(session, unit.catalog)
        session.execute(update(InstrumentRelease).values(status="pilot"))
        pilots.open_everywhere(session)
        campaign = _campaign(session)
        forms = Forms(keys)
        schools: list[_School] = []
        staff: list[Staff] = []
        for iso in REGIONS:
            here, signed_in = _region(unit, session.get_one(Region, iso), forms)
            schools += here
            staff += signed_in
        found = []
        for first, numbers in enumerate(_in_parts(range(pupils), PUPILS_A_CLASS)):
            school = schools[first % len(schools)]
            number = first // len(schools)
            found.append(_class(unit, campaign, school, number, numbers))
        session.commit()
    engine.dispose()
    return found, staff


def _in_parts(numbers: range, size: int) -> Iterator[range]:
    return (numbers[first : first + size] for first in range(0, len(numbers), size))


def _campaign(session: Session) -> Campaign:
    now = datetime.now(UTC)
    campaign = Campaign(
        school_year=school_year_of(now),
        round=2,
        starts_at=now - timedelta(days=1),
        ends_at=now + timedelta(days=30),
    )
    session.add(campaign)
    session.flush()
    return campaign


@dataclass(frozen=True)
class _School:
    school: School
    region: str
    center: UUID
    psychologist: Adult
    guardian: Adult


def _region(unit: Unit, region: Region, forms: "Forms") -> tuple[list[_School], list[Staff]]:
    """A PSC with two people, a second one that is asked when it is closed, and its schools."""
    district = District(region_iso=region.iso, name_kk=region.centre_kk, name_ru=region.centre_ru)
    centers = [
        SupportCenter(
            region_iso=region.iso,
            name_kk=f"{region.name_kk} ПҚО {number}",
            name_ru=f"ЦПП {region.name_ru} {number}",
            daily_capacity=NEVER_FULL,
            keeps_roster=True,
        )
        for number in (1, 2)
    ]
    unit.session.add_all([district, *centers])
    unit.session.flush()
    people = []
    for priority, center in enumerate(centers, start=1):
        unit.session.add(
            ServiceArea(district_id=district.id, priority=priority, support_center_id=center.id)
        )
        here = [
            an_adult(unit, role, support_center_id=center.id)
            for role in (Role.PSC_SPECIALIST, Role.PSC_SUPERVISOR)
        ]
        _put_on_duty(unit, center, here[0])
        people += here
    an_adult(unit, Role.REGIONAL_COORDINATOR, region_iso=region.iso)
    signed_in = [_signed_in(unit, adult, forms) for adult in people[:2]]
    schools = [_school(unit, district, centers[0], n) for n in range(SCHOOLS_A_REGION)]
    return schools, signed_in


def _put_on_duty(unit: Unit, center: SupportCenter, adult: Adult) -> None:
    """Somebody answers round the clock, so a referral tells one person, not the whole house."""
    now = datetime.now(UTC)
    unit.session.add(
        DutyShift(
            support_center_id=center.id,
            account_id=adult.account.id,
            starts_at=now - timedelta(days=1),
            ends_at=now + timedelta(days=30),
        )
    )


def _signed_in(unit: Unit, adult: Adult, forms: "Forms") -> Staff:
    """What a login leaves behind: a session of the person's own scope."""
    account = adult.account
    token, raw = sessions.new_token(), hashlib.sha256(os.urandom(32)).hexdigest()
    sessions.add(
        unit.session,
        token,
        {"csrf_token": raw, "_user_id": str(account.id), "_fresh": True},
        adult.actor.scope,
        account_id=account.id,
        idle_minutes=sessions.STAFF_IDLE_MINUTES,
    )
    return Staff(
        str(account.id),
        str(account.support_center_id),
        account.display_name,
        f"tirek={token}",
        forms.token(raw),
    )


def _school(unit: Unit, district: District, center: SupportCenter, number: int) -> _School:
    iso = district.region_iso
    school = School(
        district_id=district.id,
        name_kk=f"{iso} № {number} мектеп",
        name_ru=f"Школа № {number} {iso}",
        public_code=f"F{iso[3:]}{number}",
    )
    unit.session.add(school)
    unit.session.flush()
    psychologist = an_adult(unit, Role.PSYCHOLOGIST, school_id=school.id)
    return _School(school, iso, center.id, psychologist, an_adult(unit, Role.GUARDIAN))


def _class(unit: Unit, campaign: Campaign, at: _School, number: int, numbers: range) -> _Class:
    classroom = Classroom(
        school_id=at.school.id,
        school_year=campaign.school_year,
        grade=number % 12 + 1,
        letter=f"{number // 12}",
    )
    unit.session.add(classroom)
    unit.session.flush()
    assignments = {}
    for name in sorted({plan.instrument for plan in PLANS}):
        instrument = unit.catalog.instruments[name]
        assignment = Assignment(
            campaign_id=campaign.id,
            school_year=campaign.school_year,
            school_id=at.school.id,
            classroom_id=classroom.id,
            instrument_id=name,
            release_id=instruments.release_id(unit.session, instrument),
            respondent="student",
            opens_at=campaign.starts_at,
            closes_at=campaign.ends_at,
            created_by=at.psychologist.account.id,
        )
        unit.session.add(assignment)
        assignments[name] = assignment.id
    unit.session.flush()
    guardian = at.guardian.account.id
    return _Class(at.school.id, classroom.id, at.region, at.center, guardian, assignments, numbers)


def _in_parallel(
    folder: Path, url: str, classes: list[_Class], dealt: list[str], workers: int
) -> list[Sitting]:
    shares = [classes[number::workers] for number in range(workers)]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        parts = [pool.submit(_share, folder, url, share, dealt) for share in shares]
        return [one for part in parts for one in part.result()]


def _share(folder: Path, url: str, classes: list[_Class], dealt: list[str]) -> list[Sitting]:
    config = Config.from_env({"TIREK_VAR": str(folder)})
    engine = app_engine(url)
    forms = Forms(config.keys)
    made = []
    for each in classes:
        for some in _in_parts(each.numbers, SAVE_EVERY):
            with open_session(engine, Scope.system()) as session:
                unit = Unit(session, the_catalog(), a_vault(config.keys), SYSTEM)
                made += [_sitting(unit, each, n, BY_NAME[dealt[n]], forms) for n in some]
                session.commit()
    engine.dispose()
    return made


@dataclass(frozen=True)
class Forms:
    """Signs the token that a form carries, as the web does for its own pages."""

    keys: Keys

    def token(self, raw: str) -> str:
        signer = URLSafeTimedSerializer(self.keys.secret_key, salt="wtf-csrf-token")
        return str(signer.dumps(raw))


def _sitting(unit: Unit, at: _Class, number: int, plan: Plan, forms: Forms) -> Sitting:
    today = datetime.now(UTC).date()
    born = date(today.year - AGE - (today.month == 1), (today.month - 2) % 12 + 1, 1)
    classroom = unit.session.get_one(Classroom, at.classroom)
    code = f"F-{number:05d}"
    student = students.enrol(unit.session, unit.vault, classroom, code, birth_month=born, sex="f")
    unit.session.flush()
    give_consent(unit, student, Adult(unit.session.get_one(Account, at.guardian), None))
    actor = Actor(Role.STUDENT, school_id=at.school, student_id=student.id)
    pupil = Unit(unit.session, unit.catalog, unit.vault, actor)
    assignment = unit.session.get_one(Assignment, at.assignments[plan.instrument])
    key = administrations.open_or_resume(pupil, assignment, student.id, "ru", unit.now())
    administrations.start(pupil, runs.load(pupil, key), "ru")
    before = {item: Answer.read(code) for item, code in plan.before.items()}
    if before:
        administrations.record_responses(pupil, runs.load(pupil, key), before)
    run = runs.load(pupil, key)
    token, raw = sessions.new_token(), hashlib.sha256(os.urandom(32)).hexdigest()
    kept = {
        "year": key.school_year,
        "administration": str(key.id),
        "student": str(student.id),
        "school": str(at.school),
    }
    sessions.add(
        unit.session,
        token,
        {"csrf_token": raw, "pupil": kept},
        actor.scope,
        idle_minutes=sessions.PUPIL_IDLE_MINUTES,
    )
    *earlier, last = [
        (f"/ru/s/page/{number}", _form(forms.token(raw), plan, items))
        for number, items in enumerate(run.pages, start=1)
        if plan.last.keys() & set(items)
    ]
    return Sitting(
        id=str(key.id),
        student=str(student.id),
        school=str(at.school),
        region=at.region,
        center=str(at.center),
        plan=plan.name,
        path=last[0],
        body=last[1],
        cookie=f"tirek={token}",
        pages=tuple(earlier),
    )


def _form(token: str, plan: Plan, items: Sequence[str]) -> str:
    given = {item: plan.last[item] for item in items if item in plan.last}
    return urlencode({"csrf_token": token, **given, "step": "next"})
