"""Whether two groups of equal score answer an item differently: Mantel and Mantel-Haenszel.

Reads one `StratifiedTable`; strata are the matching scores. Source: Mantel & Haenszel 1959;
Mantel 1963; Zwick, Donoghue & Grima 1993; classes as at ETS (Zieky 1993; Zwick 2012). With
thousands of persons everything is significant: the class, which looks at the size, is what counts.
"""

from dataclasses import dataclass
from enum import StrEnum
from math import log, sqrt

import numpy as np

from tirek.domain.measurement.answer_counts import StratifiedTable
from tirek.domain.measurement.errors import UnmeasurableError
from tirek.domain.measurement.summaries import Numbers, Whole

SIGNIFICANT = 0.05
# The sizes at which an item leaves class A, and enters class C: of a delta, of an SMD / sd.
DELTA_B, DELTA_C = 1.0, 1.5
SMD_B, SMD_C = 0.17, 0.25
DELTA_UNIT = -2.35
# One-sided 5 % of a normal distribution.
Z_ONE_SIDED = 1.6448536269514722
TWO_CODES = 2
# What rounding leaves of a variance of nothing.
SMALLEST_VARIANCE = 1e-12


class DifClass(StrEnum):
    """How large a difference is: negligible, moderate, large."""

    A = "A"
    B = "B"
    C = "C"


@dataclass(frozen=True, slots=True)
class MantelHaenszel:
    """Of an item with two codes. `chi2` has 1 df and the correction of a half.

    `odds_ratio` > 1 and `delta` < 0: the reference group gives the higher code more often than
    the focal group of equal score. `delta_se` is in the units of delta.
    """

    chi2: float
    p: float
    odds_ratio: float
    delta: float
    delta_se: float
    size: DifClass


@dataclass(frozen=True, slots=True)
class OrdinalMantel:
    """Of an item with any number of codes. `chi2` has 1 df, without correction.

    `smd` is the mean code of the focal minus that of the reference group of equal score, in units
    of the codes; `effect` is smd / `sd`, the sd (n) of the item over both groups.
    """

    chi2: float
    p: float
    smd: float
    sd: float
    effect: float
    size: DifClass


def mantel_haenszel(table: StratifiedTable) -> MantelHaenszel:
    """Return the common odds ratio and its test for an item with exactly two codes.

    Raises UnmeasurableError when no stratum can tell the groups or the codes apart. The standard
    error is that of Robins, Breslow & Greenland 1986.
    """
    if len(table.scores) != TWO_CODES:
        raise UnmeasurableError("the Mantel-Haenszel odds ratio is for items with two answers")
    counts = _occupied(table)
    reference, focal, n = counts[:, 0, :], counts[:, 1, :], counts.sum(axis=(1, 2))
    a, b = reference[:, 1], reference[:, 0]
    c, d = focal[:, 1], focal[:, 0]
    above, below = float((a * d / n).sum()), float((b * c / n).sum())
    chi2 = _chi2(table, correction=0.5)
    if above == 0 or below == 0:
        raise UnmeasurableError("the odds of the two groups cannot be compared in any stratum")
    ratio = above / below
    delta = DELTA_UNIT * log(ratio)
    p_r, q_s = (a + d) / n, (b + c) / n
    r, s = a * d / n, b * c / n
    variance = (
        float((p_r * r).sum()) / (2 * above**2)
        + float((p_r * s + q_s * r).sum()) / (2 * above * below)
        + float((q_s * s).sum()) / (2 * below**2)
    )
    error = abs(DELTA_UNIT) * sqrt(variance)
    p = _p(chi2)
    return MantelHaenszel(chi2, p, ratio, delta, error, _size_of_delta(delta, error, p))


def ordinal_mantel(table: StratifiedTable) -> OrdinalMantel:
    """Return Mantel's test of equal mean codes and the standardised mean difference.

    Per stratum F = sum of the focal group's codes, E = n_F / n * sum of all codes and
    V = n_R n_F / (n^2 (n - 1)) * (n sum y^2 - (sum y)^2); chi2 = (F - E)^2 / V over strata.
    Raises UnmeasurableError when no stratum holds both groups and two codes.
    """
    chi2 = _chi2(table, correction=0)
    p = _p(chi2)
    n_reference, n_focal = table.counts.sum(axis=2).T
    both = (n_reference > 0) & (n_focal > 0)
    means = (table.counts[both] @ table.scores) / table.counts[both].sum(axis=2)
    weights = n_focal[both] / n_focal[both].sum()
    smd = float((weights * (means[:, 1] - means[:, 0])).sum())
    sd = _sd(table)
    effect = smd / sd
    return OrdinalMantel(chi2, p, smd, sd, effect, _size_of_effect(effect, p))


def _chi2(table: StratifiedTable, *, correction: float) -> float:
    """Return the sum over strata, tested against the hypergeometric moments, as a chi-square."""
    counts = _occupied(table)
    n_reference, n_focal = counts.sum(axis=2).T.astype(np.float64)
    n = n_reference + n_focal
    both = counts.sum(axis=1)
    # Codes far from zero would leave no digit for their spread.
    codes = table.scores - table.scores.mean()
    sums, squares = both @ codes, both @ codes**2
    observed = float((counts[:, 1, :] @ codes).sum())
    expected = float((n_focal / n * sums).sum())
    held = n > 1
    variance = _variance(n_reference[held], n_focal[held], sums[held], squares[held])
    if not variance > SMALLEST_VARIANCE:
        raise UnmeasurableError(
            "no matching score was reached by both groups with different answers"
        )
    distance = max(abs(observed - expected) - correction * _step(table), 0)
    return float(distance**2 / variance)


def _occupied(table: StratifiedTable) -> Whole:
    """Return the counts of the strata that hold anybody."""
    held: Whole = table.counts[table.counts.any(axis=(1, 2))]
    return held


def _step(table: StratifiedTable) -> float:
    """Return the distance of two codes, so that the correction does not depend on their unit."""
    return float(table.scores[1] - table.scores[0]) if len(table.scores) == TWO_CODES else 1.0


def _variance(n_reference: Numbers, n_focal: Numbers, sums: Numbers, squares: Numbers) -> float:
    n = n_reference + n_focal
    spread = n * squares - sums**2
    return float((n_reference * n_focal * spread / (n**2 * (n - 1))).sum())


def _sd(table: StratifiedTable) -> float:
    counts = table.counts.sum(axis=(0, 1))
    n = counts.sum()
    mean = counts @ table.scores / n
    return sqrt(float(counts @ (table.scores - mean) ** 2 / n))


def _p(chi2: float) -> float:
    from scipy.special import chdtrc  # noqa: PLC0415 (loaded only where something is measured)

    return float(chdtrc(1, chi2))


def _size_of_delta(delta: float, error: float, p: float) -> DifClass:
    """A: below 1 or not significant; C: 1.5 or more and significantly above 1; B: between."""
    if abs(delta) < DELTA_B or p >= SIGNIFICANT:
        return DifClass.A
    if abs(delta) >= DELTA_C and abs(delta) - DELTA_B > Z_ONE_SIDED * error:
        return DifClass.C
    return DifClass.B


def _size_of_effect(effect: float, p: float) -> DifClass:
    """A: below .17 or not significant; C: .25 or more; B: between."""
    if abs(effect) < SMD_B or p >= SIGNIFICANT:
        return DifClass.A
    return DifClass.C if abs(effect) >= SMD_C else DifClass.B
