"""A school and its support centre in the middle of their work: something stands on every page."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import Engine, select, text, update

from tests.builders_families import a_letter, errands_of
from tests.builders_referral import (
    SELF_HARM,
    SOME_WORRY,
    a_pupil_answers,
    acting,
    legs,
    version_of,
)
from tests.builders_work import close, lead_on, lead_to, try_in_vain
from tests.world import Adult, Pupil, World, an_adult, give_consent
from tirek.domain.consent import ConsentState
from tirek.domain.instruments import Answer
from tirek.domain.levels import Level
from tirek.domain.parents import Errand
from tirek.domain.people import Role
from tirek.domain.referral import ConflictKind
from tirek.services import (
    administrations,
    bookmarks,
    certificates,
    children,
    concerns,
    courses,
    errands,
    handovers,
    harm,
    instruments,
    ladder,
    referral_endings,
    referral_steps,
    review,
    runs,
    school_contacts,
    second_opinions,
)
from tirek.services.certificates import OwnCertificate
from tirek.services.harm import Named
from tirek.services.runs import AdministrationKey
from tirek.services.school_contacts import Contact
from tirek.services.unit import Unit
from tirek.storage import backdate
from tirek.storage.models import Assignment, Campaign, Guardianship, ReviewTask

PUPILS = 19
# The last pupils of the class have done nothing yet: they are the ones who walk.
WALKERS = {"kk": 17, "ru": 18}
# Who stands where at the support centre; the first pupils are referred in this order.
CENTRE = ("new", "accepted", "contacted", "closed", "sent on")
LATER = {"asked": 14, "proposed": 15}
STANDS = {
    "accepted": "acknowledged",
    "contacted": "in_support",
    "closed": "outcome_set",
    "sent on": "acknowledged",
    "asked": "acknowledged",
    "proposed": "outcome_set",
}
CENTRE_ASKS = "В какие часы ребёнок в школе, и кто его забирает?"
# About whom somebody is named as possibly harming them.
NAMED_AS = {"contacted": ConflictKind.GUARDIAN, "proposed": ConflictKind.SCHOOL_STAFF}
CENTRE_HEARD = "Ребёнок говорит, что боится взрослого, и просит никому не рассказывать."
CENTRE_SAYS = "Поговорили полчаса. Придёт в четверг, со взрослым из дома."
SCHOOL_SAYS = "Не спит перед контрольными. Договорились о двух встречах и о разговоре с учителем."
NAMES = {
    "psychologist": "Айгүл Бекова",
    "psc_specialist": "Динара Оспан",
    "psc_supervisor": "Ерлан Жұманов",
    "guardian": "Сәуле Ахметова",
}
_NAMED = text("UPDATE accounts SET display_name = :name WHERE role = :role")
# As if the signal had come earlier: somebody should have accepted it three hours ago.
_LATE_CLOCKS = """
    UPDATE deadlines d SET due_at = d.due_at - (r.acknowledge_due_at - now() + interval '3 hours')
    FROM referrals r WHERE r.id = d.referral_id AND r.id = ANY(:ids)
"""
_LATE_REFERRALS = """
    UPDATE referrals SET
        seen_due_at = seen_due_at - (acknowledge_due_at - now() + interval '3 hours'),
        contact_due_at = contact_due_at - (acknowledge_due_at - now() + interval '3 hours'),
        acknowledge_due_at = now() - interval '3 hours'
    WHERE id = ANY(:ids)
"""
_TRIED = """
    INSERT INTO deliveries (id, outbox_id, attempt, channel, account_id, reference, result,
        provider, finished_at)
    SELECT gen_random_uuid(), o.id, 1, o.channel, o.account_id, gen_random_uuid(),
        CASE WHEN o.id % 2 = 0 THEN 'accepted' ELSE 'failed' END, 'first', now()
    FROM outbox o WHERE o.id % 3 <> 0
"""
_ARRIVED = """
    INSERT INTO receipts (delivery_id, status) SELECT id, 'delivered' FROM deliveries
    WHERE result = 'accepted'
