"""Which of two scores of the same persons tells confirmed from not confirmed better."""

from dataclasses import dataclass
from math import nan, sqrt
from typing import Self

import numpy as np
import numpy.typing as npt

from tirek.domain.measurement.errors import UnmeasurableError
from tirek.domain.measurement.roc import Area, ScoreCounts, area, placements
from tirek.domain.measurement.summaries import Numbers, Whole


@dataclass(frozen=True, slots=True)
class PairCounts:
    """The pairs of scores that came, shape (pairs, 2), and the persons at each."""

    pairs: Numbers
    positives: Whole
    negatives: Whole

    @classmethod
    def of(cls, first: npt.ArrayLike, second: npt.ArrayLike, is_positive: npt.ArrayLike) -> Self:
        """Count two scores (NaN in either: left out) and one outcome for each person."""
        pairs = np.stack([np.asarray(first, np.float64), np.asarray(second, np.float64)], axis=1)
        seen = ~np.isnan(pairs).any(axis=1)
        outcome = np.asarray(is_positive, dtype=bool)[seen]
        found, at = np.unique(pairs[seen], axis=0, return_inverse=True)
        positives = np.bincount(at[outcome], minlength=len(found))
        return cls(found, positives, np.bincount(at, minlength=len(found)) - positives)

    def merge(self, other: "PairCounts") -> "PairCounts":
        """Return the counts of both groups of persons."""
        found, at = np.unique(
            np.concatenate([self.pairs, other.pairs]), axis=0, return_inverse=True
        )
        positives, negatives = (np.zeros(len(found), dtype=np.int64) for _ in range(2))
        np.add.at(positives, at, np.concatenate([self.positives, other.positives]))
        np.add.at(negatives, at, np.concatenate([self.negatives, other.negatives]))
        return PairCounts(found, positives, negatives)

    def of_one(self, place: int) -> ScoreCounts:
        """Return the counts of the first (0) or the second (1) score."""
        scores, at = np.unique(self.pairs[:, place], return_inverse=True)
        positives, negatives = (np.zeros(len(scores), dtype=np.int64) for _ in range(2))
        np.add.at(positives, at, self.positives)
        np.add.at(negatives, at, self.negatives)
        return ScoreCounts(scores, positives, negatives)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both areas, first - second, its variance, and DeLong's z with a two-sided p."""

    first: Area
    second: Area
    difference: float
    variance: float
    z: float
    p: float


def compare(counts: PairCounts) -> Comparison:
    """Test the difference of two paired areas. Source: DeLong, DeLong & Clarke-Pearson 1988.

    z and p are NaN when the two scores place everybody alike.
    """
    from scipy.special import ndtr  # noqa: PLC0415 (loaded only where something is measured)

    singles = [counts.of_one(place) for place in (0, 1)]
    first, second = (area(one) for one in singles)
    of_positives, of_negatives = [], []
    for place, one in enumerate(singles):
        at = np.searchsorted(one.scores, counts.pairs[:, place])
        positive, negative = placements(one)
        of_positives.append(positive[at])
        of_negatives.append(negative[at])
    variance = _variance(counts.positives, of_positives) + _variance(counts.negatives, of_negatives)
    difference = first.auc - second.auc
    z = difference / sqrt(variance) if variance > 0 else nan
    return Comparison(first, second, difference, variance, z, float(2 * ndtr(-abs(z))))


def _variance(weights: Whole, placed: list[Numbers]) -> float:
    """Return the variance of the mean difference of two placements in one group."""
    n = int(weights.sum())
    if n <= 1:
        raise UnmeasurableError("comparing two scores needs two persons of each outcome")
    apart = placed[0] - placed[1]
    mean = weights @ apart / n
    return float(weights @ (apart - mean) ** 2 / (n - 1) / n)
