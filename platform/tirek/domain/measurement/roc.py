"""How well a score tells confirmed from not confirmed: ROC, AUC, cut-offs with their errors.

Everything is read from `ScoreCounts`, how often each score came among the confirmed and the
others, which regions merge exactly. A score at or above a cut is positive; for a scale where low
is worse, count its scores times -1. Source: Hanley & McNeil 1982; DeLong, DeLong &
Clarke-Pearson 1988; Youden 1950; Wilson 1927.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import nan, sqrt
from typing import Self

import numpy as np
import numpy.typing as npt

from tirek.domain.measurement.errors import UnmeasurableError
from tirek.domain.measurement.summaries import Numbers, Whole

CONFIDENCE = 0.95
FEWEST_FOR_VARIANCE = 2


@dataclass(frozen=True, slots=True)
class ScoreCounts:
    """Scores (values,), ascending, and the persons at each: confirmed and not confirmed."""

    scores: Numbers
    positives: Whole
    negatives: Whole

    @classmethod
    def of(cls, scores: npt.ArrayLike, is_positive: npt.ArrayLike) -> Self:
        """Count one score (NaN: left out) and one outcome for each person."""
        values, outcome = np.asarray(scores, dtype=np.float64), np.asarray(is_positive, dtype=bool)
        if values.shape != outcome.shape or values.ndim != 1:
            raise UnmeasurableError("there must be one outcome for each score")
        seen = ~np.isnan(values)
        found, at = np.unique(values[seen], return_inverse=True)
        n, positives = len(found), np.bincount(at[outcome[seen]], minlength=len(found))
        return cls(found, positives, np.bincount(at, minlength=n) - positives)

    @classmethod
    def from_counts(cls, counts: Mapping[float, Sequence[int]]) -> Self:
        """Read score -> (confirmed, not confirmed)."""
        scores = sorted(counts)
        pairs = np.array([list(counts[score]) for score in scores], dtype=np.int64).reshape(-1, 2)
        return cls(np.array(scores, dtype=np.float64), pairs[:, 0], pairs[:, 1])

    def merge(self, other: "ScoreCounts") -> "ScoreCounts":
        """Return the counts of both groups of persons."""
        scores = np.union1d(self.scores, other.scores)
        counts = np.zeros((2, len(scores)), dtype=np.int64)
        for one in (self, other):
            counts[:, np.searchsorted(scores, one.scores)] += np.array(
                [one.positives, one.negatives], dtype=np.int64
            )
        return ScoreCounts(scores, counts[0], counts[1])

    def as_json(self) -> dict[str, object]:
        """Return plain lists; `from_json` gives the counts back."""
        return {
            "scores": self.scores.tolist(),
            "positives": self.positives.tolist(),
            "negatives": self.negatives.tolist(),
        }

    @classmethod
    def from_json(cls, written: Mapping[str, object]) -> Self:
        """Read what `as_json` has written."""
        match written:
            case {"scores": list(scores), "positives": list(first), "negatives": list(second)}:
                return cls.from_counts(
                    dict(zip(scores, zip(first, second, strict=True), strict=True))
                )
            case _:
                raise UnmeasurableError("these are no counts of scores")


@dataclass(frozen=True, slots=True)
class Area:
    """The area under the curve, 0 to 1, with DeLong's variance and normal interval within 0..1.

    The chance that a confirmed person scores higher than another one, ties counted half.
    """

    auc: float
    variance: float
    ci95: tuple[float, float]
    n_positive: int
    n_negative: int


@dataclass(frozen=True, slots=True)
class Share:
    """`hits` of `n`, and Wilson's interval; without anybody the share is None."""

    hits: int
    n: int

    @property
    def value(self) -> float | None:
        """The share, 0 to 1."""
        return self.hits / self.n if self.n else None

    @property
    def ci95(self) -> tuple[float, float] | None:
        """The 95 % interval, within 0..1."""
        return wilson_interval(self.hits, self.n) if self.n else None


