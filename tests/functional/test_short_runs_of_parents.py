"""A parent answers fewer questions about a child, on pages without JavaScript.

The questionnaire is invented (tests/data/short_runs): no instrument of the product is calibrated.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from tests.functional.browser import Browser, Page
from tests.short_runs import NAME, asked_of
from tests.world import World, a_vault, a_world
from tirek.config import Keys
from tirek.domain.instruments import Subject
from tirek.services import adaptive
from tirek.services.runs import AdministrationKey
from tirek.storage.models import AdaptiveStep, Administration, Assignment, FlagRecord, Score
from tirek.storage.session import app_engine
from tirek.web.transaction import EXTENSION, Plant

NewBrowser = Callable[..., Browser]


@pytest.fixture
def app(built: Flask, database_url: str) -> Iterator[Flask]:
    """The application with the invented questionnaire in its catalog, asked of parents."""
    plant: Plant = built.extensions[EXTENSION]
    engine = app_engine(database_url)
    catalog = asked_of(Subject.PARENT_ABOUT_CHILD)
    built.extensions[EXTENSION] = replace(plant, engine=engine, catalog=catalog)
    yield built
    built.extensions[EXTENSION] = plant
    engine.dispose()


@pytest.fixture
def world(app: Flask, system: Session, owner: Engine, keys: Keys) -> World:
    """A school whose parents are asked the invented questionnaire in its short form."""
    made = a_world(system, asked_of(Subject.PARENT_ABOUT_CHILD), a_vault(keys))
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


def item_of(page: Page) -> str:
    (item,) = [one["id"].removesuffix("-item") for one in page.html.select("fieldset.item")]
    return item


def answer(parent: Browser, page: Page, code: str) -> Page:
    return parent.submit(page, step="next", **{item_of(page): code})


def steps(system: Session) -> list[str | None]:
    system.rollback()
    return [*system.scalars(select(AdaptiveStep.item_id).order_by(AdaptiveStep.step))]


def to_the_end(parent: Browser, page: Page) -> list[str]:
    """Answer until thanks, the critical question with no; the last button is pressed twice."""
    asked = []
    while "/page/" in page.url:
        last = page
        asked.append(item_of(page))
        page = answer(parent, page, "0" if asked[-1] == "q9" else "3")
    assert page.url.endswith("/done")
    assert answer(parent, last, "0").url.endswith("/done")
    return asked


def test_a_parent_goes_through_it_choice_by_choice(
    world: World, browser: NewBrowser, system: Session
) -> None:
    parent = browser().sign_in(world.school.guardian)
    start = (
        f"/en/parent/children/{world.school.pupil.id}/questionnaires/"
        f"{world.school.assignments[NAME].id}"
    )
    first = parent.submit(parent.open(start))
    assert first.h1 == "Question 1 of at most 6"
    second = answer(parent, first, "0")
    # The same page sent twice, and an old tab that sends it once more: one choice.
    assert item_of(answer(parent, first, "0")) == item_of(second)
    assert steps(system) == [item_of(first), item_of(second)]

    back = parent.submit(second, step="back")
    assert item_of(back) == item_of(first)
    assert back.html.select_one(f"#{item_of(first)}-0[checked]")
    # Another answer now: what was chosen before stays asked.
    page = answer(parent, back, "3")
    assert item_of(page) == item_of(second)

    # A break, and on from the question that waits; one that was not chosen has no page.
    parent.submit(page, step="later")
    page = parent.submit(parent.open(start))
    assert item_of(page) == item_of(second)
    assert {item_of(parent.open(f"{start}/page/{number}")) for number in range(1, 10)} == {
        item_of(first),
        item_of(second),
    }

    asked = [item_of(first), *to_the_end(parent, page)]
    assert asked[-1] == "q9"
    assert len({*asked}) == len(asked) < 9
    assert steps(system) == [*asked, None]

    run = system.scalars(select(Administration)).one()
    assert (run.respondent, run.is_short, run.state) == ("guardian", True, "completed")
    found = {one.scale: one for one in system.scalars(select(Score))}
    assert (found["total"].state, found["total"].reason) == ("not_computable", "not_asked")
    assert found["trait"].value is not None
    # The question about harm was answered with no.
    assert "harm" not in system.scalars(select(FlagRecord.code)).all()
    again = adaptive.replay(
        world.unit(world.school.psychologist.actor), AdministrationKey(run.school_year, run.id)
    )
    assert (again.differences, again.steps) == ((), len(asked) + 1)
