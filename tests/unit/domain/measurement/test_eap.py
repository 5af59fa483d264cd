import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.domain.measurement.graded_people import SCIENCE, a_model, answers_of
from tirek.domain.measurement.eap import (
    empirical_reliability,
    estimate,
    estimates,
    marginal_reliability,
    sum_chances,
    sum_scores,
    t_scores,
)
from tirek.domain.measurement.graded import (
    GradedItem,
    GradedModel,
    Grid,
    ParametersError,
    probabilities,
)
from tirek.domain.measurement.patterns import AnswersError

# R mirt 1.41, reference: instruments §6.4. Science is coded 1-4; here categories count from 0.
EAP = {
    (1, 1, 1, 1): (-2.7488, 0.6291),
    (2, 3, 2, 3): (-0.8701, 0.5595),
    (3, 3, 3, 3): (0.0518, 0.5546),
    (4, 4, 4, 4): (1.8532, 0.6544),
    (1, 4, 1, 4): (-0.9042, 0.8065),
    (3, 0, 2, 3): (-0.7560, 0.6001),
}
EAPSUM = [-2.749, -2.431, -2.081, -1.718, -1.364, -1.012, -0.649, -0.287, 0.082, 0.487]
EAPSUM += [0.934, 1.384, 1.853]

model = a_model(items=4, categories=3)
answer = st.one_of(st.none(), st.integers(0, 2))


def test_people_of_science_stand_where_mirt_puts_them():
    theta, se = estimates(SCIENCE, np.array(list(EAP)) - 1)
    assert theta == pytest.approx([place for place, _ in EAP.values()], abs=1e-3)
    assert se == pytest.approx([error for _, error in EAP.values()], abs=1e-3)


def test_sums_of_science_stand_where_mirt_puts_them():
    found = sum_scores(SCIENCE)
    assert found.theta == pytest.approx(EAPSUM, abs=1e-3)
    assert found.probability.sum() == pytest.approx(1)
    assert found.se[0] == pytest.approx(0.6291, abs=1e-3)


def test_the_marginal_reliability_of_science_is_what_mirt_prints():
    assert marginal_reliability(SCIENCE) == pytest.approx(0.6692, abs=1e-3)


@given(st.tuples(answer, answer, answer, answer))
def test_one_person_is_estimated_as_in_a_crowd(given_answers):
    alone = estimate(model, dict(zip(model.ids, given_answers, strict=True)))
    row = np.array([[-1 if code is None else code for code in given_answers]])
    theta, se = estimates(model, row)
    assert (alone.theta, alone.se) == pytest.approx((theta[0], se[0]), abs=1e-9)


@given(st.tuples(answer, answer, answer, answer), st.integers(0, 3))
def test_a_higher_answer_never_lowers_the_estimate(given_answers, place):
    lower, higher = list(given_answers), list(given_answers)
    lower[place], higher[place] = 0, 1
    ids = model.ids
    low, high = (estimate(model, dict(zip(ids, row, strict=True))).theta for row in (lower, higher))
    assert high > low


def test_nobody_answering_stands_at_the_prior():
    theta, se = estimates(SCIENCE, np.full((2, 4), -1))
    assert theta == pytest.approx([0, 0], abs=1e-9)
    assert se == pytest.approx([1, 1], abs=1e-6)
    shifted = estimate(SCIENCE, {}, Grid(mean=0.5, sd=0.8))
    assert (shifted.theta, shifted.se) == pytest.approx((0.5, 0.8), abs=1e-6)


def test_many_more_people_than_one_slice_keep_their_order():
    answers = answers_of(a_model(items=9), people=20_000, missing=0.2)
    theta, se = estimates(a_model(items=9), answers)
    some = [0, 7, 8_191, 8_192, 19_999]
    for person in some:
        alone = estimates(a_model(items=9), answers[person : person + 1])
        assert (theta[person], se[person]) == pytest.approx((alone[0][0], alone[1][0]), abs=1e-9)


def test_sums_are_as_likely_as_every_pattern_says():
    two = GradedModel((GradedItem("q1", 1.2, (-0.5, 0.7)), GradedItem("q2", 0.9, (0.2,))))
    theta = np.array([-1.0, 0.4])
    first, second = (probabilities(item, theta) for item in two)
    expected = np.zeros((4, 2))
    for one in range(3):
        for other in range(2):
            expected[one + other] += first[:, one] * second[:, other]
    assert sum_chances(two, theta) == pytest.approx(expected, abs=1e-12)


def test_the_mean_of_all_estimates_is_the_prior():
    found = sum_scores(SCIENCE)
    assert found.probability @ found.theta == pytest.approx(0, abs=1e-9)
    between = found.probability @ found.theta**2
    within = found.probability @ found.se**2
    assert between + within == pytest.approx(1, abs=1e-6)


def test_t_is_fifty_and_ten():
    assert t_scores(np.array([-1.0, 0.0, 2.5])).tolist() == [40, 50, 75]
    found = estimate(SCIENCE, {"Future": 3})
    assert found.t_score == pytest.approx(50 + 10 * found.theta)
    assert found.t_error == pytest.approx(10 * found.se)


def test_empirical_and_marginal_reliability_agree_on_people_of_the_model():
    many = a_model(items=10)
    theta, se = estimates(many, answers_of(many, people=20_000))
    assert empirical_reliability(theta, se) == pytest.approx(marginal_reliability(many), abs=0.02)


@pytest.mark.parametrize("code", [-1, 3])
def test_an_answer_that_the_item_does_not_have_is_refused(code):
    with pytest.raises(AnswersError, match=f"item q2: there is no category {code}"):
        estimate(model, {"q2": code})


def test_a_table_names_row_and_item_of_a_wrong_answer():
    with pytest.raises(AnswersError, match="row 2, item 3: there is no category 3"):
        estimates(model, np.array([[0, 0, 0, 0], [0, 0, 3, 0]]))
    with pytest.raises(AnswersError, match="a table with 4 columns"):
        estimates(model, np.zeros((2, 3), dtype=int))


def test_an_answer_without_parameters_tells_nothing():
    assert estimate(model, {"q1": 2, "other": 7}) == estimate(model, {"q1": 2})


def test_a_grid_that_misses_the_people_is_refused():
    extreme = GradedModel((GradedItem("q1", 500.0, (50.0,)), GradedItem("q2", 500.0, (-50.0,))))
    with pytest.raises(ParametersError, match="too narrow"):
        sum_scores(extreme)
