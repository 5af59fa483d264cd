"""The demo's questionnaires: given and answered through the same services as in life."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from uuid import UUID

from sqlalchemy import func, select

from tirek.domain.clocks import KAZAKHSTAN, SATURDAY
from tirek.domain.consent import ConsentState
from tirek.domain.gates import LONGEST_STAFFED_WINDOW
from tirek.domain.instruments import Instrument
from tirek.domain.levels import Level
from tirek.domain.people import Actor, Role
from tirek.domain.scoring import score
from tirek.domain.showing import asked_answers
from tirek.services import (
    administrations,
    assignments,
    demo_calm,
    instruments,
    runs,
    school_events,
)
from tirek.services.demo_answers import answers_of, state_later
from tirek.services.demo_calm import Sheet
from tirek.services.demo_moments import Diary
from tirek.services.demo_places import FIRST_NUMBER, OPEN_ROOMS, DemoPlace, DemoRoom
from tirek.services.demo_pupils import DemoPeople, DemoPupil
from tirek.services.demo_size import Workshop
from tirek.services.demo_staff import DemoStaff
from tirek.services.gates import NO_CONDITIONS, Conditions
from tirek.services.unit import Unit
from tirek.storage.models import Assignment, Campaign, Referral

MAIN = "phq-a"
YOUNGEST = "who-5"
BY_GUARDIANS = "psc-17-p"
STAFFED, AFTER_EVENT = "asq", "cries-8"
# Nothing is open in this class today.
EMPTY_ROOM = OPEN_ROOMS
# How long after an event pupils are asked about it.
BEFORE_ASKING = timedelta(days=12)
# Second questionnaires with the grades whose pupils are of an age for them.
FURTHER = {
    "psc-17-y": range(5, 12),
    "hbsc-bullying": range(5, 10),
    "gad-7": range(7, 12),
}
# Up to this grade the PHQ-A would find few pupils who are old enough.
YOUNGEST_TO_GRADE = 5
PRESENT = 0.92
WINDOW = timedelta(days=7)
INSTANT = timedelta(microseconds=1)
SCHOOL_MORNING = time(9, 0)
MARGIN, LATER, EVENING = timedelta(days=7), timedelta(days=7), timedelta(hours=9)


@dataclass(frozen=True, slots=True)
class Sitting:
    """One class answering one questionnaire on one morning; with guardians, at home."""

    campaign: Campaign
    place: DemoPlace
    room: DemoRoom
    instrument_id: str
    moment: datetime
    guardians: tuple[tuple[DemoPupil, Actor], ...] = ()
    # Within how many seconds everybody finishes.
    spread: int = 45 * 60
    # Who is there and what happened, where the questionnaire needs it.
    conditions: Conditions = NO_CONDITIONS

    @property
    def is_staffed(self) -> bool:
        """Whether somebody has to be there."""
        return self.conditions.staffed_by is not None

    @property
    def window(self) -> tuple[datetime, datetime]:
        """A week from that morning on; while somebody has to be there, that morning alone."""
        day = self.moment.astimezone(KAZAKHSTAN).date()
        opens = datetime.combine(day, time(8, 0), KAZAKHSTAN)
        return opens, opens + (LONGEST_STAFFED_WINDOW if self.is_staffed else WINDOW)


class Rounds:
    """Holds what every sitting needs."""

    def __init__(
        self, workshop: Workshop, staff: DemoStaff, people: DemoPeople, diary: Diary
    ) -> None:
        """Nothing happens yet."""
        self._workshop, self._staff, self._people, self._diary = workshop, staff, people, diary

    def hold(self, campaign: Campaign, places: Sequence[DemoPlace]) -> None:
        """One earlier round in every class."""
        for place in places:
            for number, room in enumerate(place.rooms):
                grade = room.in_year(campaign.school_year).grade
                moment = self._morning(campaign, place, number)
                self.sit(Sitting(campaign, place, room, _main(grade), moment))

    def hold_further(self, campaign: Campaign, places: Sequence[DemoPlace]) -> None:
        """A week later half of the classes, and the guardians who have accounts, answer more."""
        for place in places:
            for number, room in enumerate(place.rooms):
                grade = room.in_year(campaign.school_year).grade
                moment = self._morning(campaign, place, number) + LATER
                if (number + place.number) % 2 == 0:
                    further = _further(grade, number + place.number)
                    self.sit(Sitting(campaign, place, room, further, moment))
                self._ask_guardians(campaign, place, room, moment + EVENING)

    def hold_gated(self, campaign: Campaign, places: Sequence[DemoPlace]) -> None:
        """In one school a class is asked after an event, and one while the psychologist is there.

        These two classes answer nothing else in that week.
        """
        for place in places:
            if place.number == FIRST_NUMBER:
                self._ask_after_event(campaign, place, place.rooms[0])
                moment = self._morning(campaign, place, EMPTY_ROOM) + LATER
                there = Conditions(staffed_by=self._staff.psychologist_ids[place.school.id])
                room = place.rooms[EMPTY_ROOM]
                self.sit(Sitting(campaign, place, room, STAFFED, moment, conditions=there))

    def until_now(self, campaign: Campaign, places: Sequence[DemoPlace]) -> dict[UUID, timedelta]:
        """How long before today each class answers in a round."""
        return {
            room.now.id: self._workshop.now - self._morning(campaign, place, number)
            for place in places
            for number, room in enumerate(place.rooms)
        }

    def sit(self, sitting: Sitting) -> None:
        """Everybody who is there, is old enough and may be asked answers; one transaction."""
        chance = self._workshop.random(
            f"{sitting.instrument_id} {sitting.campaign.school_year}.{sitting.campaign.round}"
            f" {sitting.place.number}-{sitting.room.now.grade}"
        )
        with self._workshop.begin() as unit:
            stamp = unit.now()
            instrument = unit.catalog.instruments[sitting.instrument_id]
            author = self._staff.psychologist_ids[sitting.place.school.id]
            assignment = assign(unit, sitting, instrument, author)
            if sitting.is_staffed:
                self._diary.windows[assignment.id] = sitting.window
            sheets = self._sheets(sitting, instrument, chance)
            calm = [sheet for sheet in sheets if sheet.is_calm(instrument)]
            demo_calm.write(unit, assignment, instrument, calm)
            for sheet in sheets:
                if sheet not in calm:
                    _answer(replace(unit, actor=sheet.respondent), assignment, sheet)
                    self._diary.note(sheet.pupil.student.id, stamp, sheet.moment, sheet.took)
            self._diary.levels |= _levels_of_new(unit)

    def _sheets(
        self, sitting: Sitting, instrument: Instrument, chance: random.Random
    ) -> list[Sheet]:
        sheets = []
        for pupil, respondent in self._respondents(sitting, instrument, chance):
            moment = sitting.moment + timedelta(seconds=chance.randrange(sitting.spread))
            # Whoever was with the psychologist meanwhile answers after that.
            last = self._diary.last(pupil.student.id, sitting.moment - timedelta(days=1))
            moment = max(moment, last + timedelta(minutes=30))
            took = timedelta(seconds=chance.randrange(120, 420))
            state = self._state(pupil, sitting.campaign)
            drawn, to_the_end = answers_of(instrument, chance, state, pupil.student.sex)
            given = asked_answers(instrument, drawn)
            scores = score(instrument, given)
            sheets.append(Sheet(pupil, respondent, given, scores, to_the_end, moment, took))
        # Whoever was elsewhere that morning is not asked when nobody is there any more.
        return [one for one in sheets if not sitting.is_staffed or one.moment < sitting.window[1]]

    def _respondents(
        self, sitting: Sitting, instrument: Instrument, chance: random.Random
    ) -> list[tuple[DemoPupil, Actor]]:
        """Who answers, by chance but for the gates of age and consent."""
        everybody = sitting.guardians or tuple(
            (pupil, _as_pupil(pupil)) for pupil in self._people.rooms[sitting.room.now.id]
        )
        present = [pair for pair in everybody if chance.random() < PRESENT]
        return [
            (pupil, actor)
            for pupil, actor in present
            if instrument.fits_age(pupil.age_at(sitting.moment))
            and pupil.said is ConsentState.GIVEN
        ]

    def _state(self, pupil: DemoPupil, campaign: Campaign) -> float:
        """A pupil's state in a round: near the first one, and the same for all its questions."""
        chance = self._workshop.random(
            f"state {pupil.student.school_code} {campaign.school_year}.{campaign.round}"
        )
        return state_later(chance, pupil.state)

    def _morning(self, campaign: Campaign, place: DemoPlace, number: int) -> datetime:
        """A school morning well inside a round that is over."""
        chance = self._workshop.random(f"day {campaign.round} {place.number} {number}")
        days = (campaign.ends_at - campaign.starts_at - 4 * MARGIN).days
        day = (campaign.starts_at + MARGIN).astimezone(KAZAKHSTAN).date()
        day += timedelta(days=chance.randrange(days))
        while day.weekday() >= SATURDAY:
            day += timedelta(days=1)
        start = datetime.combine(day, SCHOOL_MORNING, KAZAKHSTAN)
        return start + timedelta(minutes=10 * chance.randrange(15))

    def _ask_after_event(self, campaign: Campaign, place: DemoPlace, room: DemoRoom) -> None:
        """The psychologist writes down what has happened, and asks a class about it."""
        moment = self._morning(campaign, place, 0) + LATER
        (words,) = self._workshop.words.notes[place.language, "event"]
        with self._workshop.begin() as unit:
            author = replace(unit, actor=self._staff.psychologists[place.school.id])
            happened = (moment - BEFORE_ASKING).astimezone(KAZAKHSTAN).date()
            event_id = school_events.record(author, happened, words)
        after = Conditions(event_id=event_id)
        self.sit(Sitting(campaign, place, room, AFTER_EVENT, moment, conditions=after))

    def _ask_guardians(
        self, campaign: Campaign, place: DemoPlace, room: DemoRoom, moment: datetime
    ) -> None:
        pairs = tuple(
            (pupil, family.login.actor)
            for family in self._people.families
            for pupil in family.pupils
            if pupil.room is room
        )
        if pairs:
            self.sit(Sitting(campaign, place, room, BY_GUARDIANS, moment, pairs))


