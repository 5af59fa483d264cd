"""Two tabs that go on in the same moment choose one question, not two."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from tests.builders_referral import acting
from tests.short_runs import NAME, catalog_with_short_runs
from tests.world import World, a_vault, a_world, an_origin
from tirek.config import Keys
from tirek.domain.instruments import Answer
from tirek.services import adaptive, administrations, runs
from tirek.services.runs import AdministrationKey
from tirek.storage.models import AdaptiveStep, Assignment

AT_ONCE = 4


@pytest.fixture
def world(system: Session, owner: Engine, keys: Keys) -> World:
    built = a_world(system, catalog_with_short_runs(), a_vault(keys))
    system.commit()
    with owner.begin() as connection:
        connection.execute(
            update(Assignment)
            .where(Assignment.id == built.school.assignments[NAME].id)
            .values(is_short=True)
        )
    system.expire(built.school.assignments[NAME])
    return built


@pytest.fixture
def begun(world: World, engine: Engine) -> AdministrationKey:
    """A run with its first question chosen and answered."""
    code = world.school.pupil.codes[NAME]
    entry = administrations.open_by_code(world.unit(), code, an_origin(), "kk")
    world.session.commit()
    with acting(engine, world, world.school.pupil.actor) as unit:
        administrations.start(unit, runs.load(unit, entry.key), "kk")
    with acting(engine, world, world.school.pupil.actor) as unit:
        run = runs.load(unit, entry.key)
        administrations.record_responses(unit, run, {run.steps[0]: Answer.read("2")})
    return entry.key


def test_all_get_the_same_question(
    world: World, engine: Engine, begun: AdministrationKey, system: Session
) -> None:
    ready = Barrier(AT_ONCE)

    def go_on(_: int) -> str | None:
        with acting(engine, world, world.school.pupil.actor) as unit:
            run = runs.load(unit, begun)
            ready.wait(timeout=30)
            return adaptive.choose(unit, run)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        chosen = [*pool.map(go_on, range(AT_ONCE))]
    assert len({*chosen}) == 1
    rows = system.scalars(select(AdaptiveStep.item_id).order_by(AdaptiveStep.step)).all()
    assert [*rows][1:] == [chosen[0]]


def test_other_people_see_no_step(world: World, engine: Engine, begun: AdministrationKey) -> None:
    for actor in (world.school.pupils[1].actor, world.school.guardian.actor):
        with acting(engine, world, actor) as unit:
            assert unit.session.scalars(select(AdaptiveStep)).all() == []
    with acting(engine, world, world.school.psychologist.actor) as unit:
        assert len(unit.session.scalars(select(AdaptiveStep)).all()) == 1


def test_a_step_is_never_rewritten(world: World, engine: Engine, begun: AdministrationKey) -> None:
    with (
        pytest.raises(DBAPIError),
        acting(engine, world, world.school.pupil.actor) as unit,
    ):
        unit.session.execute(update(AdaptiveStep).values(why="start"))