"""
CONTACT = Contact("+70000077701", "+70000077702", "Мысал көшесі, 77", "ул. Примерная, 77")
_LATE_NOTICES = """
    UPDATE notices SET due_at = now() - interval '3 hours'
    WHERE case_id IN (SELECT case_id FROM referrals WHERE id = ANY(:ids))
"""


@dataclass(frozen=True)
class BusySchool:
    """The world with what has been done in it; ids by the names that `pages` calls them."""

    world: World
    specialist: Adult
    legs: dict[str, UUID]
    results: dict[str, AdministrationKey]
    reviews: dict[str, UUID]
    # Of the next round, for which nothing is assigned.
    next_round: Campaign
    # A pupil of another school of the same parent, where the time to answer is over.
    late_child: Pupil
    # What is read for the whole school only, its window over.
    numbers: UUID
    # The parent's certificate of a course that is read to the end.
    certificate: OwnCertificate
    # What the centre's specialist has proposed about an accepted referral.
    proposal: UUID
    # What a colleague of the psychologist has proposed about a new one at school.
    school_proposal: UUID
    # Links in letters to the parent that nobody has used.
    errands: dict[Errand, UUID]
    # The code of a letter to a guardian that nobody has used.
    invitation: str


def fill(engine: Engine, owner: Engine, world: World) -> BusySchool:
    """Live through some days; `world` needs two schools and PUPILS coded pupils, committed."""
    with acting(engine, world, world.school.psychologist) as unit:
        school_contacts.keep_own(unit, CONTACT)
    story = _Story(engine, world)
    found = story.at_centre() | story.at_school()
    reviews = story.reviews()
    results = {"phq-a": story.keys[0], "gad-7": story.keys[5], "empty": story.keys[10]}
    certificate = story.families()
    late_child = _second_school(world)
    next_round = _next_round(world)
    numbers = _read_for_the_school(world)
    world.session.commit()
    _settle(owner, [found["new"], found["school new"], found["accepted"]])
    _ring_and_send(world)
    return BusySchool(
        world,
        world.home.specialist,
        found,
        results,
        reviews,
        next_round,
        late_child,
        numbers,
        certificate,
        story.proposal,
        story.school_proposal,
        story.errands(),
        a_letter(world, engine).code,
    )


class _Story:
    def __init__(self, engine: Engine, world: World) -> None:
        self.engine = engine
        self.world = world
        self.pupils = world.school.pupils
        self.keys: dict[int, AdministrationKey] = {}
        self.proposal = self.school_proposal = UUID(int=0)

    def errands(self) -> dict[Errand, UUID]:
        """Links to confirm the parent's address and to set a new password."""
        parent = self.world.school.guardian
        with acting(self.engine, self.world, parent) as unit:
            for errand in Errand:
                errands.send(unit, parent.account.id, errand)
            rows = errands_of(unit.session, parent.account.email)
        return {Errand(row.errand): row.id for row in rows}

    def at_centre(self) -> dict[str, UUID]:
        """Referrals of every state at the support centre."""
        world, someone = self.world, self.world.home.specialist
        numbers = {name: number for number, name in enumerate(CENTRE)} | LATER
        found = {name: self._refers(number, SELF_HARM, "phq-a") for name, number in numbers.items()}
        for name, state in STANDS.items():
            lead_to(self.engine, world, someone, found[name], state, CENTRE_SAYS)
        close(self.engine, world, world.home.supervisor, found["closed"], CENTRE_SAYS)
        try_in_vain(self.engine, world, someone, found["asked"])
        with acting(self.engine, world, someone) as unit:
            referral_steps.ask_sender(unit, *_now(unit, found["asked"]), CENTRE_ASKS)
        with acting(self.engine, world, someone) as unit:
            self.proposal = second_opinions.propose_downgrade(
                unit, found["accepted"], Level.HIGH, CENTRE_SAYS
            )
        with acting(self.engine, world, someone) as unit:
            leg = _now(unit, found["sent on"])
            handovers.redirect(unit, *leg, world.neighbour.id, CENTRE_SAYS)
        for name, kind in NAMED_AS.items():
            child = self.pupils[numbers[name]].id
            with acting(self.engine, world, someone) as unit:
                harm.name_conflict(unit, child, Named(kind, CENTRE_HEARD))
        return found

    def at_school(self) -> dict[str, UUID]:
        """The same at the school psychologist, one referred by hand, and one sent on."""
        someone = self.world.school.psychologist
        names: tuple[str, ...] = (
            "school new", "school accepted", "school closed", "school sent on"
        )  # fmt: skip
        found = {
            name: self._refers(number, SOME_WORRY, "gad-7")
            for number, name in enumerate(names, start=5)
        } | {"school refused": self._refers(16, SOME_WORRY, "gad-7")}
        names += ("school refused",)
        for name in names[1:]:
            lead_to(self.engine, self.world, someone, found[name], "acknowledged", SCHOOL_SAYS)
        for state in ("triaged", "contacted", "outcome_set"):
            lead_on(self.engine, self.world, someone, found["school closed"], state, SCHOOL_SAYS)
        close(self.engine, self.world, someone, found["school closed"], SCHOOL_SAYS)
        for state in ("triaged", "contacted"):
            lead_on(self.engine, self.world, someone, found["school refused"], state, SCHOOL_SAYS)
        with acting(self.engine, self.world, someone) as unit:
            referral_endings.record_refusal(unit, *_now(unit, found["school refused"]), SCHOOL_SAYS)
        with acting(self.engine, self.world, someone) as unit:
            leg = _now(unit, found["school sent on"])
            handovers.redirect(unit, *leg, self.world.home.id, SCHOOL_SAYS)
        with acting(self.engine, self.world, someone) as unit:
            mark = UUID(int=9)
            found["by hand"] = concerns.refer(
                unit, self.pupils[9].id, Level.HIGH, SCHOOL_SAYS, mark
            )
        self._colleague_proposes(found["school new"])
        return found

    def _colleague_proposes(self, referral_id: UUID) -> None:
        colleague = an_adult(self.world.unit(), Role.PSYCHOLOGIST, school_id=self.world.school.id)
        self.world.session.commit()
        with acting(self.engine, self.world, colleague) as unit:
            self.school_proposal = second_opinions.propose_error(unit, referral_id, SCHOOL_SAYS)

    def reviews(self) -> dict[str, UUID]:
        """Two questionnaires of which nothing can be computed, one of them looked at."""
        for number, instrument in ((10, "who-5"), (11, "gad-7")):
            blank = {item.id: None for item in self.world.catalog.instruments[instrument].items}
            self._answers(number, blank, instrument)
        self.world.session.rollback()
        found = {
            name: self.world.session.scalars(
                select(ReviewTask.id).where(ReviewTask.student_id == self.pupils[number].id)
            ).first()
            for number, name in ((10, "open"), (11, "done"))
        }
        with acting(self.engine, self.world, self.world.school.psychologist) as unit:
            review.close(unit, found["done"], SCHOOL_SAYS)
        return found

    def families(self) -> OwnCertificate:
        """One parent of three: agreed, refused and withdrawn; a form and lessons are done."""
        world, parent = self.world, self.world.school.guardian
        for number in (1, 12, 13):
            _is_parent_of(world, parent, self.pupils[number])
        give_consent(world.unit(), self.pupils[12].student, parent, ConsentState.REFUSED)
        give_consent(world.unit(), self.pupils[13].student, parent, ConsentState.WITHDRAWN)
        world.session.commit()
        self._answers_about(self.pupils[1], to_the_end=True)
        self._answers_about(self.pupils[0], to_the_end=False)
        with acting(self.engine, world, parent) as unit:
            course = world.catalog.courses["calm-parent"]
            courses.record_lesson_done(
                unit.session, parent.account.id, course.id, course.lessons[0].id
            )
            bookmarks.star(unit, course.id, course.lessons[1].id)
            read = world.catalog.courses["family-ties"]
            for lesson in read.lessons:
                courses.record_lesson_done(unit.session, parent.account.id, read.id, lesson.id)
            return certificates.get_own(unit, certificates.issue(unit, read.id))

    def _answers_about(self, pupil: Pupil, *, to_the_end: bool) -> None:
        parent = self.world.school.guardian.actor
        assignment = self.world.school.assignments["psc-17-p"].id
        with acting(self.engine, self.world, parent) as unit:
            child = children.get_child(unit, pupil.id)
            run = children.begin(unit, child, children.get_asked(unit, child, assignment), "kk")
            given = {item.id: Answer.read("1") for item in run.instrument.items}
            if to_the_end:
                administrations.record_responses(unit, run, given)
                administrations.complete(unit, runs.load(unit, run.key))

    def _answers(self, number: int, given: dict[str, str | None], instrument: str) -> None:
        self.keys[number] = a_pupil_answers(
            self.engine,
            self.world,
            given,  # type: ignore[arg-type]
            pupil=self.pupils[number],
            instrument=instrument,
            to_the_end=True,
        )

    def _refers(self, number: int, given: dict[str, str], instrument: str) -> UUID:
        items = self.world.catalog.instruments[instrument].items
        self._answers(number, {item.id: given.get(item.id, "0") for item in items}, instrument)
        (leg,) = legs(self.world.session, self.pupils[number])
        return leg.id