@dataclass(frozen=True, slots=True)
class CutOff:
    """What it means to call scores at or above `cut` positive.

    `midpoint` lies halfway to the next lower score that was seen (R pROC prints that one); None
    for the lowest. `youden` is sensitivity + specificity - 1. The predictive values hold at the
    share of confirmed persons in these data; elsewhere use `predictive`.
    """

    cut: float
    midpoint: float | None
    sensitivity: Share
    specificity: Share
    ppv: Share
    npv: Share

    @property
    def youden(self) -> float:
        """J, -1 to 1."""
        if self.sensitivity.value is None or self.specificity.value is None:
            return nan
        return self.sensitivity.value + self.specificity.value - 1


def area(counts: ScoreCounts) -> Area:
    """Return the area and its variance S10/m + S01/n over the placements of both groups.

    Raises UnmeasurableError without a confirmed and a not confirmed person. With one person in a
    group the variance is unknown: NaN.
    """
    _check(counts)
    positive, negative = placements(counts)
    m, n = int(counts.positives.sum()), int(counts.negatives.sum())
    auc = float(counts.positives @ positive / m)
    variance = _spread(counts.positives, positive) / m + _spread(counts.negatives, negative) / n
    half = _z() * sqrt(variance) if variance >= 0 else nan
    return Area(auc, variance, (max(auc - half, 0.0), min(auc + half, 1.0)), m, n)


def cut_offs(counts: ScoreCounts) -> list[CutOff]:
    """Return every score that was seen as a cut-off, ascending."""
    _check(counts)
    m, n = int(counts.positives.sum()), int(counts.negatives.sum())
    # At or above each score, in whole persons.
    hits = counts.positives[::-1].cumsum()[::-1].tolist()
    alarms = counts.negatives[::-1].cumsum()[::-1].tolist()
    below = [None, *((counts.scores[1:] + counts.scores[:-1]) / 2).tolist()]
    return [
        CutOff(
            cut=cut,
            midpoint=midpoint,
            sensitivity=Share(hit, m),
            specificity=Share(n - alarm, n),
            ppv=Share(hit, hit + alarm),
            npv=Share(n - alarm, n - alarm + m - hit),
        )
        for cut, midpoint, hit, alarm in zip(
            counts.scores.tolist(), below, hits, alarms, strict=True
        )
    ]


def best_cut_off(found: Sequence[CutOff]) -> CutOff:
    """Return the cut-off with the largest Youden index, the lowest of several.

    The lowest misses the fewest. Compared in whole persons, so that ties are ties.
    """
    return max(found, key=lambda one: (_youden_in_persons(one), -one.cut))


def wilson_interval(hits: int, n: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return Wilson's score interval of a share, within 0..1; n >= 1."""
    z = _z(confidence)
    share, widened = hits / n, 1 + z**2 / n
    centre = (share + z**2 / (2 * n)) / widened
    half = z / widened * sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return max(centre - half, 0.0), min(centre + half, 1.0)


def placements(counts: ScoreCounts) -> tuple[Numbers, Numbers]:
    """Return, per score, the share of the other group that a person there outranks, ties half."""
    m, n = counts.positives.sum(), counts.negatives.sum()
    below = counts.negatives.cumsum() - counts.negatives
    above = m - counts.positives.cumsum()
    return (below + counts.negatives / 2) / n, (above + counts.positives / 2) / m


def _spread(weights: Whole, values: Numbers) -> float:
    """Return the variance (n - 1) of counted values."""
    n = int(weights.sum())
    if n < FEWEST_FOR_VARIANCE:
        return nan
    mean = weights @ values / n
    return float(weights @ (values - mean) ** 2 / (n - 1))


def _youden_in_persons(one: CutOff) -> int:
    return one.sensitivity.hits * one.specificity.n + one.specificity.hits * one.sensitivity.n


def _check(counts: ScoreCounts) -> None:
    if not counts.positives.sum() or not counts.negatives.sum():
        raise UnmeasurableError("all persons with a score have the same outcome")


def _z(confidence: float = CONFIDENCE) -> float:
    from scipy.special import ndtri  # noqa: PLC0415 (loaded only where something is measured)

    return float(ndtri((1 + confidence) / 2))
