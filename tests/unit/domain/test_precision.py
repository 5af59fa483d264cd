from fractions import Fraction

import pytest

from tests.builders import a_flag, a_precision, a_scale, an_instrument, answers
from tirek.domain.interpretation import ItemAtLeast, ScaleAtLeast, ScaleAtMost, Sex
from tirek.domain.precision import precision_of, probability_at_least, probability_at_most
from tirek.domain.scoring import ScaleScore, score


def test_a_cut_off_at_the_estimate_is_an_even_chance():
    assert probability_at_least(11, 11, 2) == pytest.approx(0.5)


def test_one_standard_error_past_the_cut_off():
    assert probability_at_least(10, 12, 2) == pytest.approx(0.8413447, abs=1e-7)
    assert probability_at_most(10, 12, 2) == pytest.approx(0.1586553, abs=1e-7)


@pytest.mark.parametrize(("centre", "chance"), [(9, 0), (10, 1), (11, 1)])
def test_without_error_the_score_is_past_the_cut_off_or_not(centre, chance):
    assert probability_at_least(10, centre, 0) == chance


def a_score(value):
    return ScaleScore("total", Fraction(value), None, 6)


def test_a_score_carries_its_interval_and_the_certainty_of_each_cut_off():
    flags = (
        a_flag("high", ScaleAtLeast("total", Fraction(15))),
        a_flag("low", ScaleAtMost("total", Fraction(15))),
        a_flag("other", ScaleAtLeast("elsewhere", Fraction(1))),
        a_flag("item", ItemAtLeast("q1", Fraction(1))),
    )
    instrument = an_instrument(a_scale(items=6), items=6, flags=flags, precision=(a_precision(),))
    found = precision_of(instrument, a_score(18))
    assert found.true_score == pytest.approx(16.08)
    assert [cut_off.flag for cut_off in found.cut_offs] == ["high", "low"]
    assert found.cut_offs[0].probability == pytest.approx(0.70394, abs=1e-4)
    assert sum(cut_off.probability for cut_off in found.cut_offs) == pytest.approx(1)


def test_without_sourced_figures_nothing_is_said():
    assert precision_of(an_instrument(), a_score(5)) is None


def test_without_a_value_nothing_is_said():
    instrument = an_instrument(precision=(a_precision(),))
    (missing,) = score(instrument, answers("1--"))
    assert precision_of(instrument, missing) is None


def test_figures_of_ones_own_sex_win_and_those_of_the_other_never_serve():
    for_girls = a_precision(sex=Sex.FEMALE, mean=Fraction(7))
    instrument = an_instrument(precision=(a_precision(), for_girls))
    assert precision_of(instrument, a_score(5), Sex.FEMALE).basis.mean == 7
    assert precision_of(instrument, a_score(5), Sex.MALE).basis.mean == 6
    assert precision_of(instrument, a_score(5)).basis.mean == 6
    only_girls = an_instrument(precision=(for_girls,))
    assert precision_of(only_girls, a_score(5), Sex.MALE) is None
    assert precision_of(only_girls, a_score(5)) is None