def _now(unit: Unit, referral_id: UUID) -> tuple[UUID, int]:
    return referral_id, version_of(unit, referral_id)


def _is_parent_of(world: World, parent: Adult, pupil: Pupil) -> None:
    teacher = world.school.psychologist.account.id
    world.session.add(
        Guardianship(account_id=parent.account.id, student_id=pupil.id, verified_by=teacher)
    )


def _second_school(world: World) -> Pupil:
    """A child of the same parent at the second school, where the questionnaire is over."""
    other = world.schools[1]
    _is_parent_of(world, world.school.guardian, other.pupils[1])
    world.session.execute(
        update(Assignment)
        .where(Assignment.id == other.assignments["psc-17-p"].id)
        .values(closes_at=datetime.now(UTC) - timedelta(hours=2))
    )
    return other.pupils[1]


def _next_round(world: World) -> Campaign:
    starts = world.campaign.ends_at + timedelta(days=1)
    made = Campaign(
        school_year=world.campaign.school_year,
        round=3,
        starts_at=starts,
        ends_at=starts + timedelta(days=20),
    )
    world.session.add(made)
    return made


def _read_for_the_school(world: World) -> UUID:
    """A questionnaire of which nobody reads one person's answers; too few have answered it."""
    instrument = world.catalog.instruments["mics-discipline"]
    made = Assignment(
        campaign_id=world.campaign.id,
        school_year=world.campaign.school_year,
        school_id=world.school.id,
        classroom_id=world.school.classroom.id,
        instrument_id=instrument.id,
        release_id=instruments.release_id(world.session, instrument),
        respondent="guardian",
        opens_at=datetime.now(UTC) - timedelta(hours=20),
        closes_at=datetime.now(UTC) - timedelta(hours=1),
        created_by=world.school.psychologist.account.id,
    )
    world.session.add(made)
    return made.id


def _settle(owner: Engine, late_ids: list[UUID]) -> None:
    """Name people as here, and let some clocks have run out: only the tables' owner may."""
    with owner.begin() as connection:
        for role, name in NAMES.items():
            connection.execute(_NAMED, {"role": role, "name": name})
        backdate.switch_rules(connection, on=False)
        for statement in (_LATE_CLOCKS, _LATE_REFERRALS, _LATE_NOTICES):
            connection.execute(text(statement), {"ids": late_ids})
        backdate.switch_rules(connection, on=True)


def _ring_and_send(world: World) -> None:
    """Clocks that have run out call people, and some messages have been tried."""
    world.session.rollback()
    ladder.fire_due(world.unit(), 500)
    for statement in (_TRIED, _ARRIVED):
        world.session.execute(text(statement))
    world.session.commit()
