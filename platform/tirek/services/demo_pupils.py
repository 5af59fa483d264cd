"""The demo's children without names, what their guardians said, and a few guardians' accounts."""

import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import insert

from tirek.domain.administration import age_in_years
from tirek.domain.clocks import KAZAKHSTAN
from tirek.domain.consent import ConsentKind, ConsentSource, ConsentState, Purpose
from tirek.domain.people import Actor, Role
from tirek.services import audit
from tirek.services.demo_answers import state_at_first
from tirek.services.demo_places import OPEN_ROOMS, DemoPlace, DemoPlaces, DemoRoom
from tirek.services.demo_size import Workshop
from tirek.services.demo_staff import MAIL, DemoStaff, Login, name_of, new_login
from tirek.services.unit import Unit
from tirek.storage.models import Consent, Guardianship, Student, StudentKey

# Shares of what guardians say; the rest has said nothing yet.
GIVEN, REFUSED, WITHDRAWN = 0.90, 0.04, 0.02
# Children begin the first grade at six; this share is a year older.
FIRST_GRADE_AGE = 6
YEAR_LATER = 0.04
SEPTEMBER = 9
BEFORE_A_ROUND = timedelta(days=10)


@dataclass(frozen=True, slots=True)
class DemoPupil:
    """A pupil, the hidden state from which answers are drawn, and what the guardian said."""

    student: Student
    room: DemoRoom
    place: DemoPlace
    state: float
    said: ConsentState | None

    def age_at(self, moment: datetime) -> int:
        """Completed years at a moment."""
        local, born = moment.astimezone(KAZAKHSTAN), self.student.birth_month
        return age_in_years(born.year, born.month, local.year, local.month)


@dataclass(frozen=True, slots=True)
class Family:
    """A guardian's account with the children it stands for."""

    login: Login
    pupils: tuple[DemoPupil, ...]


@dataclass(frozen=True, slots=True)
class DemoPeople:
    """All pupils by the class they are in, and the guardians who have accounts."""

    rooms: dict[UUID, tuple[DemoPupil, ...]]
    families: tuple[Family, ...]


def build_people(workshop: Workshop, places: DemoPlaces, staff: DemoStaff) -> DemoPeople:
    """Add pupils, keys, guardians and consents, a school at a time."""

    def enrol(place: DemoPlace) -> tuple[dict[UUID, tuple[DemoPupil, ...]], list[Family]]:
        with workshop.begin() as unit:
            rooms = _pupils(workshop, unit, place)
            families = _families(workshop, unit, place, rooms)
            _consents(unit, places, staff.psychologists[place.school.id], rooms, families)
        return rooms, families

    made = workshop.each(enrol, places.schools)
    rooms = {room: pupils for own, _ in made for room, pupils in own.items()}
    return DemoPeople(rooms, tuple(family for _, own in made for family in own))


def _pupils(workshop: Workshop, unit: Unit, place: DemoPlace) -> dict[UUID, tuple[DemoPupil, ...]]:
    chance = workshop.random(f"pupils {place.number}")
    serial = 0
    rooms: dict[UUID, tuple[DemoPupil, ...]] = {}
    for room in place.rooms:
        numbers = range(serial + 1, serial + room.size + 1)
        rooms[room.now.id] = tuple(_pupil(chance, place, room, number) for number in numbers)
        serial += room.size
    students = [pupil.student for pupils in rooms.values() for pupil in pupils]
    unit.session.add_all(students)
    unit.session.flush()
    unit.session.add_all(_key(unit, student.id) for student in students)
    return rooms


def _pupil(chance: random.Random, place: DemoPlace, room: DemoRoom, number: int) -> DemoPupil:
    oldest = room.now.school_year - room.now.grade - FIRST_GRADE_AGE
    oldest -= chance.random() < YEAR_LATER
    month = SEPTEMBER + chance.randrange(12)
    student = Student(
        school_id=place.school.id,
        classroom_id=room.now.id,
        school_code=f"{place.number}-{number:03d}",
        birth_month=date(oldest + (month > 12), (month - 1) % 12 + 1, 1),  # noqa: PLR2004 - months
        sex=chance.choice("fm"),
    )
    return DemoPupil(student, room, place, state_at_first(chance), _said(chance))


