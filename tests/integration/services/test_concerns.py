"""A worry of a person at school: sealed, counted once, and with somebody at once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from tests.world import World, a_vault, a_world, an_adult, the_catalog
from tirek.config import Keys
from tirek.domain.errors import ConflictError, NotFoundError
from tirek.domain.levels import Level
from tirek.domain.people import Role
from tirek.services import caseload, concerns, review, school_notices, students
from tirek.services.caseload import CaseQuery
from tirek.services.unit import Unit
from tirek.storage.models import Administration, Case, Notice, Referral, ReviewTask, Signal
from tirek.storage.session import open_session
from tirek.storage.vault import SealError


@pytest.fixture
def world(system: Session, keys: Keys) -> World:
    made = a_world(system, the_catalog(), a_vault(keys), schools=2)
    system.commit()
    return made


def psychologist(world: World) -> Unit:
    return world.unit(world.school.psychologist.actor)


@pytest.mark.parametrize(
    ("level", "receiver"),
    [
        (Level.IMMEDIATE, "support_center"),
        (Level.HIGH, "support_center"),
        (Level.MEDIUM, "school"),
        (Level.LOW, "school"),
    ],
)
def test_the_protocol_says_who_gets_it(world: World, level: Level, receiver: str) -> None:
    made = concerns.refer(psychologist(world), world.school.pupil.id, level, "Worried.", uuid4())
    assert world.session.get_one(Referral, made).receiver == receiver
    listed = caseload.of_school(psychologist(world), CaseQuery()).rows
    assert [(one.id, one.level) for one in listed] == [(made, level)]


def test_the_reason_opens_in_its_own_cell_only(world: World) -> None:
    mark = uuid4()
    concerns.refer(psychologist(world), world.school.pupil.id, Level.LOW, " Sad eyes. ", mark)
    sealed = world.session.get_one(Signal, mark).note_sealed
    assert sealed is not None
    key = students.data_key(world.unit(), world.school.pupil.id)
    assert key.open(sealed, "signals", "note_sealed", str(mark)) == "Sad eyes."
    with pytest.raises(SealError):
        key.open(sealed, "signals", "note_sealed", str(uuid4()))


def test_what_is_missing_or_not_theirs_is_refused(world: World) -> None:
    pupil = world.school.pupil.id
    with pytest.raises(concerns.ReasonMissingError):
        concerns.refer(psychologist(world), pupil, Level.LOW, "  ", uuid4())
    with pytest.raises(concerns.LevelUnknownError):
        concerns.refer(psychologist(world), pupil, Level.REVIEW, "x", uuid4())
    with pytest.raises(NotFoundError):
        concerns.refer(psychologist(world), world.schools[1].pupil.id, Level.LOW, "x", uuid4())


def test_two_presses_at_once_are_one_worry(world: World, engine: Engine, system: Session) -> None:
    mark, actor, together = uuid4(), world.school.psychologist.actor, Barrier(2)

    def press(_number: int) -> UUID:
        with open_session(engine, actor.scope) as session:
            together.wait()
            unit = Unit(session, world.catalog, world.vault, actor)
            made = concerns.refer(unit, world.school.pupil.id, Level.IMMEDIATE, "Now.", mark)
            session.commit()
            return made

    with ThreadPoolExecutor(2) as pool:
        assert len(set(pool.map(press, range(2)))) == 1
    assert [system.scalars(select(func.count()).select_from(one)).one() for one in (
        Signal, Case, Referral
    )] == [1, 1, 1]  # fmt: skip


def test_a_notice_waits_for_the_school_and_one_without_a_centre_falls_to_it(
    world: World,
) -> None:
    concerns.refer(psychologist(world), world.school.pupil.id, Level.IMMEDIATE, "x", uuid4())
    rows = school_notices.of_school(psychologist(world), "open", "", "clock", 1).rows
    assert [row.notice.addressee for row in rows] == ["school"]
    assert school_notices.open_count(psychologist(world)) == 1
    theirs = world.unit(world.schools[1].psychologist.actor)
    assert school_notices.open_count(theirs) == 0
    everything = world.session.scalars(select(func.count()).select_from(Notice)).one()
    assert everything > 1


def test_a_task_is_closed_by_one_person(world: World) -> None:
    assignment = world.school.assignments["who-5"]
    student = world.school.pupil.student
    administration = Administration(
        school_year=assignment.school_year,
        assignment_id=assignment.id,
        student_id=student.id,
        school_id=student.school_id,
        respondent="student",
        respondent_id=student.id,
        instrument_id="who-5",
        release_id=assignment.release_id,
        structure_hash="s",
        wording_hash="w",
        language="kk",
        age_years=14,
    )
    world.session.add(administration)
    world.session.flush()
    task = ReviewTask(
        school_year=assignment.school_year,
        administration_id=administration.id,
        student_id=student.id,
        school_id=student.school_id,
        reason="scoring_failed",
    )
    world.session.add(task)
    world.session.flush()
    with pytest.raises(review.NoteMissingError):
        review.close(psychologist(world), task.id, " ")
    review.close(psychologist(world), task.id, "Looked at it.")
    review.close(psychologist(world), task.id, "Pressed twice.")
    world.session.expire_all()
    assert review.open_task(psychologist(world), task.id)[1] == "Looked at it."
    colleague = an_adult(world.unit(), Role.PSYCHOLOGIST, school_id=world.school.id)
    with pytest.raises(ConflictError) as lost:
        review.close(world.unit(colleague.actor), task.id, "Me too.")
    assert lost.value.winner == world.school.psychologist.account.display_name
    with pytest.raises(NotFoundError):
        review.open_task(world.unit(world.schools[1].psychologist.actor), task.id)
