"""From raw scores of a norm sample to percentile ranks and standard scores.

Everything is read from `RawCounts`, which regions merge exactly. Scores between two that came in
the sample are read as the sample says: the ranks of the scores below and above bound them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import floor, sqrt
from typing import Self

from tirek.domain.measurement.errors import UnmeasurableError

PERCENT = 100
T_MEAN, T_SD = 50, 10
# Widths of half an sd around the middle unit; the ends take what is beyond.
STANINE_MIDDLE, STANINES = 5, 9
STEN_MIDDLE, STENS = 5.5, 10


@dataclass(frozen=True, slots=True)
class RawCounts:
    """How many persons had each raw score, ascending; exact values."""

    counts: tuple[tuple[Fraction, int], ...]

    @classmethod
    def of(cls, scores: Iterable[Fraction | int]) -> Self:
        """Count one score for each person."""
        found: dict[Fraction, int] = {}
        for score in scores:
            found[Fraction(score)] = found.get(Fraction(score), 0) + 1
        return cls(tuple(sorted(found.items())))

    @classmethod
    def from_counts(cls, counts: Mapping[Fraction, int]) -> Self:
        """Read score -> persons."""
        return cls(tuple(sorted((score, n) for score, n in counts.items() if n)))

    def merge(self, other: "RawCounts") -> "RawCounts":
        """Return the counts of both groups of persons."""
        found = dict(self.counts)
        for score, n in other.counts:
            found[score] = found.get(score, 0) + n
        return RawCounts(tuple(sorted(found.items())))

    @property
    def n(self) -> int:
        """All persons."""
        return sum(n for _, n in self.counts)

    @property
    def mean(self) -> float:
        """The mean; raises UnmeasurableError without persons."""
        return float(self._mean())

    @property
    def sd(self) -> float:
        """The standard deviation (n - 1); raises UnmeasurableError below two persons."""
        if self.n < 2:  # noqa: PLR2004 (a spread needs two persons)
            raise UnmeasurableError("a standard deviation needs two persons")
        mean = self._mean()
        squares = sum((n * (score - mean) ** 2 for score, n in self.counts), Fraction(0))
        return sqrt(squares / (self.n - 1))

    def as_json(self) -> list[list[str | int]]:
        """Return [["score", persons], ...]; `from_json` gives the counts back."""
        return [[str(score), n] for score, n in self.counts]

    @classmethod
    def from_json(cls, written: Iterable[Iterable[str | int]]) -> Self:
        """Read what `as_json` has written."""
        return cls.from_counts({Fraction(score): int(n) for score, n in written})

    def _mean(self) -> Fraction:
        if not self.counts:
            raise UnmeasurableError("a norm needs persons")
        return sum((score * n for score, n in self.counts), Fraction(0)) / self.n


@dataclass(frozen=True, slots=True)
class NormRow:
    """What one raw score stands for. Ranks are exact percents, 0 to 100.

    `percentile` is the mid-rank (below + half of equal), `at_or_below` the cumulative one; the
    two differ by half a step and must not be mixed. `t` is linear, `t_normalised` by the
    mid-rank; neither is clipped.
    """

    raw: Fraction
    n: int
    percentile: Fraction
    at_or_below: Fraction
    t: float
    t_normalised: float
    stanine: int
    sten: int


def norm_table(counts: RawCounts) -> tuple[NormRow, ...]:
    """Return a row for each score of the sample, ascending; every column is monotone.

    Stanine and sten are read from the normalised score. Raises UnmeasurableError when the sample
    does not vary.
    """
    mean, sd = counts.mean, counts.sd
    if not sd:
        raise UnmeasurableError("everybody in the sample has the same score")
    rows, below, total = [], 0, counts.n
    for raw, n in counts.counts:
        percentile = Fraction(PERCENT * (2 * below + n), 2 * total)
        z = _normal_quantile(percentile)
        rows.append(
            NormRow(
                raw=raw,
                n=n,
                percentile=percentile,
                at_or_below=Fraction(PERCENT * (below + n), total),
                t=t_score(float(raw), mean, sd),
                t_normalised=T_MEAN + T_SD * z,
                stanine=stanine(z),
                sten=sten(z),
            )
        )
        below += n
    return tuple(rows)


def percentile_rank(counts: RawCounts, score: Fraction) -> Fraction:
    """Return the mid-rank percentile 100 (below + equal / 2) / n of any score: 0 to 100.

    Source: Crawford, Garthwaite & Slick 2009. Raises UnmeasurableError without persons.
    """
    if not counts.counts:
        raise UnmeasurableError("a norm needs persons")
    below = sum(n for raw, n in counts.counts if raw < score)
    equal = sum(n for raw, n in counts.counts if raw == score)
    return Fraction(PERCENT * (2 * below + equal), 2 * counts.n)


def t_score(raw: float, mean: float, sd: float) -> float:
    """Return 50 + 10 (raw - mean) / sd, not clipped; sd > 0, else ValueError."""
    if not sd > 0:
        raise ValueError("sd must be above 0")
    return T_MEAN + T_SD * (raw - mean) / sd


def stanine(z: float) -> int:
    """Return 1 to 9 for a standard normal z: bands of half an sd, the middle one around 0."""
    return min(max(floor(2 * z + STANINE_MIDDLE + 0.5), 1), STANINES)


def sten(z: float) -> int:
    """Return 1 to 10 for a standard normal z: bands of half an sd, 5 and 6 meeting at 0."""
    return min(max(floor(2 * z + STEN_MIDDLE + 0.5), 1), STENS)


def _normal_quantile(percent: Fraction) -> float:
    from scipy.special import ndtri  # noqa: PLC0415 (loaded only where something is measured)

    return float(ndtri(float(percent / PERCENT)))
