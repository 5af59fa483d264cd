import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tirek.domain.measurement.products import cross_products, times

sizes = st.tuples(st.integers(0, 300), st.integers(1, 30), st.integers(1, 60))


@given(sizes, st.integers(0, 9))
def test_blocks_give_what_the_whole_gives(shape, seed):
    rows, inner, outer = shape
    rng = np.random.default_rng(seed)
    left, table, right = (
        rng.normal(size=size) for size in ((rows, inner), (inner, outer), (rows, outer))
    )
    assert times(left, table) == pytest.approx(left @ table, abs=1e-10)
    assert cross_products(left, right) == pytest.approx(left.T @ right, abs=1e-10)


def test_a_table_too_wide_for_blocks_is_taken_whole():
    rng = np.random.default_rng(1)
    left, table, right = (rng.normal(size=size) for size in ((50, 300), (300, 121), (50, 121)))
    assert times(left, table) == pytest.approx(left @ table)
    assert cross_products(left, right) == pytest.approx(left.T @ right)
