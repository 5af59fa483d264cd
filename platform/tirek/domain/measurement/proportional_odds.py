"""Ordinal logistic regression on counts: logit P(y >= j) = a_j + x b.

Source: McCullagh 1980; Walker & Duncan 1967. Persons who share predictors are one row of counts, so
a million of them cost as much as the different rows they make.
"""

from dataclasses import dataclass

import numpy as np

from tirek.domain.measurement.errors import UnmeasurableError
from tirek.domain.measurement.summaries import Numbers, Whole

MOST_STEPS = 60
MOST_HALVINGS = 30
# What a step may still gain, as a share of the whole and as the slope promises it.
SETTLED = 1e-11
NEARLY_LEVEL = 1e-8


@dataclass(frozen=True, slots=True)
class Fit:
    """The maximum: `cuts` a_j (codes - 1,), descending, `slopes` b (predictors,), log-likelihood.

    `errors` (predictors,) are the slopes' standard errors.
    """

    cuts: Numbers
    slopes: Numbers
    errors: Numbers
    loglik: float


def fit(predictors: Numbers, counts: Whole, start: Fit | None = None) -> Fit:
    """Fit counts of shape (rows, codes), every code used, on predictors (rows, q), q >= 0.

    Fisher scoring with step halving. Raises UnmeasurableError when the predictors determine one
    another or the answers (no maximum is reached).
    """
    n_cuts, q = counts.shape[1] - 1, predictors.shape[1]
    at = np.concatenate([_first_cuts(counts), np.zeros(q)])
    if start is not None:
        at[:n_cuts] = start.cuts
        at[n_cuts : n_cuts + len(start.slopes)] = start.slopes
    loglik = _loglik(at, predictors, counts)
    for _ in range(MOST_STEPS):
        gradient, information = _derivatives(at, predictors, counts)
        try:
            inverse = np.linalg.inv(information)
        except np.linalg.LinAlgError as error:
            raise UnmeasurableError("the predictors cannot be told apart") from error
        step: Numbers = inverse @ gradient
        at, gained, loglik = _advance(at, step, loglik, predictors, counts)
        if gained <= SETTLED * (1 + abs(loglik)) and float(gradient @ step) < NEARLY_LEVEL:
            errors: Numbers = np.sqrt(np.maximum(np.diag(inverse)[n_cuts:], 0))
            return Fit(at[:n_cuts], at[n_cuts:], errors, loglik)
    raise UnmeasurableError("the ordinal logistic model does not settle")


def null_loglik(counts: Whole) -> float:
    """Return the log-likelihood without predictors: each code as often as in all rows."""
    total = counts.sum(axis=0).astype(np.float64)
    return float((total * np.log(total / total.sum())).sum())


def _first_cuts(counts: Whole) -> Numbers:
    total = counts.sum(axis=0)
    above = total[::-1].cumsum()[::-1][1:] / total.sum()
    cuts: Numbers = np.log(above / (1 - above))
    return cuts


def _advance(
    at: Numbers, step: Numbers, loglik: float, predictors: Numbers, counts: Whole
) -> tuple[Numbers, float, float]:
    """Return the next point, what it gains and its log-likelihood; halve a step that loses."""
    for _ in range(MOST_HALVINGS):
        following = at + step
        reached = _loglik(following, predictors, counts)
        if reached >= loglik:
            return following, reached - loglik, reached
        step = step / 2
    return at, 0.0, loglik


def _tails(at: Numbers, predictors: Numbers, n_cuts: int) -> Numbers:
    """Return P(y >= j) with the certain ends, shape (rows, codes + 1)."""
    from scipy.special import expit  # noqa: PLC0415 (loaded only where something is measured)

    tails = np.ones((len(predictors), n_cuts + 2))
    tails[:, 1:-1] = expit(at[:n_cuts] + (predictors @ at[n_cuts:])[:, None])
    tails[:, -1] = 0
    return tails


def _loglik(at: Numbers, predictors: Numbers, counts: Whole) -> float:
    chances = -np.diff(_tails(at, predictors, counts.shape[1] - 1), axis=1)
    if (chances[counts > 0] <= 0).any():
        return -np.inf
    used = np.where(counts > 0, chances, 1)
    return float((counts * np.log(used)).sum())


def _derivatives(at: Numbers, predictors: Numbers, counts: Whole) -> tuple[Numbers, Numbers]:
    """Return the gradient and the expected information of cuts and slopes."""
    n_cuts, q = counts.shape[1] - 1, predictors.shape[1]
    tails = _tails(at, predictors, n_cuts)
    chances = np.maximum(-np.diff(tails, axis=1), 1e-300)
    density = tails * (1 - tails)
    rise = -np.diff(density, axis=1)
    share = counts / chances
    gradient = np.empty(n_cuts + q)
    gradient[:n_cuts] = (density[:, 1:-1] * (share[:, 1:] - share[:, :-1])).sum(axis=0)
    gradient[n_cuts:] = predictors.T @ (share * rise).sum(axis=1)

    weight = counts.sum(axis=1)[:, None] / chances
    inner = density[:, 1:-1]
    information = np.zeros((n_cuts + q, n_cuts + q))
    places = np.arange(n_cuts)
    information[places, places] = (inner**2 * (weight[:, 1:] + weight[:, :-1])).sum(axis=0)
    beside = -(inner[:, 1:] * inner[:, :-1] * weight[:, 1:-1]).sum(axis=0)
    information[places[1:], places[:-1]] = information[places[:-1], places[1:]] = beside
    pull = weight * rise
    cross = predictors.T @ (inner * (pull[:, 1:] - pull[:, :-1]))
    information[n_cuts:, :n_cuts], information[:n_cuts, n_cuts:] = cross, cross.T
    of_slopes = (pull * rise).sum(axis=1)[:, None]
    information[n_cuts:, n_cuts:] = predictors.T @ (of_slopes * predictors)
    return gradient, information
