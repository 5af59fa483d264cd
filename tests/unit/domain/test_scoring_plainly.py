"""The engine takes short cuts; every one of them must end where the plain way ends."""

import random
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import a_scale, an_instrument, answered
from tests.unit.domain.plain_scoring import plain_scores
from tests.unit.domain.test_scoring_properties import ITEMS, partial, scales
from tests.world import the_catalog
from tirek.domain import exact
from tirek.domain.instruments import Answer, Option, UnknownItemError, UnknownOptionError
from tirek.domain.scales import Method
from tirek.domain.scoring import score

FRACTIONS = st.fractions(-50, 50, max_denominator=12)
WEIGHTS = st.lists(FRACTIONS, min_size=4, max_size=4)


@given(st.lists(FRACTIONS, max_size=12))
def test_a_sum_is_the_sum(values) -> None:
    assert exact.total(values) == sum(values, Fraction(0))
    assert isinstance(exact.total(values), Fraction)


@given(FRACTIONS, FRACTIONS)
def test_a_comparison_is_the_comparison(value, bound) -> None:
    assert exact.is_at_least(value, bound) is (value >= bound)
    assert exact.is_at_least(value, value)


@given(FRACTIONS)
def test_half_up_is_the_floor_of_half_more(value) -> None:
    assert exact.half_up(value) == Fraction((value + Fraction(1, 2)) // 1)


@given(scales(), partial, WEIGHTS)
def test_any_scale_of_any_weights(scale, sheet, weights) -> None:
    plain = an_instrument(replace(scale, lowest=Fraction(-400), highest=Fraction(400)), items=ITEMS)
    options = tuple(Option(str(code), weight) for code, weight in enumerate(weights))
    sets = dict.fromkeys(plain.structure.option_sets, options)
    instrument = replace(plain, structure=replace(plain.structure, option_sets=sets))
    assert score(instrument, sheet) == plain_scores(instrument, sheet)


RELEASES = sorted(the_catalog().instruments)


@pytest.mark.parametrize("name", RELEASES)
def test_every_instrument_of_ours(name) -> None:
    instrument = the_catalog().instruments[name]
    if any(scale.method is Method.IRT_EAP for scale in instrument.scoring.scales):
        pytest.skip("an estimate is no sum: see test_calibration")
    chance = random.Random(name)  # noqa: S311 - answers, not secrets
    for share in (0, 0.05, 0.3) * 40:
        sheet = {
            item.id: blank(chance)
            if chance.random() < share
            else answered(chance.choice(instrument.options(item.id)).code)
            for item in instrument.items
        }
        assert score(instrument, sheet) == plain_scores(instrument, sheet)


def blank(chance: random.Random) -> Answer:
    return Answer.read(chance.choice([None, "declined", "unseen"]))


def test_what_the_instrument_does_not_have_is_refused_as_before() -> None:
    instrument = an_instrument()
    with pytest.raises(UnknownItemError, match="moods has no item q9"):
        score(instrument, {"q9": answered(1)})
    with pytest.raises(UnknownItemError, match="moods has no item q9"):
        score(instrument, {"q9": Answer.read(None)})
    with pytest.raises(UnknownOptionError, match="moods q1 has no option '7'"):
        score(instrument, {"q1": answered(7)})


def test_an_instrument_made_from_another_looks_up_its_own_items() -> None:
    small = an_instrument()
    structure = an_instrument(items=5).structure
    large = replace(
        small, structure=structure, scoring=replace(small.scoring, scales=(a_scale(items=5),))
    )
    assert [item.id for item in large.scored_items] == ["q1", "q2", "q3", "q4", "q5"]
    assert large.weight("q5", answered(2)) == 2
    assert large != small
    assert replace(small) == small
