"""Two tabs that go on in the same moment choose one question, not two."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from tests.builders_referral import acting
from tests.short_runs import NAME, catalog_with_short_runs
from tests.world import World, a_vault, a_world, an_origin
from tirek.catalog.library import Catalog
from tirek.config import Keys
from tirek.domain.instruments import Answer, Subject
from tirek.services import adaptive, administrations, children, runs
from tirek.services.runs import AdministrationKey
from tirek.storage.models import AdaptiveStep, Assignment

AT_ONCE = 4


def asked_of(subject: Subject) -> Catalog:
    """The invented questionnaire, asked of pupils or of their guardians."""
    catalog = catalog_with_short_runs()
    mood = catalog.instruments[NAME]
    changed = replace(mood, structure=replace(mood.structure, subject=subject))
    return replace(catalog, instruments={**catalog.instruments, NAME: changed})


def a_short_world(system: Session, owner: Engine, keys: Keys, subject: Subject) -> World:
    built = a_world(system, asked_of(subject), a_vault(keys))
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
def world(system: Session, owner: Engine, keys: Keys) -> World:
    return a_short_world(system, owner, keys, Subject.CHILD)


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


def test_a_guardian_goes_through_a_shorter_run_too(
    system: Session, owner: Engine, engine: Engine, keys: Keys
) -> None:
    world = a_short_world(system, owner, keys, Subject.PARENT_ABOUT_CHILD)
    assignment = world.school.assignments[NAME].id
    with acting(engine, world, world.school.guardian) as unit:
        child = children.get_child(unit, world.school.pupil.id)
        run = children.begin(unit, child, children.get_asked(unit, child, assignment), "ru")
        key = run.key
        assert len(run.steps) == 1
    asked = []
    item: str | None = run.steps[0]
    while item is not None:
        asked.append(item)
        with acting(engine, world, world.school.guardian) as unit:
            run = runs.load(unit, key)
            given = {item: Answer.read("0" if item == "q9" else "2")}
            administrations.record_responses(unit, run, given)
            page = adaptive.page_after(unit, run, run.pages.index((item,)), run.answers | given)
            item = None if page is None else run.pages[page][0]
            if item is None:
                administrations.complete(unit, run)
    assert asked[-1] == "q9"
    assert len(asked) < 9
    with acting(engine, world, world.school.psychologist) as unit:
        assert adaptive.replay(unit, key).is_equal
