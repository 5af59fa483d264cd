"""Whether one person's answers hang together as the model says: lz, and lz* for yes/no items.

Far below zero: the answers are less likely than those of people at the same place usually are.
It ranks answers for a second look; it deletes none, and a pupil in need may well answer unusually.
"""

from enum import StrEnum

import numpy as np

from tirek.domain.measurement.graded import (
    FloatArray,
    GradedModel,
    ParametersError,
    log_probabilities,
    probabilities,
)
from tirek.domain.measurement.patterns import MISSING, IntArray

# Bisection of the ability: the bounds, and halvings enough for the last bit.
FARTHEST = 20.0
HALVINGS = 64


class Ability(StrEnum):
    """How the place on the trait was estimated; lz* must know."""

    # Maximum likelihood; infinite when all answers are yes, or all no.
    ML = "ml"
    # The mode with the prior N(0, 1).
    MAP = "map"
    # Warm's (1989) weighted likelihood.
    WL = "wl"


def lz(model: GradedModel, answers: IntArray, theta: FloatArray) -> FloatArray:
    """Return lz of each person: (l0 - E) / sqrt(V), l0 the log-likelihood at theta.

    Drasgow, Levine & Williams 1985, for several categories; mirt calls it Zh. E and V are over the
    items that the person answered; NaN without any. answers (people, items), -1 = missing.
    """
    answers, theta = np.asarray(answers), np.asarray(theta, dtype=np.float64)
    observed, variance = np.zeros(len(theta)), np.zeros(len(theta))
    people = np.arange(len(theta))
    for item, column in zip(model, answers.T, strict=True):
        logs = log_probabilities(item, theta)
        shares = np.exp(logs)
        expected = (shares * logs).sum(axis=1)
        given = column != MISSING
        observed += np.where(given, logs[people, np.where(given, column, 0)] - expected, 0.0)
        variance += np.where(given, (shares * logs**2).sum(axis=1) - expected**2, 0.0)
    return _ratio(observed, variance)


def lz_star(model: GradedModel, answers: IntArray, ability: Ability = Ability.MAP) -> FloatArray:
    """Return lz* of each person, which allows for theta being estimated (Snijders 2001).

    Yes/no items alone; about N(0, 1) for people who answer as the model says. NaN where theta is
    infinite, and where nothing was answered. The polytomous case is Sinharay's (2016), not built.
    """
    answers = np.asarray(answers)
    found = abilities(model, answers, ability)
    is_known = ~np.isnan(found)
    theta = np.where(is_known, found, 0.0)
    share, slope, given = _curves(model, answers, theta)
    given *= is_known[:, None]
    spread = share * (1.0 - share) * given
    weight = np.log(share) - np.log1p(-share)
    told = (spread * slope**2).sum(axis=1)
    ratio = (spread * slope * weight).sum(axis=1) / np.where(told > 0, told, 1.0)
    centred = weight - ratio[:, None] * slope
    above = ((answers - share) * given * weight).sum(axis=1)
    shift = _shift(share, slope, given, theta, ability)
    return _ratio(above + ratio * shift, (centred**2 * spread).sum(axis=1))


def abilities(model: GradedModel, answers: IntArray, ability: Ability = Ability.MAP) -> FloatArray:
    """Return the place of each person who answered yes/no items; NaN where it is infinite."""
    answers = np.asarray(answers)
    low, high = np.full(len(answers), -FARTHEST), np.full(len(answers), FARTHEST)
    for _ in range(HALVINGS):
        theta = (low + high) / 2
        share, slope, given = _curves(model, answers, theta)
        rise = ((answers - share) * slope * given).sum(axis=1)
        rises = rise + _shift(share, slope, given, theta, ability) > 0
        low, high = np.where(rises, theta, low), np.where(rises, high, theta)
    found = (low + high) / 2
    return np.where(np.abs(found) < FARTHEST - 1.0, found, np.nan)


def _curves(
    model: GradedModel, answers: IntArray, theta: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return P(yes), P' / (P Q) = a, and 1 where answered; each (people, items)."""
    if any(item.categories != 2 for item in model):  # noqa: PLR2004 (yes and no)
        raise ParametersError("lz* is for items with two answers")
    share = np.stack([probabilities(item, theta)[:, 1] for item in model], axis=1)
    slope = np.broadcast_to([item.a for item in model], share.shape)
    return share, slope, (answers != MISSING).astype(np.float64)


def _shift(
    share: FloatArray, slope: FloatArray, given: FloatArray, theta: FloatArray, ability: Ability
) -> FloatArray:
    """Return r0: what the estimate of theta adds to the likelihood's derivative."""
    match ability:
        case Ability.ML:
            return np.zeros_like(theta)
        case Ability.MAP:
            return -theta
        case Ability.WL:
            spread = share * (1.0 - share) * given
            bend = (slope**3 * spread * (1.0 - 2.0 * share)).sum(axis=1)
            told = (slope**2 * spread).sum(axis=1)
            pulled: FloatArray = bend / (2.0 * np.where(told > 0, told, 1.0))
            return pulled


def _ratio(above: FloatArray, variance: FloatArray) -> FloatArray:
    known = variance > 0
    return np.where(known, above / np.sqrt(np.where(known, variance, 1.0)), np.nan)
