"""A shorter run in browsers without JavaScript: chosen, gone back on, resumed, computed again.

The questionnaire is invented (tests/data/short_runs): no instrument of the product is calibrated.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import Engine, select, text, update
from sqlalchemy.orm import Session

from tests.functional.browser import Browser, Page
from tests.short_runs import NAME, catalog_with_short_runs
from tests.world import World, a_vault, a_world
from tirek.config import Keys
from tirek.domain.errors import NotFoundError
from tirek.services import adaptive
from tirek.services.assignments import NotShortError, Wish, plan
from tirek.services.runs import AdministrationKey
from tirek.storage.models import (
    AdaptiveStep,
    Administration,
    Assignment,
    FlagRecord,
    ReviewTask,
    Score,
)
from tirek.storage.session import app_engine
from tirek.web.transaction import EXTENSION, Plant

NewBrowser = Callable[..., Browser]


@pytest.fixture
def app(built: Flask, database_url: str) -> Iterator[Flask]:
    """The application with the invented questionnaire in its catalog."""
    plant: Plant = built.extensions[EXTENSION]
    engine = app_engine(database_url)
    built.extensions[EXTENSION] = replace(plant, engine=engine, catalog=catalog_with_short_runs())
    yield built
    built.extensions[EXTENSION] = plant
    engine.dispose()


@pytest.fixture
def world(app: Flask, system: Session, owner: Engine, keys: Keys) -> World:
    """A school whose class is asked the invented questionnaire in its short form."""
    made = a_world(system, catalog_with_short_runs(), a_vault(keys))
    system.commit()
    # Nobody in the application may change it afterwards.
    with owner.begin() as connection:
        connection.execute(
            update(Assignment)
            .where(Assignment.id == made.school.assignments[NAME].id)
            .values(is_short=True)
        )
    system.expire_all()
    return made


def begin(world: World, browser: Browser) -> Page:
    page = browser.submit(browser.open(f"/{browser.lang}/s"), code=world.school.pupil.codes[NAME])
    return browser.submit(page)


def item_of(page: Page) -> str:
    (item,) = [one["id"].removesuffix("-item") for one in page.html.select("fieldset.item")]
    return item


def answer(browser: Browser, page: Page, code: str, step: str = "next") -> Page:
    return browser.submit(page, step=step, **{item_of(page): code})


def to_the_end(browser: Browser, page: Page, code: str = "2") -> list[str]:
    """Answer until thanks; the critical question is answered with no. Returns what was asked."""
    asked = []
    while not page.url.endswith("/s/thanks"):
        asked.append(item_of(page))
        page = answer(browser, page, "0" if asked[-1] == "q9" else code)
    return asked


def the_key(system: Session) -> AdministrationKey:
    system.rollback()
    row = system.execute(
        select(Administration.school_year, Administration.id).where(
            Administration.instrument_id == NAME
        )
    ).one()
    return AdministrationKey(row.school_year, row.id)


def steps(system: Session) -> list[AdaptiveStep]:
    system.rollback()
    return [*system.scalars(select(AdaptiveStep).order_by(AdaptiveStep.step))]


def scores(system: Session) -> dict[str, Score]:
    system.rollback()
    return {one.scale: one for one in system.scalars(select(Score))}


def test_fewer_questions_are_asked_the_critical_one_among_them(
    world: World, browser: NewBrowser, system: Session
) -> None:
    pupil = browser()
    page = begin(world, pupil)
    assert page.h1 == "Question 1 of at most 6"
    asked = to_the_end(pupil, page)
    assert len(asked) == len({*asked}) < 9
    assert asked[-1] == "q9"
    rows = steps(system)
    assert [row.item_id for row in rows] == [*asked, None]
    assert rows[0].why == "start"
    assert rows[-2].why == "always"
    assert rows[-1].why in {"precise", "most"}
    found = scores(system)
    assert (found["total"].state, found["total"].reason) == ("not_computable", "not_asked")
    assert found["trait"].value is not None
    assert found["trait"].error is not None
    assert 0 < found["trait"].error < 1
    assert system.scalars(select(ReviewTask)).all() == []


def test_answers_decide_what_comes_next(world: World, browser: NewBrowser, system: Session) -> None:
    low = browser()
    first = begin(world, low)
    start = item_of(first)
    after_low = item_of(answer(low, first, "0"))
    back = low.open(f"/en/s/page/{int(start[1:])}")
    assert item_of(back) == start
    # What was chosen once stays asked, whatever the first answer becomes.
    assert item_of(answer(low, back, "3")) == after_low


def test_the_stored_run_computed_again_is_the_stored_run(
    world: World, browser: NewBrowser, system: Session
) -> None:
    pupil = browser()
    asked = to_the_end(pupil, begin(world, pupil), "3")
    key = the_key(system)
    for actor in (world.school.psychologist.actor, world.school.pupil.actor):
        again = adaptive.replay(world.unit(actor), key)
        assert (again.is_equal, again.differences) == (True, ())
        assert again.steps == len(asked) + 1


def test_after_going_back_it_still_is(world: World, browser: NewBrowser, system: Session) -> None:
    pupil = browser()
    page = begin(world, pupil)
    page = answer(pupil, page, "0")
    page = answer(pupil, page, "0", step="back")
    page = answer(pupil, page, "3")
    to_the_end(pupil, page, "1")
    assert adaptive.replay(world.unit(), the_key(system)).differences == ()


def test_a_forged_choice_or_answer_is_found(
    world: World, browser: NewBrowser, system: Session, owner: Engine
) -> None:
    pupil = browser()
    asked = to_the_end(pupil, begin(world, pupil))
    key = the_key(system)
    other = next(f"q{n}" for n in range(1, 9) if f"q{n}" not in asked)
    with owner.begin() as connection:
        connection.execute(text("ALTER TABLE adaptive_steps DISABLE TRIGGER USER"))
        connection.execute(
            text("UPDATE adaptive_steps SET item_id = :other WHERE step = 1"), {"other": other}
        )
    found = adaptive.replay(world.unit(), key).differences
    assert f"step 1: item is {other}, computed again {asked[1]}" in found
    with owner.begin() as connection:
        connection.execute(
            text("UPDATE adaptive_steps SET item_id = :it WHERE step = 1"), {"it": asked[1]}
        )
        connection.execute(text("ALTER TABLE responses DISABLE TRIGGER USER"))
        connection.execute(text("DELETE FROM responses WHERE item_id = :it"), {"it": asked[0]})
    (said,) = adaptive.replay(world.unit(), key).differences
    assert said.endswith("it rests on other answers than the stored ones")


def test_other_parameters_replay_nothing(
    world: World, browser: NewBrowser, system: Session, owner: Engine
) -> None:
    pupil = browser()
    to_the_end(pupil, begin(world, pupil))
    key = the_key(system)
    with owner.begin() as connection:
        connection.execute(text("ALTER TABLE adaptive_steps DISABLE TRIGGER USER"))
        connection.execute(text("UPDATE adaptive_steps SET parameters_hash = 'other'"))
    with pytest.raises(NotFoundError):
        adaptive.replay(world.unit(), key)


def test_it_goes_on_where_it_was_on_another_device(
    world: World, browser: NewBrowser, system: Session
) -> None:
    one = browser()
    page = answer(one, begin(world, one), "2")
    waiting = item_of(page)
    other = browser("ru")
    page = other.submit(other.open("/ru/s"), code=world.school.pupil.codes[NAME])
    assert item_of(page) == waiting
    # An abandoned page adds no choice.
    assert [row.item_id for row in steps(system)][-1] == waiting
    to_the_end(other, page)
    assert adaptive.replay(world.unit(), the_key(system)).is_equal


def test_two_tabs_choose_one_question(world: World, browser: NewBrowser, system: Session) -> None:
    pupil = browser()
    first = begin(world, pupil)
    # The same page sent twice: a double press, or two tabs.
    one, two = answer(pupil, first, "2"), answer(pupil, first, "2")
    assert item_of(one) == item_of(two)
    assert len(steps(system)) == 2
    answer(pupil, one, "1")
    to_the_end(pupil, answer(pupil, two, "1"))
    assert adaptive.replay(world.unit(), the_key(system)).is_equal


def test_a_question_that_was_not_chosen_is_not_shown(
    world: World, browser: NewBrowser, system: Session
) -> None:
    pupil = browser()
    page = begin(world, pupil)
    chosen = item_of(page)
    for number in range(1, 10):
        assert item_of(pupil.open(f"/en/s/page/{number}")) == chosen
    assert len(steps(system)) == 1


def test_the_critical_answer_acts_at_once_in_a_shorter_run_too(
    world: World, browser: NewBrowser, system: Session
) -> None:
    pupil = browser()
    page = begin(world, pupil)
    while item_of(page) != "q9":
        page = answer(pupil, page, "0")
    pupil.submit(page, step="stop", q9="1")
    system.rollback()
    assert system.scalars(select(FlagRecord.code)).all() == ["harm"]
    # It stopped there, so nothing was scored and the last choice has no end.
    assert scores(system) == {}
    assert steps(system)[-1].item_id == "q9"
    assert adaptive.replay(world.unit(), the_key(system)).is_equal


def test_blanks_do_not_stop_the_choosing(
    world: World, browser: NewBrowser, system: Session
) -> None:
    pupil = browser()
    page = begin(world, pupil)
    asked = []
    while not page.url.endswith("/s/thanks"):
        asked.append(item_of(page))
        page = answer(pupil, page, "declined")
    assert len(asked) == 6
    found = scores(system)
    assert found["trait"].reason == "too_many_missing"
    assert {task.reason for task in system.scalars(select(ReviewTask))} == {
        "notScored",
        "harmUnanswered",
    }


def test_what_the_school_reads(world: World, browser: NewBrowser, system: Session) -> None:
    pupil = browser()
    to_the_end(pupil, begin(world, pupil))
    key = the_key(system)
    staff = browser().sign_in(world.school.psychologist)
    page = staff.open(f"/en/school/results/{key.school_year}/{key.id}")
    total, trait = page.rows("Scores")
    assert total[1] == "No sum: fewer questions were asked, and none is filled in."
    found = scores(system)["trait"]
    assert found.value is not None
    assert found.error is not None
    assert trait[1] == f"{_plain(found.value)}, standard error {_plain(found.error)}"
    listed = staff.open(f"/en/school/assignments/{world.school.assignments[NAME].id}")
    assert "Fewer: each answer chooses the next one" in listed.text


def _plain(value: Decimal) -> str:
    """As pages write it, to two places."""
    return f"{round(value, 2).normalize():f}"


def test_only_what_is_calibrated_may_be_assigned_short(world: World, system: Session) -> None:
    unit = world.unit(world.school.psychologist.actor)
    window = world.campaign.starts_at, world.campaign.ends_at
    with pytest.raises(NotShortError):
        plan(unit, Wish(world.school.classroom.id, "phq-a", *window, is_short=True))


def test_the_form_offers_it_only_for_what_is_calibrated(world: World, browser: NewBrowser) -> None:
    page = browser().sign_in(world.school.psychologist).open("/en/school/assignments/new")
    assert "Ask fewer questions" in page.text
    assert "Only for: SHORT-MOOD" in page.text


def test_steps_are_sealed_and_another_school_sees_none(
    world: World, browser: NewBrowser, system: Session
) -> None:
    pupil = browser()
    to_the_end(pupil, begin(world, pupil))
    for row in steps(system):
        assert b"theta" not in row.sealed


def test_an_answer_is_kept_and_acts_where_nothing_more_can_be_chosen(
    app: Flask, world: World, browser: NewBrowser, system: Session
) -> None:
    """The questionnaire's files lost their plan while somebody was at it."""
    pupil = browser()
    page = begin(world, pupil)
    while item_of(page) != "q9":
        page = answer(pupil, page, "0")
    plant: Plant = app.extensions[EXTENSION]
    known = plant.catalog.instruments[NAME]
    without = replace(known, scoring=replace(known.scoring, short=None))
    others = {**plant.catalog.instruments, NAME: without}
    app.extensions[EXTENSION] = replace(plant, catalog=replace(plant.catalog, instruments=others))
    assert answer(pupil, page, "1").url.endswith("/s/thanks")
    system.rollback()
    assert system.scalars(select(FlagRecord.code)).all() == ["harm"]
    assert "scoring_failed" in {task.reason for task in system.scalars(select(ReviewTask))}
