"""How unusual one sheet is beside many, as the last night counted them."""

from datetime import date
from random import Random

import pytest
from sqlalchemy.orm import Session

from tests.world import World, a_vault, a_world, the_catalog
from tirek.config import Keys
from tirek.domain.instruments import Answer
from tirek.domain.scoring import score
from tirek.domain.standing_cell import Cell, Sheet
from tirek.services import standing_figures
from tirek.services.answer_patterns import Pattern, pattern_of
from tirek.services.standing_figures import Counted

NIGHT = date(2026, 11, 21)
PHQ = the_catalog().instruments["phq-a"]


@pytest.fixture
def world(system: Session, keys: Keys) -> World:
    made = a_world(system, the_catalog(), a_vault(keys), pupils=1)
    system.commit()
    return made


def a_sheet(random: Random) -> Sheet:
    """Somebody who is more or less low, and answers all items alike but for some noise."""
    low = random.random()
    answers = {
        item.id: Answer.read(str(min(3, max(0, round(3 * low + random.gauss(0, 0.6))))))
        for item in PHQ.items[:9]
    }
    return Sheet(answers, score(PHQ, answers), frozenset(), 14)


def count(world: World, sheets: int, language: str = "kk") -> None:
    random = Random(5)  # noqa: S311 - no secret
    cell = Cell.of(PHQ, [a_sheet(random) for _ in range(sheets)], [])
    standing_figures.store(world.unit(), NIGHT, PHQ, [Counted("KZ-10", language, "f", cell)])


def placed(world: World, codes: str, language: str = "kk") -> Pattern | None:
    given = {f"q{n}": Answer.read(code) for n, code in enumerate(codes, 1)}
    return pattern_of(world.unit(), PHQ, language, given)


def test_what_many_answer_is_nearer_than_what_nobody_does(world: World) -> None:
    count(world, 300)
    usual, unusual = placed(world, "111111111"), placed(world, "030303030")
    assert usual is not None
    assert unusual is not None
    assert usual.distance < unusual.distance
    assert unusual.share < 0.01 < usual.share
    assert (usual.sheets, usual.night) == (300, NIGHT)


def test_nothing_is_said_without_a_hundred_others_in_the_same_language(world: World) -> None:
    count(world, 99)
    assert placed(world, "111111111") is None
    assert placed(world, "111111111", "ru") is None


def test_a_sheet_with_a_blank_has_no_place(world: World) -> None:
    count(world, 150)
    assert placed(world, "11111111") is None
    assert placed(world, "111111111") is not None