def _as_pupil(pupil: DemoPupil) -> Actor:
    student = pupil.student
    return Actor(Role.STUDENT, school_id=student.school_id, student_id=student.id)


def _main(grade: int) -> str:
    return YOUNGEST if grade <= YOUNGEST_TO_GRADE else MAIN


def _further(grade: int, number: int) -> str:
    """A second questionnaire for about half of the classes, fit for the age of the grade."""
    fitting = [name for name, grades in FURTHER.items() if grade in grades]
    return fitting[number // 2 % len(fitting)]


def assign(unit: Unit, sitting: Sitting, instrument: Instrument, created_by: UUID) -> Assignment:
    """The assignment of a sitting, made two days before it by the school's psychologist.

    Where somebody has to be there the database opens nothing outside the window, so that lies
    around this moment until everything is moved to its own.
    """
    stamp = unit.now()
    opens_at, closes_at = (stamp, stamp + INSTANT) if sitting.is_staffed else sitting.window
    assignment = Assignment(
        campaign_id=sitting.campaign.id,
        school_year=sitting.campaign.school_year,
        school_id=sitting.place.school.id,
        classroom_id=sitting.room.in_year(sitting.campaign.school_year).id,
        instrument_id=instrument.id,
        release_id=instruments.release_id(unit.session, instrument),
        respondent=assignments.respondent_of(instrument),
        opens_at=opens_at,
        closes_at=closes_at,
        created_by=created_by,
        staffed_by=sitting.conditions.staffed_by,
        event_id=sitting.conditions.event_id,
    )
    unit.session.add(assignment)
    unit.session.flush()
    return assignment


def _answer(unit: Unit, assignment: Assignment, sheet: Sheet) -> None:
    """The way of every pupil: open, start, answer, and complete or stop."""
    language = sheet.pupil.place.language
    student_id = sheet.pupil.student.id
    key = administrations.open_or_resume(unit, assignment, student_id, language, sheet.moment)
    run = runs.load(unit, key)
    administrations.start(unit, run, language)
    administrations.record_responses(unit, run, sheet.given)
    (administrations.complete if sheet.to_the_end else administrations.stop)(unit, run)


def _levels_of_new(unit: Unit) -> dict[UUID, Level]:
    """The level of each referral that this transaction opened, before any later signal."""
    rows = unit.session.execute(
        select(Referral.id, Referral.level).where(Referral.created_at == func.now())
    )
    return {referral_id: Level(level) for referral_id, level in rows}
