import numpy as np
import pytest

from tests.unit.domain.measurement.graded_people import SCIENCE, a_model, answers_of
from tirek.domain.measurement.eap import estimates
from tirek.domain.measurement.graded import ParametersError, probabilities
from tirek.domain.measurement.person_fit import Ability, abilities, lz, lz_star

# The first five people of mirt's Science, and their Zh at EAP (reference: instruments §6.4).
FIRST = np.array([[4, 4, 3, 2], [3, 3, 3, 3], [3, 2, 2, 3], [3, 2, 2, 3], [3, 4, 4, 1]]) - 1
ZH = [-1.3025, 1.2237, 0.7399, 0.7399, -2.7553]


def test_lz_of_science_is_mirts_zh():
    theta, _ = estimates(SCIENCE, FIRST)
    assert lz(SCIENCE, FIRST, theta) == pytest.approx(ZH, abs=1e-3)


def test_lz_is_the_definition_written_out():
    model = a_model(items=3)
    answers, theta = np.array([[0, 2, -1]]), 0.4
    shares = [probabilities(item, np.array([theta]))[0] for item in model.items[:2]]
    observed = np.log(shares[0][0]) + np.log(shares[1][2])
    expected = sum(p @ np.log(p) for p in shares)
    variance = sum(p @ np.log(p) ** 2 - (p @ np.log(p)) ** 2 for p in shares)
    found = lz(model, answers, np.array([theta]))[0]
    assert found == pytest.approx((observed - expected) / np.sqrt(variance), abs=1e-9)


def test_at_the_true_place_lz_is_standard():
    model = a_model(items=20)
    rng = np.random.default_rng(4)
    theta = np.full(20_000, 0.3)
    shares = [probabilities(item, np.array([0.3]))[0] for item in model]
    answers = np.stack([rng.choice(len(p), 20_000, p=p) for p in shares], axis=1)
    found = lz(model, answers, theta)
    assert found.mean() == pytest.approx(0, abs=0.03)
    assert found.std() == pytest.approx(1, abs=0.03)


def test_answers_thrown_like_dice_stand_out():
    model = a_model(items=20)
    answers = answers_of(model, people=400)
    dice = np.random.default_rng(1).integers(0, 4, answers.shape)
    own, thrown = (lz(model, given, estimates(model, given)[0]) for given in (answers, dice))
    assert np.median(thrown) < np.quantile(own, 0.02)


def test_who_answered_nothing_has_no_fit():
    assert np.isnan(lz(SCIENCE, np.full((1, 4), -1), np.zeros(1))).all()
    yes_no = a_model(items=5, categories=2)
    assert np.isnan(lz_star(yes_no, np.full((1, 5), -1))).all()


@pytest.mark.parametrize("ability", Ability)
def test_lz_star_allows_for_the_estimate_where_lz_does_not(ability):
    model = a_model(items=20, categories=2)
    answers = answers_of(model, people=6_000)
    star = lz_star(model, answers, ability)
    plain = lz(model, answers, np.nan_to_num(abilities(model, answers, ability)))
    assert np.nanmean(star) == pytest.approx(0, abs=0.15)
    assert np.nanstd(star) == pytest.approx(1, abs=0.06)
    assert abs(np.nanstd(star) - 1) < abs(np.nanstd(plain) - 1)
    assert np.nanmean(star < -1.645) == pytest.approx(0.05, abs=0.012)


@pytest.mark.parametrize("ability", Ability)
def test_the_ability_is_where_its_equation_says(ability):
    model = a_model(items=6, categories=2)
    answers = answers_of(model, people=50, missing=0.1)
    theta = abilities(model, answers, ability)
    known = ~np.isnan(theta)
    theta, answers = theta[known], answers[known]
    p = np.stack([probabilities(item, theta)[:, 1] for item in model], axis=1)
    a = np.array([item.a for item in model])
    given = answers != -1
    told = (given * a**2 * p * (1 - p)).sum(axis=1)
    bend = (given * a**3 * p * (1 - p) * (1 - 2 * p)).sum(axis=1)
    extra = {"ml": 0 * theta, "map": -theta, "wl": bend / (2 * told)}[ability]
    assert known.sum() > 20
    assert (given * a * (answers - p)).sum(axis=1) + extra == pytest.approx(0 * theta, abs=1e-9)


def test_all_yes_has_no_most_likely_place():
    model = a_model(items=5, categories=2)
    ends = np.array([[1] * 5, [0] * 5])
    assert np.isnan(abilities(model, ends, Ability.ML)).all()
    assert np.isfinite(abilities(model, ends, Ability.WL)).all()
    assert np.isnan(lz_star(model, ends, Ability.ML)).all()


def test_lz_star_is_not_for_graded_items():
    with pytest.raises(ParametersError, match="two answers"):
        lz_star(SCIENCE, FIRST)
