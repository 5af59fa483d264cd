"""No hidden figure can be found again from those that are shown."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from tirek.domain.disclosure import hide_next, hide_small, hide_steps, is_small

COUNTS = st.lists(st.integers(0, 40), min_size=2, max_size=6)


@given(COUNTS)
def test_no_small_cell_is_shown_and_none_stands_alone(counts: list[int]) -> None:
    shown = hide_small(counts)
    assert not any(cell is not None and is_small(cell) for cell in shown)
    hidden = [count for cell, count in zip(shown, counts, strict=True) if cell is None]
    # One hidden cell beside other people could be found by subtraction from the sum.
    assert len(hidden) != 1 or sum(counts) == hidden[0]


@given(COUNTS)
def test_a_funnel_shows_neither_a_small_step_nor_a_small_loss(counts: list[int]) -> None:
    steps = sorted(counts, reverse=True)
    shown = hide_steps(steps)
    seen = [cell for cell in shown if cell is not None]
    assert tuple(seen) == shown[: len(seen)] == tuple(steps[: len(seen)])
    assert not any(is_small(cell) for cell in seen)
    assert not any(is_small(a - b) for a, b in itertools.pairwise(seen))


def test_examples() -> None:
    assert hide_small([3, 20, 9]) == (None, 20, None)
    assert hide_small([0, 20, 9]) == (0, 20, 9)
    assert hide_small([3, 4, 9]) == (None, None, 9)
    assert hide_small([4, 0]) == (None, 0)
    assert hide_steps([50, 47, 20]) == (50, None, None)
    assert hide_steps([50, 30, 0]) == (50, 30, 0)
    assert hide_steps([4, 4]) == (None, None)
    assert hide_next([None, 30, 8], [2, 30, 8]) == (None, 30, None)
    assert hide_next([7, 30, 8], [7, 30, 8]) == (7, 30, 8)
