"""Many at once: one group, one membership, one question, one answer, and messages told once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import uuid4

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from tests.builders_group import COURSE, a_group, a_parent, joins
from tests.world import World, a_vault, a_world, the_catalog
from tirek.config import Keys
from tirek.domain.education import Strand
from tirek.domain.errors import ConflictError
from tirek.domain.meetings import Counted
from tirek.domain.people import SYSTEM, Actor
from tirek.domain.scope import Scope
from tirek.services import cohort_members, cohort_news, cohort_questions, cohorts, meetings
from tirek.services.cohorts import NewCohort
from tirek.services.meetings import NewMeeting
from tirek.services.unit import Unit
from tirek.storage.base import Base
from tirek.storage.models import (
    Cohort,
    CohortMember,
    CohortQuestion,
    OutboxMessage,
    ParentMeeting,
)
from tirek.storage.session import open_session

HANDS = 6


@pytest.fixture
def world(system: Session, keys: Keys) -> World:
    made = a_world(system, the_catalog(), a_vault(keys), pupils=1, coded=0)
    system.commit()
    return made


def all_at_once(
    engine: Engine, world: World, actor: Actor, work: Callable[[Unit, int], object]
) -> list[object]:
    """What each of many got who began in the same moment; a conflict is one of the answers."""
    barrier = Barrier(HANDS)

    def one(number: int) -> object:
        scope = Scope.system() if actor is SYSTEM else actor.scope
        with open_session(engine, scope) as session:
            unit = world.unit(actor, session)
            unit.now()
            barrier.wait()
            try:
                found = work(unit, number)
                session.commit()
            except ConflictError as conflict:
                return conflict
            return found

    with ThreadPoolExecutor(HANDS) as pool:
        return list(pool.map(one, range(HANDS)))


def number_of(world: World, table: type[Base]) -> int:
    world.session.rollback()
    return world.session.scalars(select(func.count()).select_from(table)).one()


def test_one_group_and_one_meeting_from_one_page(world: World, engine: Engine) -> None:
    leader = world.school.psychologist.actor
    day = cohorts.today(world.unit())
    wanted = NewCohort(uuid4(), COURSE, None, day, day + timedelta(days=34))
    all_at_once(engine, world, leader, lambda unit, _n: cohorts.start(unit, wanted))
    assert number_of(world, Cohort) == 1
    held = NewMeeting(uuid4(), Counted(Strand.SAFETY, day, 10, 2))
    all_at_once(engine, world, leader, lambda unit, _n: meetings.record(unit, held))
    assert number_of(world, ParentMeeting) == 1


def test_one_membership_and_one_question(world: World, engine: Engine) -> None:
    group, parent = a_group(world), a_parent(world)

    def join(unit: Unit, number: int) -> None:
        door = cohort_members.find(unit, group.join_code, "192.0.2.1")
        cohort_members.join(unit, door, f"Ая {number}")

    all_at_once(engine, world, parent.actor, join)
    assert number_of(world, CohortMember) == 1
    question = uuid4()
    all_at_once(
        engine,
        world,
        parent.actor,
        lambda unit, _n: cohort_questions.ask(unit, group.id, "Как?", question),
    )
    assert number_of(world, CohortQuestion) == 1


def test_one_answer_wins_and_is_told_once(world: World, engine: Engine) -> None:
    group, parent = a_group(world), a_parent(world)
    joins(world, parent, group)
    question = CohortQuestion(
        cohort_id=group.id, words="Как?", asked_on=cohorts.today(world.unit())
    )
    world.session.add(question)
    world.session.commit()
    found = all_at_once(
        engine,
        world,
        world.school.psychologist.actor,
        lambda unit, n: cohort_questions.answer(unit, group.id, question.id, f"Так {n}."),
    )
    assert sum(isinstance(one, ConflictError) for one in found) == HANDS - 1
    assert number_of(world, OutboxMessage) == 1


def test_rounds_of_two_processes_tell_once(world: World, engine: Engine) -> None:
    group = a_group(world)
    for _number in range(3):
        joins(world, a_parent(world), group)
    all_at_once(engine, world, SYSTEM, lambda unit, _n: cohort_news.tell_of_answer(unit, group.id))
    assert number_of(world, OutboxMessage) == 3
