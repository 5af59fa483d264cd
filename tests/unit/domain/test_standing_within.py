"""Kazakh against Russian inside a school: by hand, and schools add up."""

from random import Random

import pytest

from tests.builders_measured import honest
from tests.world import the_catalog
from tirek.domain.measurement.answer_counts import StratifiedTable
from tirek.domain.measurement.mantel import ordinal_mantel
from tirek.domain.scoring import score
from tirek.domain.standing_cell import Cell, Sheet, added
from tirek.domain.standing_figures import dif_of
from tirek.domain.standing_within import UNIT, effect, of_school

GAD = the_catalog().instruments["gad-7"]


def cell(number: int, seed: int) -> Cell:
    chance = Random(seed)  # noqa: S311
    given = [honest(chance, GAD, "kk") for _ in range(number)]
    return Cell.of(GAD, [Sheet(one, score(GAD, one), frozenset(), 14) for one in given])


def test_one_school_alone_says_what_mantel_says() -> None:
    kazakh, russian = cell(300, 1), cell(280, 2)
    parts = of_school(GAD, kazakh, russian)["total"]
    whole = dif_of(GAD.scale("total"), {"KZ-71": kazakh}, {"KZ-71": russian})
    for item in GAD.scale("total").items:
        assert effect(parts[item], whole[item]["sd"]) == pytest.approx(
            whole[item]["effect"], abs=1e-6
        )


def test_schools_add_up_in_any_order() -> None:
    schools = [of_school(GAD, cell(40, at), cell(40, at + 100)) for at in range(6)]
    forward, backward = schools[0], schools[-1]
    for one in schools[1:]:
        forward = added(forward, one)
    for one in reversed(schools[:-1]):
        backward = added(backward, one)
    assert forward == backward


def test_too_few_of_either_language_say_nothing() -> None:
    parts = {"kk": 200, "ru": 200, "difference": UNIT}
    assert effect(parts, 0.5) == 0.01
    assert effect(parts | {"ru": 199}, 0.5) is None
    assert effect(parts, 0.0) is None


def test_the_tables_are_those_of_the_measurement() -> None:
    table = StratifiedTable.of({1.0: {0.0: 3, 1.0: 3}}, {1.0: {0.0: 1, 1.0: 5}})
    assert ordinal_mantel(table).smd == pytest.approx(5 / 6 - 0.5)
