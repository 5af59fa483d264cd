"""What waits in the demo today: open questionnaires with codes, and answers of this morning."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from tirek.domain.consent import ConsentState
from tirek.domain.gates import Gate
from tirek.domain.instruments import Instrument
from tirek.services import codes
from tirek.services.assignments import assignable
from tirek.services.demo_places import OPEN_ROOMS, DemoPlace, DemoPlaces, DemoRoom
from tirek.services.demo_pupils import DemoPeople, DemoPupil, Family
from tirek.services.demo_rounds import BY_GUARDIANS, MAIN, Rounds, Sitting, assign
from tirek.services.demo_size import OPEN_FOR, Workshop
from tirek.services.demo_staff import DemoStaff
from tirek.services.unit import Unit
from tirek.storage.models import Campaign

OPENED = timedelta(days=1)
# The answers of today came in within these last minutes.
FRESH = timedelta(minutes=25)


@dataclass(frozen=True, slots=True)
class OpenCode:
    """A code that opens a questionnaire today, with whose it is."""

    code: str
    instrument_id: str
    pupil: DemoPupil
    age: int


def open_questionnaires(
    workshop: Workshop, places: DemoPlaces, staff: DemoStaff, people: DemoPeople
) -> list[OpenCode]:
    """Assign every questionnaire to the open classes and hand out codes for some pupils."""

    def open_room(pair: tuple[DemoPlace, DemoRoom]) -> list[OpenCode]:
        return _open_room(workshop, places, staff, people, *pair)

    return [code for codes in workshop.each(open_room, _open_rooms(places)) for code in codes]


def answer_today(
    workshop: Workshop, campaign: Campaign, schools: Sequence[DemoPlace], rounds: Rounds
) -> None:
    """The eldest class of each open school has just answered: its flags wait for people."""
    for place in schools:
        if place.is_open:
            for room in place.rooms[OPEN_ROOMS:]:
                begun = workshop.now - FRESH
                seconds = int(FRESH.total_seconds()) - 60
                rounds.sit(Sitting(campaign, place, room, MAIN, begun, spread=seconds))


def open_families(places: DemoPlaces, people: DemoPeople) -> list[Family]:
    """The guardians who have a questionnaire about their child open today."""
    open_ids = {room.now.id for _, room in _open_rooms(places)}
    return [
        family
        for family in people.families
        if any(pupil.room.now.id in open_ids for pupil in family.pupils)
    ]


def _open_rooms(places: DemoPlaces) -> Iterator[tuple[DemoPlace, DemoRoom]]:
    for place in places.schools:
        if place.is_open:
            for room in place.rooms[:OPEN_ROOMS]:
                yield place, room


def _open_room(
    workshop: Workshop,
    places: DemoPlaces,
    staff: DemoStaff,
    people: DemoPeople,
    place: DemoPlace,
    room: DemoRoom,
) -> list[OpenCode]:
    author = staff.psychologists[place.school.id]
    opened: list[OpenCode] = []
    with workshop.begin() as unit:
        acting = replace(unit, actor=author)
        agreed = [one for one in people.rooms[room.now.id] if one.said is ConsentState.GIVEN]
        for instrument in _free(acting):
            able = [one for one in agreed if instrument.fits_age(one.age_at(workshop.now))]
            if able:
                sitting = Sitting(places.today, place, room, instrument.id, workshop.now - OPENED)
                opened += _open(acting, workshop, sitting, instrument, able)
    return opened


def _free(unit: Unit) -> list[Instrument]:
    """What may be asked without a specialist in the room and without an event before it."""
    return [one for one, _ in assignable(unit) if one.structure.gate is Gate.FREE]


def _open(
    unit: Unit,
    workshop: Workshop,
    sitting: Sitting,
    instrument: Instrument,
    able: list[DemoPupil],
) -> list[OpenCode]:
    """One questionnaire for one class; guardians use their accounts, so get no codes."""
    author_id = unit.actor.account_id
    if author_id is None:
        raise TypeError("codes are handed out by a person")
    assignment = assign(unit, sitting, instrument, author_id)
    assignment.closes_at = workshop.now + OPEN_FOR
    unit.session.flush()
    if instrument.id == BY_GUARDIANS:
        return []
    size = workshop.size
    count = size.codes_main if instrument.id == MAIN else size.codes_other
    # Others begin further down the list, so that most pupils have one code.
    first = 0 if instrument.id == MAIN else size.codes_main
    chosen = [able[(first + n) % len(able)] for n in range(min(count, len(able)))]
    by_id = {pupil.student.id: pupil for pupil in chosen}
    return [
        OpenCode(
            one.code,
            instrument.id,
            by_id[one.student_id],
            by_id[one.student_id].age_at(workshop.now),
        )
        for one in codes.issue(unit, assignment, list(by_id))
    ]
