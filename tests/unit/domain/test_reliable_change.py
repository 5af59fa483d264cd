"""Change is named only where the instrument's own precision says how much is noise."""

from fractions import Fraction

import pytest

from tests.builders import a_precision, a_scale, an_instrument
from tests.world import the_catalog
from tirek.domain.interpretation import Sex
from tirek.domain.reliable_change import Change, basis_of, judge, moved
from tirek.domain.scales import Worse


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (12, 5, Change.BETTER),
        (5, 12, Change.HARDER),
        (12, 6, Change.TOO_SMALL_TO_TELL),
        (6, 6, Change.TOO_SMALL_TO_TELL),
        (None, 6, Change.CANNOT_SAY),
        (6, None, Change.CANNOT_SAY),
    ],
)
def test_where_high_is_hard(before: float | None, after: float | None, said: Change) -> None:
    instrument = an_instrument(precision=(a_precision(),))
    assert judge(instrument, "total", before, after) is said


def test_where_high_is_strong_more_is_better() -> None:
    scale = a_scale(worse=Worse.LOW)
    instrument = an_instrument(scale, precision=(a_precision(),))
    assert judge(instrument, "total", 1, 9) is Change.BETTER
    assert judge(instrument, "total", 9, 1) is Change.HARDER


def test_without_published_figures_nothing_is_said() -> None:
    assert judge(an_instrument(), "total", 0, 9) is Change.CANNOT_SAY


def test_a_retest_says_more_of_change_than_consistency_and_one_sex_serves_nobody_else() -> None:
    alpha, retest = a_precision(reliability_kind="alpha"), a_precision()
    assert basis_of(an_instrument(precision=(alpha, retest)), "total") == retest
    girls = an_instrument(precision=(a_precision(sex=Sex.FEMALE),))
    assert basis_of(girls, "total") is None
    assert basis_of(girls, "total", Sex.MALE) is None
    assert basis_of(girls, "total", Sex.FEMALE) is not None


def test_an_alpha_alone_says_nothing_of_change() -> None:
    only_alpha = an_instrument(precision=(a_precision(reliability_kind="alpha"),))
    found = moved(only_alpha, "total", 1, 9)
    assert (found.change, found.difference, found.index) == (Change.CANNOT_SAY, 8, None)


def test_the_worked_example() -> None:
    # reference: instruments §6.8; and what the parent's PSC-17 ships with (Murphy 2016).
    figures = a_precision(sd=Fraction("5.5"), reliability=Fraction("0.84"))
    found = moved(an_instrument(a_scale(items=9), precision=(figures,)), "total", 18, 10)
    assert found.index == pytest.approx(-2.571297, abs=1e-6)
    assert found.needed == pytest.approx(6.098089, abs=1e-6)
    psc = the_catalog().instruments["psc-17-p"]
    assert moved(psc, "total", 16, 10).change is Change.TOO_SMALL_TO_TELL
    assert moved(psc, "total", 17, 10).change is Change.BETTER
    assert moved(psc, "internalising", 9, 1).change is Change.CANNOT_SAY


def test_no_instrument_for_parents_claims_to_know() -> None:
    for name in ("parent-attitudes", "parental-stress", "apq-9"):
        instrument = the_catalog().instruments[name]
        for scale in instrument.scoring.scales:
            assert judge(instrument, scale.id, 5, 15) is Change.CANNOT_SAY
