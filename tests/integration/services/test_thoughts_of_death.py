"""RCADS-25, item 18: a person looks from "sometimes" on, the same day from "often" on.

The item is keyed to anxiety and raises nothing through a score: here it is followed to the desk.
"""

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from tests.builders_about import given
from tests.builders_licences import a_licence, an_administrator
from tests.builders_referral import a_pupil_answers, acting, legs
from tests.world import World, a_vault, a_world, the_catalog
from tirek.config import Keys
from tirek.services import administrations, children
from tirek.storage.models import ReviewTask

# What the answer means, and at which desks it lies the moment it is given.
SAID = [
    ("0", []),
    ("1", [("school", "medium")]),
    ("2", [("support_center", "immediate")]),
    ("3", [("support_center", "immediate")]),
]


@pytest.fixture
def world(system: Session, keys: Keys) -> World:
    made = a_world(system, the_catalog(), a_vault(keys))
    adult = an_administrator(made)
    for instrument in ("rcads-25", "rcads-25-p"):
        a_licence(made.unit(adult.actor), instrument)
    system.commit()
    return made


def desks(system: Session, world: World) -> list[tuple[str, str]]:
    return [(leg.receiver, leg.level) for leg in legs(system, world.school.pupil)]


@pytest.mark.parametrize(("code", "expected"), SAID)
def test_a_pupils_answer_acts_at_once(
    engine: Engine, world: World, system: Session, code: str, expected: list[tuple[str, str]]
) -> None:
    a_pupil_answers(engine, world, {"q18": code}, instrument="rcads-25")
    assert desks(system, world) == expected


@pytest.mark.parametrize(("code", "expected"), SAID)
def test_a_parents_answer_about_the_child_acts_at_once(
    engine: Engine, world: World, system: Session, code: str, expected: list[tuple[str, str]]
) -> None:
    with acting(engine, world, world.school.guardian) as unit:
        child = children.get_child(unit, world.school.pupil.id)
        asked = children.get_asked(unit, child, world.school.assignments["rcads-25-p"].id)
        run = children.begin(unit, child, asked, "kk")
        administrations.record_responses(unit, run, given(q18=code))
    assert desks(system, world) == expected


def test_everything_else_at_its_worst_refers_nobody_and_a_blank_is_looked_at(
    engine: Engine, world: World, system: Session
) -> None:
    others = {f"q{number}": "3" for number in range(1, 26) if number != 18}
    a_pupil_answers(engine, world, others, instrument="rcads-25", to_the_end=True)
    assert desks(system, world) == []
    assert system.scalars(select(ReviewTask.reason)).all() == ["deathThoughtsUnanswered"]
