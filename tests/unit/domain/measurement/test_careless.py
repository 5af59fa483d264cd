"""All persons at once as one by one: the exact figures of `domain.quality`, and R's definitions."""

from fractions import Fraction
from itertools import groupby

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tests.unit.domain.measurement.real_answers import bfi
from tirek.domain import quality
from tirek.domain.measurement import careless
from tirek.domain.measurement.errors import UnmeasurableError

NAN = float("nan")
CODES = st.one_of(st.integers(0, 3).map(float), st.just(NAN))
SHEETS = hnp.arrays(np.float64, st.tuples(st.integers(1, 12), st.integers(1, 8)), elements=CODES)


def codes_of(row: np.ndarray) -> list[str | None]:
    return [None if np.isnan(value) else str(value) for value in row]


@given(SHEETS)
def test_runs_and_spread_are_those_of_one_person(answers) -> None:
    runs, spread = careless.longstring(answers), careless.irv(answers)
    for row, run, sd in zip(answers, runs, spread, strict=True):
        assert run == quality.longstring(codes_of(row))
        exact = quality.irv([Fraction(value) for value in row if not np.isnan(value)])
        assert (None if np.isnan(sd) else sd) == (
            None if exact is None else pytest.approx(exact, abs=1e-12)
        )


@given(SHEETS)
def test_the_mean_run(answers) -> None:
    for row, mean in zip(answers, careless.average_string(answers), strict=True):
        runs = [len(list(run)) for code, run in groupby(codes_of(row)) if code is not None]
        assert (None if np.isnan(mean) else mean) == (np.mean(runs) if runs else None)


def test_halves_that_agree_are_minus_one_and_halves_that_differ_are_one() -> None:
    steady = [1, 1, 1, 1, 3, 3, 3, 3, 2, 2, 2, 2]
    torn = [1, 3, 1, 3, 3, 1, 3, 1, 2, 2, 2, 2]
    flat = [2] * 12
    found = careless.even_odd(np.array([steady, torn, flat], dtype=float), [4, 4, 4])
    assert found[:2].tolist() == pytest.approx([-1, 1])
    assert np.isnan(found[2])


def test_halves_in_between_are_stepped_up() -> None:
    answers = np.array([[1.0, 2, 2, 1, 3, 3, 4, 6]])
    r = np.corrcoef([1, 2, 3, 4], [2, 1, 3, 6])[0, 1]
    assert careless.even_odd(answers, [2, 2, 2, 2])[0] == pytest.approx(-2 * r / (1 + r))


@pytest.mark.parametrize("sizes", [[3, 3], [1, 4], [], [5, 1, -1]])
def test_scales_that_are_not_the_items_are_refused(sizes) -> None:
    with pytest.raises(UnmeasurableError, match="sizes"):
        careless.even_odd(np.ones((2, 5)), sizes)


def test_synonyms_are_pairs_that_go_together(rng) -> None:
    trait = rng.normal(size=(300, 3))
    answers = np.repeat(trait, 2, axis=1) + rng.normal(scale=0.3, size=(300, 6))
    found, pairs = careless.synonyms(answers)
    assert pairs == [(0, 1), (2, 3), (4, 5)]
    for row, r in zip(answers[:20], found[:20], strict=True):
        assert r == pytest.approx(np.corrcoef(row[[0, 2, 4]], row[[1, 3, 5]])[0, 1])
    assert np.nanmedian(found) > 0.8


def test_without_synonyms_nothing_is_said() -> None:
    found, pairs = careless.synonyms(np.array([[1.0, 2.0], [2.0, 1.0]]))
    assert pairs == []
    assert np.isnan(found).all()


def test_the_distance_is_its_definition_and_ranks_begin_at_the_farthest(rng) -> None:
    answers = rng.normal(size=(200, 4)) @ rng.normal(size=(4, 4))
    found = careless.mahalanobis(answers)
    middle, inverse = answers.mean(axis=0), np.linalg.inv(np.cov(answers.T))
    expected = [(row - middle) @ inverse @ (row - middle) for row in answers]
    assert found == pytest.approx(expected)
    # The distances of a sample from its own middle add up to k (n - 1).
    assert found.sum() == pytest.approx(4 * 199)
    assert careless.ranks(found)[np.argmax(found)] == 1
    assert sorted(careless.ranks(found)) == list(range(1, 201))


def test_equal_distances_share_a_rank_and_blanks_have_none() -> None:
    found = careless.ranks(np.array([2.0, 5.0, 2.0, NAN]))
    assert found.tolist() == [2, 1, 2, 0]


def test_blanks_add_nothing_to_a_distance() -> None:
    answers = bfi("N")
    found = careless.mahalanobis(answers)
    assert not np.isnan(found).any()
    with_nobody = np.vstack([answers, np.full((1, 5), NAN)])
    assert np.isnan(careless.mahalanobis(with_nobody)[-1])
    assert careless.mahalanobis(with_nobody)[:-1] == pytest.approx(found)


def test_items_that_fix_one_another_have_no_distance() -> None:
    for answers in (np.ones((5, 2)), np.repeat([[1.0], [2.0], [4.0]], 2, axis=1)):
        with pytest.raises(UnmeasurableError, match="vary"):
            careless.mahalanobis(answers)


def test_the_bound_is_the_chi_square_quantile() -> None:
    assert careless.chi_square_bound(5) == pytest.approx(20.515, abs=5e-4)


def test_too_fast_is_under_two_seconds_an_answer() -> None:
    fast = careless.is_too_fast([17.9, 18.0, 1.0], [9, 9, 0])
    assert fast.tolist() == [True, False, False]
    assert careless.pace([18.0], [9]).tolist() == [2]
    assert np.isnan(careless.pace([0.0], [0])).all()


def test_speed_is_held_against_the_middle_person() -> None:
    seconds = np.array([[10.0, 20.0], [5.0, 10.0], [20.0, NAN]])
    assert careless.relative_speed(seconds).tolist() == pytest.approx([(1 + 0.75) / 2, 1.75, 0.5])
