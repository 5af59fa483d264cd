"""Where a person stands on the trait, and how sure that is: expected a posteriori (EAP).

Bock & Mislevy 1982: the mean and the standard deviation of what the answers and the prior together
say of the trait, over the points of a stated grid. With no answer at all that is the prior itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tirek.domain.measurement.graded import (
    PRIOR,
    FloatArray,
    GradedModel,
    Grid,
    ParametersError,
    log_probabilities,
    probabilities,
    total_information,
)
from tirek.domain.measurement.patterns import AnswersError, IntArray, patterns_of
from tirek.domain.measurement.products import times

T_MEAN, T_SD = 50.0, 10.0


@dataclass(frozen=True, slots=True)
class Estimate:
    """A place on the trait (mean 0, sd 1 in the calibration sample) and its standard error."""

    theta: float
    se: float

    @property
    def t_score(self) -> float:
        """Return 50 + 10 theta, the metric of PROMIS."""
        return T_MEAN + T_SD * self.theta

    @property
    def t_error(self) -> float:
        """Return the standard error on the T metric."""
        return T_SD * self.se


@dataclass(frozen=True, slots=True)
class SumScores:
    """What each sum of category numbers says: from 0 to the highest, every item answered."""

    theta: FloatArray
    se: FloatArray
    # How likely the sum is in the population of the prior.
    probability: FloatArray


def estimate(model: GradedModel, answers: Mapping[str, int | None], grid: Grid = PRIOR) -> Estimate:
    """Return the estimate from one person's answers, by item id; None and items left out are blank.

    An answer to an item without parameters tells nothing of the trait and is passed over.
    """
    logs = np.log(grid.weights)
    for item in model:
        answer = answers.get(item.id)
        if answer is None:
            continue
        if not 0 <= answer < item.categories:
            raise AnswersError(f"item {item.id}: there is no category {answer}")
        logs = logs + log_probabilities(item, grid.points)[:, answer]
    posterior = np.exp(logs - logs.max())
    theta, se = _moments(posterior[None, :], grid)
    return Estimate(float(theta[0]), float(se[0]))


def estimates(
    model: GradedModel, answers: IntArray, grid: Grid = PRIOR
) -> tuple[FloatArray, FloatArray]:
    """Return (theta, standard error) of many people; answers (people, items), -1 = missing.

    Columns stand in the order of the model's items. People with the same answers are counted once.
    """
    patterns = patterns_of(answers, [item.categories for item in model])
    logs = log_table(model, grid)
    prior = np.log(grid.weights)
    theta, se = np.empty(len(patterns.people)), np.empty(len(patterns.people))
    start = 0
    for chosen, people in patterns.slices():
        part = slice(start, start + len(people))
        start += len(people)
        posterior = times(chosen, logs)
        posterior += prior
        posterior -= posterior.max(axis=1, keepdims=True)
        np.exp(posterior, out=posterior)
        theta[part], se[part] = _moments(posterior, grid)
    return theta[patterns.row], se[patterns.row]


def sum_scores(model: GradedModel, grid: Grid = PRIOR) -> SumScores:
    """Return EAP and error for every sum of category numbers (EAPsum), 0 to the highest.

    Lord & Wingersky 1984: the chance of each sum at each theta grows item by item; Thissen,
    Pommerich, Billeaud & Williams 1995 for several categories.
    """
    chances = sum_chances(model, grid.points)
    joint = chances * grid.weights
    theta, se = _moments(joint, grid)
    return SumScores(theta, se, joint.sum(axis=1))


def sum_chances(model: GradedModel, theta: FloatArray) -> FloatArray:
    """Return P(sum | theta); shape (highest sum + 1, len(theta)), each column sums to 1."""
    chances = np.ones((1, len(theta)))
    for item in model:
        shares = probabilities(item, theta).T
        longer = np.zeros((len(chances) + item.categories - 1, len(theta)))
        for category, share in enumerate(shares):
            longer[category : category + len(chances)] += chances * share
        chances = longer
    return chances


def marginal_reliability(model: GradedModel, grid: Grid = PRIOR) -> float:
    """Return the prior's mean of I / (I + 1 / sd**2): how much of a score is the trait, 0 to 1.

    Green, Bock, Humphreys, Linn & Reckase 1984, as mirt's `marginal_rxx` for a prior with sd 1.
    """
    information = total_information(model, grid.points)
    return float(grid.weights @ (information / (information + grid.sd**-2)))


def empirical_reliability(theta: FloatArray, se: FloatArray) -> float:
    """Return var(theta) / (var(theta) + mean(se**2)) of estimated people: 0 to 1."""
    spread = float(np.var(theta, ddof=1))
    return spread / (spread + float(np.mean(np.square(se))))


def t_scores(theta: FloatArray) -> FloatArray:
    """Return 50 + 10 theta."""
    return T_MEAN + T_SD * np.asarray(theta, dtype=np.float64)


def log_table(model: GradedModel, grid: Grid) -> FloatArray:
    """Return ln P of every category of every item, one after another; shape (all, grid.count)."""
    return np.concatenate([log_probabilities(item, grid.points).T for item in model])


def _moments(posterior: FloatArray, grid: Grid) -> tuple[FloatArray, FloatArray]:
    """Return mean and standard deviation of each row, whose sum need not be 1."""
    powers = np.stack([np.ones(grid.count), grid.points, grid.points**2], axis=1)
    sums = times(posterior, powers)
    if not np.all(sums[:, 0] > 0):
        raise ParametersError("the grid is too narrow for these parameters")
    mean = sums[:, 1] / sums[:, 0]
    return mean, np.sqrt(np.maximum(sums[:, 2] / sums[:, 0] - mean**2, 0.0))