def _said(chance: random.Random) -> ConsentState | None:
    drawn = chance.random()
    if drawn < GIVEN:
        return ConsentState.GIVEN
    if drawn < GIVEN + REFUSED:
        return ConsentState.REFUSED
    return ConsentState.WITHDRAWN if drawn < GIVEN + REFUSED + WITHDRAWN else None


def _key(unit: Unit, student_id: UUID) -> StudentKey:
    wrapped = unit.vault.new_key(str(student_id))
    return StudentKey(
        student_id=student_id, kek_version=wrapped.kek_version, wrapped=wrapped.wrapped
    )


def _families(
    workshop: Workshop,
    unit: Unit,
    place: DemoPlace,
    rooms: dict[UUID, tuple[DemoPupil, ...]],
) -> list[Family]:
    """Guardians with accounts in the open classes of an open school; the first has two children.

    Only children with a consent: it is their guardians who say yes by account.
    """
    if not place.is_open:
        return []
    chance = workshop.random(f"families {place.number}")
    agreed = [
        [pupil for pupil in pupils if pupil.said is ConsentState.GIVEN] for pupils in rooms.values()
    ]
    each = workshop.size.families
    wanted = [[pupil] for pupils in agreed[:OPEN_ROOMS] for pupil in pupils[:each]]
    if wanted and agreed[-1]:
        wanted[0].append(agreed[-1][0])
    return [
        _family(workshop, unit, chance, f"parent.{place.number}-{number}", children)
        for number, children in enumerate(wanted, start=1)
    ]


def _family(
    workshop: Workshop, unit: Unit, chance: random.Random, word: str, children: list[DemoPupil]
) -> Family:
    language = children[0].place.language
    name = name_of(workshop, chance, language)
    login = new_login(unit, f"{word}@{MAIL}", Role.GUARDIAN, name, language)
    # The guardianship's row refers to the account's.
    unit.session.flush()
    unit.session.add_all(
        Guardianship(account_id=login.account.id, student_id=pupil.student.id) for pupil in children
    )
    return Family(login, tuple(children))


def _consents(
    unit: Unit,
    places: DemoPlaces,
    psychologist: Actor,
    rooms: dict[UUID, tuple[DemoPupil, ...]],
    families: list[Family],
) -> None:
    """Write down what guardians said before the first round, and what they took back later."""
    by_account = {
        pupil.student.id: one.login.account.id for one in families for pupil in one.pupils
    }
    first, second = (campaign.starts_at - BEFORE_A_ROUND for campaign in places.earlier)
    said = [pupil for pupils in rooms.values() for pupil in pupils if pupil.said]
    rows = [_consent(pupil, psychologist, by_account, _at_first(pupil), first) for pupil in said]
    rows += [
        _consent(pupil, psychologist, by_account, ConsentState.WITHDRAWN, second)
        for pupil in said
        if pupil.said is ConsentState.WITHDRAWN
    ]
    # Families with an account were asked about the centre as well; the others have not yet been.
    rows += [
        row | {"purpose": Purpose.CENTER_HELP.value}
        for row in rows
        if row["student_id"] in by_account and row["state"] == ConsentState.GIVEN.value
    ]
    texts = unit.catalog.consents
    for row in rows:
        row["text_version"] = texts[Purpose(str(row["purpose"]))].current.version
    unit.session.flush()
    unit.session.execute(insert(Consent), rows)
    school_id = psychologist.school_id
    audit.record(unit, "consents.import", "school", school_id, school_id=school_id)


def _at_first(pupil: DemoPupil) -> ConsentState:
    is_refused = pupil.said is ConsentState.REFUSED
    return ConsentState.REFUSED if is_refused else ConsentState.GIVEN


def _consent(
    pupil: DemoPupil,
    psychologist: Actor,
    by_account: dict[UUID, UUID],
    state: ConsentState,
    moment: datetime,
) -> dict[str, object]:
    guardian = by_account.get(pupil.student.id)
    return {
        "student_id": pupil.student.id,
        "school_id": pupil.student.school_id,
        "kind": ConsentKind.GUARDIAN.value,
        "state": state.value,
        "source": (ConsentSource.ACCOUNT if guardian else ConsentSource.PAPER).value,
        "purpose": Purpose.SCREENING.value,
        "account_id": guardian or psychologist.account_id,
        "language": pupil.place.language,
        "created_at": moment,
    }
