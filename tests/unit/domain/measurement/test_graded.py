import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.domain.measurement.graded_people import SCIENCE
from tirek.domain.measurement.graded import (
    GradedItem,
    GradedModel,
    Grid,
    ParametersError,
    expected_score,
    item_information,
    log_probabilities,
    probabilities,
    total_expected_score,
    total_information,
)

slopes = st.floats(0.05, 8)
gaps = st.lists(st.floats(0.01, 3), min_size=0, max_size=5)


@st.composite
def graded_items(draw):
    first = draw(st.floats(-5, 3))
    b = first + np.concatenate([[0.0], np.cumsum(draw(gaps))])
    return GradedItem("q1", draw(slopes), tuple(b.tolist()))


places = st.lists(st.floats(-8, 8), min_size=1, max_size=5).map(np.array)


@given(graded_items(), places)
def test_the_chances_of_all_answers_add_up_to_one(item, theta):
    assert probabilities(item, theta).sum(axis=1) == pytest.approx(1, abs=1e-12)


@given(graded_items(), places)
def test_chances_are_the_differences_of_the_cumulative_ones(item, theta):
    steps = [1 / (1 + np.exp(-item.a * (theta - b))) for b in item.b]
    cumulative = np.stack([np.ones_like(theta), *steps, np.zeros_like(theta)], axis=1)
    expected = cumulative[:, :-1] - cumulative[:, 1:]
    assert probabilities(item, theta) == pytest.approx(expected, abs=1e-12)


def test_far_out_the_logarithm_is_still_a_number():
    logs = log_probabilities(GradedItem("q1", 30.0, (-1.0, -0.999)), np.array([-40.0, 40.0]))
    assert np.isfinite(logs).all()
    assert logs[0, 2] == pytest.approx(30 * (-40 + 0.999))


@given(graded_items(), st.floats(-6, 6))
def test_information_is_the_squared_slope_over_the_chance(item, theta):
    step = 1e-5
    below, at, above = probabilities(item, np.array([theta - step, theta, theta + step]))
    slope = (above - below) / (2 * step)
    expected = (slope**2 / np.maximum(at, 1e-300)).sum()
    found = item_information(item, np.array([theta]))[0]
    assert found == pytest.approx(expected, rel=1e-3, abs=1e-6)


def test_information_of_a_yes_no_item_is_a_squared_p_q():
    p = 1 / (1 + np.exp(-1.7 * (0.3 - -0.4)))
    found = item_information(GradedItem("q1", 1.7, (-0.4,)), np.array([0.3]))
    assert found == pytest.approx(1.7**2 * p * (1 - p), abs=1e-12)


def test_information_of_science_is_what_mirt_prints():
    found = total_information(SCIENCE, np.array([-2.0, -1.0, 0.0, 1.0, 2.0]))
    assert found == pytest.approx([2.38972, 2.37398, 1.8263, 2.24973, 1.24806], abs=1e-3)


@given(graded_items())
def test_the_expected_score_climbs_with_the_trait(item):
    curve = expected_score(item, np.linspace(-8, 8, 60))
    assert np.all(np.diff(curve) >= -1e-12)
    assert 0 <= curve.min() <= curve.max() <= item.categories - 1


def test_the_expected_sum_is_the_sum_of_the_items():
    theta = np.array([-1.0, 0.5])
    expected = sum(expected_score(item, theta) for item in SCIENCE)
    assert total_expected_score(SCIENCE, theta) == pytest.approx(expected)


@given(graded_items())
def test_an_item_against_the_trait_mirrors_its_answers(item):
    against = GradedItem("q1", -item.a, item.b[::-1], against=True)
    theta = np.linspace(-3, 3, 7)
    assert probabilities(against, theta) == pytest.approx(
        probabilities(item, theta)[:, ::-1], abs=1e-12
    )


@pytest.mark.parametrize(
    ("a", "b", "sentence"),
    [
        (0.0, (0.0,), "item q1: a must be above 0, or declared to run against"),
        (-1.0, (0.0,), "item q1: a must be above 0, or declared to run against"),
        (1.0, (0.0, 0.0), "item q1: the thresholds b must ascend"),
        (1.0, (1.0, 0.0), "item q1: the thresholds b must ascend"),
        (1.0, (), "item q1: a and every b must be finite numbers"),
        (1.0, (float("nan"),), "item q1: a and every b must be finite numbers"),
        (float("inf"), (0.0,), "item q1: a and every b must be finite numbers"),
    ],
)
def test_what_is_no_graded_item_is_refused(a, b, sentence):
    with pytest.raises(ParametersError, match=sentence):
        GradedItem("q1", a, b)


def test_a_slope_above_zero_cannot_be_declared_to_run_against():
    with pytest.raises(ParametersError, match="declared"):
        GradedItem("q1", 1.0, (0.0,), against=True)


def test_a_model_has_each_item_once():
    item = GradedItem("q1", 1.0, (0.0,))
    for items in ((), (item, item)):
        with pytest.raises(ParametersError, match="each of them once"):
            GradedModel(items)


@given(st.lists(graded_items(), min_size=1, max_size=3), st.booleans())
def test_a_model_written_and_read_again_is_the_same(items, is_turned):
    named = [
        GradedItem(f"q{n}", -item.a, item.b[::-1], against=True)
        if is_turned
        else GradedItem(f"q{n}", item.a, item.b)
        for n, item in enumerate(items)
    ]
    model = GradedModel(tuple(named))
    assert GradedModel.from_json(model.as_json()) == model


@pytest.mark.parametrize(
    "written",
    [{}, {"items": []}, {"items": {"q1": {"a": 1}}}, {"items": {"q1": {"a": "x", "b": [1]}}}],
)
def test_what_holds_no_parameters_is_refused_with_an_example(written):
    with pytest.raises(ParametersError, match=r'written as \{"items"'):
        GradedModel.from_json(written)


def test_a_missing_item_is_named():
    with pytest.raises(ParametersError, match="no parameters for item q9"):
        SCIENCE.item("q9")


def test_the_grid_is_a_normal_prior():
    grid = Grid()
    assert grid.weights.sum() == pytest.approx(1)
    assert grid.weights @ grid.points == pytest.approx(0, abs=1e-12)
    assert grid.weights @ grid.points**2 == pytest.approx(1, abs=1e-6)
    assert np.diff(grid.points) == pytest.approx(0.1)


@pytest.mark.parametrize(
    "wrong", [{"low": 1}, {"high": -1}, {"low": 1, "high": 0}, {"count": 2}, {"sd": 0}]
)
def test_an_impossible_grid_is_refused(wrong):
    with pytest.raises(ParametersError, match="a grid needs"):
        Grid(**wrong)
