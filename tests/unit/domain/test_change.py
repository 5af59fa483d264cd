"""A change of a group is described by hand-computed figures, or not at all."""

from decimal import Decimal

import pytest

from tirek.domain.change import change_of

# Ten people; differences 2,0,1,3,-1,2,1,0,4,2: mean 1.4, sum of squares about it 20.4.
PAIRS = [(Decimal(10), Decimal(10 + d)) for d in (2, 0, 1, 3, -1, 2, 1, 0, 4, 2)]


def test_figures_by_hand() -> None:
    change = change_of(PAIRS)
    assert change is not None
    assert (change.pairs, change.before, change.after) == (10, 10.0, 11.4)
    # sd = sqrt(20.4 / 9) = 1.50555; margin = 1.96 * sd / sqrt(10) = 0.93315
    assert change.mean == pytest.approx(1.4)
    assert change.low == pytest.approx(1.4 - 0.93315, abs=1e-5)
    assert change.high == pytest.approx(1.4 + 0.93315, abs=1e-5)


def test_nine_people_are_not_described() -> None:
    assert change_of(PAIRS[:9]) is None
