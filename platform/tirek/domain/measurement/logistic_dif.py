"""Whether two groups of equal score answer an item differently: ordinal logistic regression.

Three nested proportional-odds models of one item on the matching score t and the group g: M1 t,
M2 t + g, M3 t + g + t g. M1 against M2 shows a difference that is the same at every score
(uniform), M2 against M3 one that changes with it, M1 against M3 either. Source: Swaminathan &
Rogers 1990; Choi, Gibbons & Crane 2011 (R lordif); sizes by McFadden's R2 with the bounds of
Jodoin & Gierl 2001.
"""

from dataclasses import dataclass

import numpy as np

from tirek.domain.measurement.answer_counts import StratifiedTable
from tirek.domain.measurement.errors import UnmeasurableError
from tirek.domain.measurement.mantel import DifClass
from tirek.domain.measurement.proportional_odds import fit, null_loglik
from tirek.domain.measurement.summaries import Numbers

# Stricter than .05: with thousands of persons nearly everything is significant.
SIGNIFICANT = 0.01
R2_B, R2_C = 0.035, 0.07
FEWEST_CODES = 2


@dataclass(frozen=True, slots=True)
class LogisticDif:
    """Likelihood-ratio tests (chi-squares with 1, 1 and 2 df), p values, sizes.

    `r2_*` are differences of McFadden's R2, 0 to 1; `beta_change` the relative change of t's slope
    once the group is known (lordif calls 0.1 notable), None where it was 0. `size` follows
    r2_total and p_total.
    """

    chi2_uniform: float
    chi2_nonuniform: float
    chi2_total: float
    p_uniform: float
    p_nonuniform: float
    p_total: float
    r2_uniform: float
    r2_nonuniform: float
    r2_total: float
    beta_change: float | None
    size: DifClass


def logistic_dif(table: StratifiedTable) -> LogisticDif:
    """Compare the three models on one item's table.

    Raises UnmeasurableError when everybody answered alike, the matching score does not vary, a
    group is empty or a model has no maximum.
    """
    from scipy.special import chdtrc  # noqa: PLC0415 (loaded only where something is measured)

    _check(table)
    counts = table.counts.reshape(-1, table.counts.shape[2])
    predictors = _predictors(table)
    used = counts.any(axis=1)
    counts, predictors = counts[used], predictors[used]
    null = null_loglik(counts)
    first = fit(predictors[:, :1], counts)
    second = fit(predictors[:, :2], counts, first)
    third = fit(predictors, counts, second)
    uniform = max(2 * (second.loglik - first.loglik), 0)
    nonuniform = max(2 * (third.loglik - second.loglik), 0)
    total = uniform + nonuniform
    p_total, r2_total = float(chdtrc(2, total)), total / (-2 * null)
    return LogisticDif(
        chi2_uniform=uniform,
        chi2_nonuniform=nonuniform,
        chi2_total=total,
        p_uniform=float(chdtrc(1, uniform)),
        p_nonuniform=float(chdtrc(1, nonuniform)),
        p_total=p_total,
        r2_uniform=uniform / (-2 * null),
        r2_nonuniform=nonuniform / (-2 * null),
        r2_total=r2_total,
        beta_change=_change(float(first.slopes[0]), float(second.slopes[0])),
        size=_size(r2_total, p_total),
    )


def _check(table: StratifiedTable) -> None:
    if len(table.scores) < FEWEST_CODES:
        raise UnmeasurableError("everybody gave the same answer")
    if len(table.levels) < FEWEST_CODES:
        raise UnmeasurableError("everybody has the same matching score")
    if not table.counts.sum(axis=(0, 2)).all():
        raise UnmeasurableError("one of the two groups is empty")


def _predictors(table: StratifiedTable) -> Numbers:
    """Return t, g and t g for each (stratum, group), t standardised so that steps stay small."""
    n = table.counts.sum(axis=(1, 2))
    mean = float(n @ table.levels / n.sum())
    sd = float(np.sqrt(n @ (table.levels - mean) ** 2 / n.sum()))
    t = np.repeat((table.levels - mean) / sd, 2)
    g = np.tile([0.0, 1.0], len(table.levels))
    return np.column_stack([t, g, t * g])


def _change(before: float, after: float) -> float | None:
    return abs(after / before - 1) if before else None


def _size(r2: float, p: float) -> DifClass:
    """A: below .035 or not significant; C: .07 or more; B: between."""
    if r2 < R2_B or p >= SIGNIFICANT:
        return DifClass.A
    return DifClass.C if r2 >= R2_C else DifClass.B
