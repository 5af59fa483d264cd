"""Worked numbers: reference instruments §6.8, computed there with R psychometric."""

import pytest

from tirek.domain.measurement.standard_errors import (
    interval,
    standard_error_of_difference,
    standard_error_of_estimate,
    standard_error_of_measurement,
    standard_error_of_prediction,
    true_score,
)


def test_the_standard_errors_of_the_worked_example():
    assert standard_error_of_measurement(5.5, 0.84) == pytest.approx(2.2)
    assert standard_error_of_estimate(5.5, 0.84) == pytest.approx(2.016333, abs=1e-6)
    assert standard_error_of_prediction(5.5, 0.84) == pytest.approx(2.984225, abs=1e-6)


def test_the_intervals_of_the_worked_example():
    estimate = interval(true_score(18, 6, 0.84), standard_error_of_estimate(5.5, 0.84))
    assert (estimate.low, estimate.high) == pytest.approx((12.12806, 20.03194), abs=1e-5)
    observed = interval(18, standard_error_of_measurement(5.5, 0.84))
    assert (observed.low, observed.high) == pytest.approx((13.68808, 22.31192), abs=1e-5)


@pytest.mark.parametrize(("sd", "reliability"), [(-1, 0.8), (1, 1.1), (1, -0.1)])
def test_impossible_figures_are_refused(sd, reliability):
    with pytest.raises(ValueError, match="reliability"):
        standard_error_of_measurement(sd, reliability)


def test_the_standard_error_of_a_difference_of_the_worked_examples():
    assert standard_error_of_difference(5.5, 0.84) == pytest.approx(3.111270, abs=1e-6)
    assert standard_error_of_difference(7.5, 0.80) == pytest.approx(4.743416, abs=1e-6)
