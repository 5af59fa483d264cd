"""How far an observed score may lie from the true one: classical test theory in closed form.

`mean`, `sd` and `reliability` belong to one sample; sd >= 0 and 0 <= reliability <= 1, else
ValueError. All errors and scores are in the units of the score. Source: Lord & Novick 1968, as R
package psychometric.
"""

from dataclasses import dataclass
from math import sqrt

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """A range that holds the true score with the stated confidence."""

    low: float
    high: float


def standard_error_of_measurement(sd: float, reliability: float) -> float:
    """Return sd * sqrt(1 - r), the spread of observed scores around a true one: 0 to sd."""
    _check(sd, reliability)
    return sd * sqrt(1 - reliability)


def standard_error_of_estimate(sd: float, reliability: float) -> float:
    """Return sd * sqrt(r * (1 - r)), the spread of true scores around their estimate: 0 to sd/2."""
    _check(sd, reliability)
    return sd * sqrt(reliability * (1 - reliability))


def standard_error_of_prediction(sd: float, reliability: float) -> float:
    """Return sd * sqrt(1 - r**2), the spread of a retest around its prediction: 0 to sd."""
    _check(sd, reliability)
    return sd * sqrt(1 - reliability**2)


def standard_error_of_difference(sd: float, reliability: float) -> float:
    """Return sd * sqrt(2 * (1 - r)), the spread of a difference that is none: 0 to sd * sqrt(2)."""
    return standard_error_of_measurement(sd, reliability) * sqrt(2)


def true_score(observed: float, mean: float, reliability: float) -> float:
    """Return Kelley's estimate mean + r * (observed - mean): between the mean and the observed."""
    return mean + reliability * (observed - mean)


def interval(centre: float, standard_error: float, confidence: float = CONFIDENCE) -> Interval:
    """Return centre -/+ z * standard_error; it may reach beyond the range of the scale."""
    # scipy.special is loaded on first use: scoring and the command line do without it.
    from scipy.special import ndtri  # noqa: PLC0415

    half = float(ndtri((1 + confidence) / 2)) * standard_error
    return Interval(centre - half, centre + half)


def _check(sd: float, reliability: float) -> None:
    if sd < 0 or not 0 <= reliability <= 1:
        raise ValueError("sd must not be negative, reliability must lie in 0..1")
