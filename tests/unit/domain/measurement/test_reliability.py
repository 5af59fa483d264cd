"""Reference instruments §6.1: psych bfi with R psych 2.2.9, psychometric 2.3; §6.2, §6.8."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tests.unit.domain.measurement.real_answers import bfi, verbal_aggression
from tirek.domain.measurement.errors import UnmeasurableError
from tirek.domain.measurement.factor import one_factor
from tirek.domain.measurement.reliability import (
    Reliability,
    alpha,
    feldt_interval,
    item_rest,
    read,
    spearman_brown,
)
from tirek.domain.measurement.summaries import CrossProducts

# scale, reversed, n, alpha listwise, pairwise, standardised, omega of correlations, of covariances
BFI = [
    ("A", "1", 2709, 0.703756, 0.703018, 0.713029, 0.724022, 0.712130),
    ("C", "45", 2707, 0.729277, 0.726735, 0.730073, 0.733756, 0.733022),
    ("E", "12", 2713, 0.760933, 0.761733, 0.761795, 0.763060, 0.767334),
    ("N", "", 2694, 0.813303, 0.813963, 0.814675, 0.814967, 0.812845),
    ("O", "25", 2726, 0.602546, 0.600173, 0.607268, 0.617978, 0.610374),
]
SHEETS = hnp.arrays(
    np.float64, st.tuples(st.integers(4, 25), st.integers(2, 5)), elements=st.integers(0, 4)
)


def sums_of(answers: np.ndarray) -> CrossProducts:
    return CrossProducts.of([f"q{n}" for n in range(1, answers.shape[1] + 1)], answers)


def of(answers: np.ndarray) -> Reliability:
    return read(sums_of(answers))


@pytest.mark.parametrize("row", BFI, ids=[row[0] for row in BFI])
def test_five_scales_of_bfi(row) -> None:
    scale, reverse, n, listwise, pairwise, standardised, omega, covariances = row
    found = of(bfi(scale, reverse))
    assert (found.n, found.persons) == (n, 2800)
    assert found.alpha_listwise == pytest.approx(listwise, abs=1e-6)
    assert found.alpha_pairwise == pytest.approx(pairwise, abs=1e-6)
    assert found.alpha_standardised == pytest.approx(standardised, abs=1e-6)
    # Closer than the 1e-3 asked for: R stops its search a little earlier.
    assert found.omega == pytest.approx(omega, abs=2e-6)
    assert found.omega_covariances == pytest.approx(covariances, abs=2e-6)


def test_the_items_of_agreeableness() -> None:
    found = of(bfi("A", "1"))
    rest = [0.311401, 0.563015, 0.588773, 0.394794, 0.487241]
    without = [0.717972, 0.618481, 0.600754, 0.686945, 0.644622]
    assert list(found.item_rest.values()) == pytest.approx(rest, abs=1e-6)
    assert list(found.alpha_if_deleted.values()) == pytest.approx(without, abs=1e-6)
    assert found.mean == pytest.approx(23.21742, abs=1e-5)
    assert found.sd == pytest.approx(4.502705, abs=1e-6)
    assert found.alpha_ci95 == pytest.approx((0.6857446, 0.721036), abs=1e-6)
    assert found.sem == pytest.approx(4.502705 * (1 - 0.703756) ** 0.5, abs=1e-5)


def test_the_items_of_neuroticism() -> None:
    found = of(bfi("N"))
    rest = [0.666286, 0.650902, 0.672947, 0.542149, 0.486729]
    assert list(found.item_rest.values()) == pytest.approx(rest, abs=1e-6)
    assert (found.mean, found.sd) == pytest.approx((15.8196, 5.974582), abs=1e-4)


def test_kr20_of_verbal_aggression() -> None:
    assert of(verbal_aggression().answers).alpha_listwise == pytest.approx(0.8761213, abs=1e-6)


def test_an_item_keyed_the_wrong_way_shows_below_zero() -> None:
    assert of(bfi("A"))  # A1 is not reversed here
    assert of(bfi("A")).item_rest["q1"] < 0


@given(SHEETS, st.integers(-5, 5), st.integers(1, 4), st.randoms(use_true_random=False))
def test_shift_unit_order_and_direction_leave_alpha_as_it_is(answers, shift, unit, random) -> None:
    assume((answers.std(axis=0) > 0).all())
    assume(answers.sum(axis=1).std() > 0)
    found = alpha(sums_of(answers).covariances())
    order = list(range(answers.shape[1]))
    random.shuffle(order)
    for other in (answers * unit + shift, -answers, answers[:, order], answers[::-1]):
        assert alpha(sums_of(other).covariances()) == pytest.approx(found, abs=1e-9)


@settings(max_examples=40)
@given(SHEETS)
def test_bounds(answers) -> None:
    assume((answers.std(axis=0) > 0).all())
    assume(answers.sum(axis=1).std() > 0)
    found = of(answers)
    assert found.alpha_listwise <= 1 + 1e-12
    assert found.alpha_ci95[0] <= found.alpha_listwise <= found.alpha_ci95[1]
    assert all(-1 - 1e-9 <= r <= 1 + 1e-9 for r in found.item_rest.values() if r == r)  # noqa: PLR0124
    assert found.omega is None or 0 <= found.omega <= 1
    assert 0 <= found.sem <= found.sd + 1e-12


@given(SHEETS)
def test_an_item_rest_is_the_correlation_with_the_others(answers) -> None:
    assume((answers.std(axis=0) > 0).all())
    assume(answers.sum(axis=1).std() > 0)
    found = item_rest(sums_of(answers).covariances())
    for place in range(answers.shape[1]):
        rest = np.delete(answers, place, axis=1).sum(axis=1)
        if rest.std() > 0:
            expected = np.corrcoef(answers[:, place], rest)[0, 1]
            assert found[place] == pytest.approx(expected, abs=1e-9)


def test_equal_items_repeat_themselves_perfectly() -> None:
    column = np.array([0.0, 1, 2, 3])
    found = of(np.stack([column] * 3, axis=1))
    assert found.alpha_listwise == pytest.approx(1)
    # One factor and lambda 6 need items that do not fix one another.
    assert (found.omega, found.lambda6) == (None, None)


def test_the_loadings_of_a_made_up_factor_come_back() -> None:
    loadings = np.array([2.0, 1.0, 0.5, 0.8])
    uniquenesses = np.array([1.0, 0.5, 0.3, 2.0])
    found = one_factor(np.outer(loadings, loadings) + np.diag(uniquenesses))
    assert found is not None
    assert found.loadings == pytest.approx(loadings, abs=1e-5)
    assert found.uniquenesses == pytest.approx(uniquenesses, abs=1e-5)


def test_spearman_brown() -> None:
    assert spearman_brown(0.6, 2) == pytest.approx(0.75)


def test_an_interval_widens_with_confidence() -> None:
    narrow, wide = feldt_interval(0.8, 100, 5, 0.9), feldt_interval(0.8, 100, 5, 0.99)
    assert wide[0] < narrow[0] < 0.8 < narrow[1] < wide[1]


def test_items_that_cancel_out_have_no_alpha() -> None:
    assert np.isnan(alpha(np.array([[1.0, -1.0], [-1.0, 1.0]])))


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (np.ones((5, 1)), "two items"),
        (np.array([[1.0, np.nan], [1.0, 2.0]]), "two persons"),
        (np.array([[1.0, 2.0], [1.0, 3.0]]), "'q1' alike"),
        (np.array([[1.0, 2.0], [2.0, 1.0]]), "same for everybody"),
    ],
)
def test_what_cannot_be_measured_is_said(answers, said) -> None:
    with pytest.raises(UnmeasurableError, match=said):
        of(answers)
