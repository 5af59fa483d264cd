"""Sums of parts are the sum of the whole, to the last bit."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tirek.domain.measurement.errors import UnmeasurableError
from tirek.domain.measurement.summaries import BLOCK, CrossProducts

ITEMS = ("q1", "q2", "q3")
WHOLE = st.one_of(st.integers(-3, 6).map(float), st.just(float("nan")))
SHEETS = hnp.arrays(np.float64, st.tuples(st.integers(0, 30), st.just(3)), elements=WHOLE)


def same(one: CrossProducts, other: CrossProducts) -> bool:
    return json.dumps(one.as_json()) == json.dumps(other.as_json())


@given(SHEETS, st.data())
def test_any_partition_merged_in_any_order_is_the_whole(answers, data) -> None:
    parts = data.draw(st.lists(st.integers(0, 3), min_size=len(answers), max_size=len(answers)))
    order = data.draw(st.permutations(range(4)))
    merged = CrossProducts.of(ITEMS, np.empty((0, 3)))
    for part in order:
        merged = merged.merge(CrossProducts.of(ITEMS, answers[np.array(parts, dtype=int) == part]))
    assert same(merged, CrossProducts.of(ITEMS, answers))


@given(SHEETS)
def test_stored_and_read_back_it_is_the_same(answers) -> None:
    sums = CrossProducts.of(ITEMS, answers)
    assert same(CrossProducts.from_json(json.loads(json.dumps(sums.as_json()))), sums)


def test_covariances_are_those_of_numpy(rng: np.random.Generator) -> None:
    answers = rng.normal(100, 15, (500, 3))
    found = CrossProducts.of(ITEMS, answers)
    assert found.covariances() == pytest.approx(np.cov(answers.T), rel=1e-9)
    assert found.pairwise_covariances() == pytest.approx(np.cov(answers.T), rel=1e-9)


def test_pairwise_covariances_use_whoever_answered_both(rng: np.random.Generator) -> None:
    answers = rng.integers(0, 4, (400, 3)).astype(float)
    answers[rng.random((400, 3)) < 0.2] = np.nan
    found = CrossProducts.of(ITEMS, answers).pairwise_covariances()
    for one in range(3):
        for other in range(3):
            both = answers[~np.isnan(answers[:, [one, other]]).any(axis=1)]
            expected = np.cov(both[:, one], both[:, other])[0, 1]
            assert found[one, other] == pytest.approx(expected, abs=1e-12)


def test_large_codes_lose_no_digit(rng: np.random.Generator) -> None:
    """Far from zero a sum of squares in doubles would keep no digit of the variance."""
    codes = rng.integers(0, 2, (3 * BLOCK, 3))
    near, far = CrossProducts.of(ITEMS, codes), CrossProducts.of(ITEMS, codes + 900_000)
    assert far.products.dtype == np.int64
    assert np.array_equal(near.covariances(), far.covariances())


def test_whole_numbers_stay_whole_beside_parts_with_fractions() -> None:
    halves = CrossProducts.of(ITEMS, np.array([[0.5, 1.5, 2.5]] * 4))
    whole = CrossProducts.of(ITEMS, np.array([[1, 2, 3]] * 4))
    assert whole.merge(halves).complete.sums.tolist() == [6, 14, 22]
    assert halves.merge(whole).complete.sums.tolist() == [6, 14, 22]


def test_with_fewer_than_two_persons_there_is_no_covariance() -> None:
    assert np.isnan(CrossProducts.of(ITEMS, np.ones((1, 3))).covariances()).all()


def test_other_items_are_refused() -> None:
    one = CrossProducts.of(ITEMS, np.ones((2, 3)))
    with pytest.raises(UnmeasurableError, match="different items"):
        one.merge(CrossProducts.of(("q1", "q2", "q9"), np.ones((2, 3))))
    with pytest.raises(UnmeasurableError, match="not of 3 items"):
        CrossProducts.of(ITEMS, np.ones((2, 4)))
    with pytest.raises(UnmeasurableError, match="no summary"):
        CrossProducts.from_json({"items": []})
