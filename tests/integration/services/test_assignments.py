"""Who may be asked what, and when: the rules that stand behind the form."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import UUID

import pytest
from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session

from tests.world import (
    HOME,
    SchoolWorld,
    World,
    a_vault,
    a_world,
    an_adult,
    give_consent,
    the_catalog,
)
from tirek.config import Keys
from tirek.domain.consent import ConsentState
from tirek.domain.errors import ConflictError, NotFoundError
from tirek.domain.people import Role
from tirek.services import assignments, class_codes
from tirek.services.assignments import Wish
from tirek.services.class_codes import CodeState
from tirek.services.unit import Unit
from tirek.storage.models import (
    AccessCode,
    Assignment,
    Campaign,
    InstrumentRelease,
    PilotRegion,
    Student,
)
from tirek.storage.session import open_session


@pytest.fixture
def world(system: Session, keys: Keys) -> World:
    made = a_world(system, the_catalog(), a_vault(keys), schools=2)
    starts = made.campaign.ends_at + timedelta(days=1)
    system.add(
        Campaign(
            school_year=made.campaign.school_year,
            round=3,
            starts_at=starts,
            ends_at=starts + timedelta(days=20),
        )
    )
    system.commit()
    return made


def a_wish(world: World, instrument: str = "phq-a", school: SchoolWorld | None = None) -> Wish:
    opens = world.campaign.ends_at + timedelta(days=2)
    room = (school or world.school).classroom.id
    return Wish(room, instrument, opens, opens + timedelta(days=5))


def psychologist(world: World) -> Unit:
    return world.unit(world.school.psychologist.actor)


def test_ages_are_a_hard_gate(world: World, owner: Engine) -> None:
    adult = world.school.pupils[1].student
    with owner.begin() as connection:
        connection.execute(
            update(Student)
            .where(Student.id == adult.id)
            .values(birth_month=adult.birth_month.replace(year=adult.birth_month.year - 5))
        )
    world.session.expire_all()
    plan = assignments.plan(psychologist(world), a_wish(world))
    assert [one.id for one in plan.audience.outside_age] == [adult.id]
    assert len(plan.audience.ready) == 2


def test_a_class_too_young_for_it_is_refused(system: Session, keys: Keys) -> None:
    world = a_world(system, the_catalog(), a_vault(keys), age=8)
    found = world.school.assignments["phq-a"]
    assignments.cancel(psychologist(world), found.id)
    with pytest.raises(assignments.NobodyFitsError):
        assignments.plan(
            psychologist(world),
            Wish(world.school.classroom.id, "phq-a", found.opens_at, found.closes_at),
        )


def test_silence_is_no_consent_and_a_no_is_listed_apart(world: World) -> None:
    pupil = world.school.pupils[1].student
    give_consent(world.unit(), pupil, world.school.guardian, ConsentState.WITHDRAWN)
    audience = assignments.plan(psychologist(world), a_wish(world)).audience
    assert [one.id for one in audience.refused] == [pupil.id]
    assert pupil.id not in {one.id for one in audience.ready}


def test_another_schools_class_is_not_there(world: World) -> None:
    with pytest.raises(NotFoundError):
        assignments.plan(psychologist(world), a_wish(world, school=world.schools[1]))


def test_what_is_not_approved_or_on_trial_is_refused(world: World) -> None:
    world.session.execute(
        update(InstrumentRelease).values(
            status="retired", retired_at=func.now(), retired_reason="A test."
        )
    )
    with pytest.raises(assignments.NotAssignableError):
        assignments.plan(psychologist(world), a_wish(world))


def test_what_is_on_trial_elsewhere_is_refused_here(world: World) -> None:
    unit = psychologist(world)
    assert assignments.plan(unit, a_wish(world))
    elsewhere = PilotRegion.region_iso != HOME
    closes = update(PilotRegion).where(~elsewhere).values(closed_at=func.now())
    world.session.execute(closes)
    assert assignments.assignable(unit) == []
    with pytest.raises(assignments.NotAssignableError):
        assignments.plan(unit, a_wish(world))
    # Nobody without a school is given anything on trial either.
    assert assignments.assignable(world.unit()) == []


def test_what_parents_answer_about_themselves_is_asked_of_no_class(world: World) -> None:
    with pytest.raises(assignments.NotAssignableError):
        assignments.plan(psychologist(world), a_wish(world, "parent-attitudes"))


def test_the_load_counts_classes_asked_at_the_same_time(world: World) -> None:
    unit = psychologist(world)
    assert assignments.plan(unit, a_wish(world)).load.pupils == 3
    an_adult(world.unit(), Role.PSYCHOLOGIST, school_id=world.school.id)
    assert assignments.plan(unit, a_wish(world)).load.psychologists == 2


def test_two_people_assigning_the_same_thing_make_one(
    world: World, engine: Engine, system: Session
) -> None:
    other = an_adult(world.unit(), Role.PSYCHOLOGIST, school_id=world.school.id)
    system.commit()
    together = Barrier(2)

    def assign(actor: object) -> UUID | str:
        adult = world.school.psychologist if actor == "first" else other
        with open_session(engine, adult.actor.scope) as session:
            unit = Unit(session, world.catalog, world.vault, adult.actor)
            together.wait()
            try:
                made = assignments.assign(unit, a_wish(world))
            except assignments.AlreadyAssignedError:
                return "refused"
            session.commit()
            return made

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(assign, ["first", "second"]))
    assert done.count("refused") == 1
    live = select(func.count()).where(
        Assignment.instrument_id == "phq-a", Assignment.school_id == world.school.id
    )
    assert system.scalars(live).one() == 2


def test_a_cancelled_assignment_may_be_made_anew(world: World) -> None:
    unit = psychologist(world)
    first = assignments.assign(unit, a_wish(world))
    assert assignments.assign(unit, a_wish(world)) == first
    assignments.cancel(unit, first)
    assignments.cancel(unit, first)
    assert assignments.assign(unit, a_wish(world)) != first
    with pytest.raises(ConflictError):
        assignments.extend(unit, first, a_wish(world).closes_at + timedelta(days=1))


def test_a_window_grows_within_its_round_only(world: World) -> None:
    unit = psychologist(world)
    made = assignments.assign(unit, a_wish(world))
    closes = a_wish(world).closes_at
    assignments.extend(unit, made, closes + timedelta(days=2))
    with pytest.raises(assignments.WindowError):
        assignments.extend(unit, made, closes)
    with pytest.raises(assignments.NoCampaignError):
        assignments.extend(unit, made, closes + timedelta(days=60))


def test_only_a_second_press_replaces_codes_issued_since(world: World, system: Session) -> None:
    unit = psychologist(world)
    assignment = world.school.assignments["who-5"]
    ids = [pupil.id for pupil in world.school.pupils]
    shown_at = unit.now()
    system.commit()
    assert len(class_codes.issue(unit, assignment.id, ids, shown_at)) == 3
    system.commit()
    assert len(class_codes.issue(unit, assignment.id, ids, shown_at)) == 3
    system.commit()
    living = (AccessCode.assignment_id == assignment.id) & AccessCode.revoked_at.is_(None)
    assert system.scalars(select(func.count()).where(living)).one() == 3


def test_codes_handed_out_in_another_window_are_left_alone(
    world: World, system: Session, owner: Engine
) -> None:
    unit = psychologist(world)
    assignment = world.school.assignments["who-5"]
    ids = [pupil.id for pupil in world.school.pupils]
    shown_at = unit.now() - timedelta(hours=1)
    system.commit()
    class_codes.issue(unit, assignment.id, ids, shown_at)
    system.commit()
    with owner.begin() as connection:
        connection.execute(update(AccessCode).values(issued_at=func.now() - timedelta(minutes=5)))
    assert class_codes.issue(unit, assignment.id, ids, shown_at) == []
    assert len(class_codes.issue(unit, assignment.id, ids, unit.now())) == 3


def test_who_may_get_no_code_is_listed_with_the_reason(world: World, system: Session) -> None:
    unit = psychologist(world)
    assignment = world.school.assignments["who-5"]
    give_consent(
        world.unit(), world.school.pupils[1].student, world.school.guardian, ConsentState.REFUSED
    )
    gone = world.school.pupils[2].student
    system.execute(update(Student).where(Student.id == gone.id).values(left_at=func.now()))
    system.expire_all()
    states = {row.student.id: row.state for row in class_codes.of_class(unit, assignment)}
    assert states == {
        world.school.pupils[0].id: CodeState.ISSUED,
        world.school.pupils[1].id: CodeState.REFUSED,
        gone.id: CodeState.LEFT,
    }
    with pytest.raises(NotFoundError):
        class_codes.issue(unit, assignment.id, [gone.id], unit.now())
