"""What comes between two choices of a shorter run: another tab, other people, a new release."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from shutil import copytree
from threading import Barrier

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from tests.builders_referral import acting
from tests.short_runs import FOLDER, NAME, asked_of
from tests.world import World, a_vault, a_world, an_origin
from tirek.catalog.instrument_files import read_files
from tirek.catalog.library import Catalog
from tirek.config import Keys
from tirek.domain.errors import NotFoundError
from tirek.domain.instruments import Answer, Subject
from tirek.services import adaptive, administrations, children, runs
from tirek.services.instruments import register_releases
from tirek.services.runs import AdministrationKey
from tirek.storage.models import AdaptiveStep, Assignment, FlagRecord, ReviewTask, Score

AT_ONCE = 4


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


def with_other_parameters(catalog: Catalog, folder: Path) -> Catalog:
    """The same questions with a key that was calibrated anew."""
    copied = folder / NAME / "1"
    copytree(FOLDER / NAME / "1", copied)
    (copied / "release.yaml").unlink()
    key = copied / "scoring.yaml"
    text = key.read_text().replace('version: "1.0.0"', 'version: "2.0.0"')
    key.write_text(text.replace("a: 2.4", "a: 0.4").replace("a: 1.1", "a: 2.9"))
    files, findings = read_files(copied)
    assert files is not None, findings
    return replace(catalog, instruments={**catalog.instruments, NAME: files.instrument})


def begin(world: World, engine: Engine) -> AdministrationKey:
    """Choose the first question of the pupil's run, and answer it."""
    code = world.school.pupil.codes[NAME]
    entry = administrations.open_by_code(world.unit(), code, an_origin(), "kk")
    world.session.commit()
    with acting(engine, world, world.school.pupil.actor) as unit:
        administrations.start(unit, runs.load(unit, entry.key), "kk")
    with acting(engine, world, world.school.pupil.actor) as unit:
        run = runs.load(unit, entry.key)
        administrations.record_responses(unit, run, {run.steps[0]: Answer.read("2")})
    return entry.key


def go_on(world: World, engine: Engine, key: AdministrationKey) -> list[str]:
    """Answer what is chosen until nothing more is; to the critical question it is a yes."""
    asked: list[str] = []
    item: str | None = None
    while True:
        with acting(engine, world, world.school.pupil.actor) as unit:
            run = runs.load(unit, key)
            if item is not None:
                administrations.record_responses(unit, run, {item: Answer.read("1")})
            item = adaptive.choose(unit, run)
            if item is None:
                administrations.complete(unit, run)
                return asked
            asked.append(item)


@pytest.fixture
def begun(world: World, engine: Engine) -> AdministrationKey:
    return begin(world, engine)


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


def test_a_run_ends_with_the_parameters_with_which_it_began(
    world: World, engine: Engine, begun: AdministrationKey, system: Session, tmp_path: Path
) -> None:
    old = world.catalog.instruments[NAME].hashes
    later = replace(world, catalog=with_other_parameters(world.catalog, tmp_path))
    new = later.catalog.instruments[NAME].hashes
    assert (new.structure, new.scoring != old.scoring) == (old.structure, True)
    assert register_releases(system, later.catalog) == 1
    system.commit()
    assert go_on(later, engine, begun)[-1] == "q9"
    pinned = system.scalars(select(AdaptiveStep.parameters_hash).distinct()).all()
    assert pinned == [old.scoring]
    rows = system.execute(select(Score.scoring_hash, Score.interpretation_hash).distinct()).all()
    assert [tuple(row) for row in rows] == [(old.scoring, old.interpretation)]
    assert system.scalars(select(FlagRecord.code)).all() == ["harm"]
    assert system.scalars(select(ReviewTask)).all() == []
    with acting(engine, later, world.school.psychologist.actor) as unit:
        assert adaptive.replay(unit, begun).is_equal


def test_a_run_whose_parameters_cannot_be_read_ends_with_what_is_always_asked(
    world: World, engine: Engine, system: Session, tmp_path: Path
) -> None:
    # They were deployed and taken back before anybody registered them.
    shortly = replace(world, catalog=with_other_parameters(world.catalog, tmp_path))
    key = begin(shortly, engine)
    # Nothing is chosen any more, but what is asked of everybody is asked, and acts.
    assert go_on(world, engine, key) == ["q9"]
    assert system.scalars(select(FlagRecord.code)).all() == ["harm"]
    assert "scoring_failed" in {task.reason for task in system.scalars(select(ReviewTask))}
    with acting(engine, world, world.school.psychologist.actor) as unit:
        run = runs.load(unit, key)
        with pytest.raises(NotFoundError):
            adaptive.replay(unit, key)
    assert (run.is_open, [*run.answers]) == (False, [*run.steps])


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
