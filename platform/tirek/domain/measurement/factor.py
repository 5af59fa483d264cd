"""One common factor by maximum likelihood."""

from dataclasses import dataclass

import numpy as np

from tirek.domain.measurement.summaries import Numbers

# A uniqueness may not fall below this share of its item's variance (a Heywood case), as in R
# factanal.
LOWEST_UNIQUENESS = 0.005
SMALLEST_EIGENVALUE = 1e-9
# The steepest slope that counts as level.
SETTLED = 1e-4


@dataclass(frozen=True, slots=True)
class OneFactor:
    """Loadings and uniquenesses, shape (k,), in the units of the matrix they were read from."""

    loadings: Numbers
    uniquenesses: Numbers


def one_factor(covariances: Numbers) -> OneFactor | None:
    """Fit one factor to a (k, k) covariance or correlation matrix, k >= 3.

    Minimises ln|L L' + U| + tr(S (L L' + U)^-1) over the uniquenesses U, the loadings L being
    their closed-form best for each U. The fit is done on correlations and scaled back: maximum
    likelihood does not depend on the items' units. None when the search does not end or the
    matrix is not positive definite. Source: Joreskog 1967; Lawley & Maxwell 1971.
    """
    from scipy.optimize import minimize  # noqa: PLC0415 (loaded only where something is measured)

    sds = np.sqrt(np.diag(covariances))
    correlations = covariances / np.outer(sds, sds)
    if not is_positive_definite(correlations):
        return None
    start = 1 / np.diag(np.linalg.inv(correlations)) / 2
    found = minimize(
        _misfit,
        np.clip(start, 2 * LOWEST_UNIQUENESS, 1),
        args=(correlations,),
        jac=True,
        method="L-BFGS-B",
        bounds=[(LOWEST_UNIQUENESS, 1)] * len(sds),
        options={"ftol": 1e-14, "gtol": 1e-9, "maxiter": 500},
    )
    if not _has_settled(found.x, found.jac):
        return None
    _, loadings = _best(found.x, correlations)
    return OneFactor(loadings * sds, found.x * sds**2)


def _has_settled(uniquenesses: Numbers, gradient: Numbers) -> bool:
    """Whether no step within the bounds leads down; a search may stop at that without saying so."""
    is_lowest, is_highest = uniquenesses <= LOWEST_UNIQUENESS, uniquenesses >= 1
    downhill = np.where(is_lowest, np.minimum(gradient, 0), gradient)
    downhill = np.where(is_highest, np.maximum(downhill, 0), downhill)
    return bool(np.abs(downhill).max() < SETTLED)


def is_positive_definite(correlations: Numbers) -> bool:
    """Whether no item is a weighted sum of the others, as far as doubles can tell."""
    return bool(np.linalg.eigvalsh(correlations)[0] > SMALLEST_EIGENVALUE)


def _misfit(uniquenesses: Numbers, correlations: Numbers) -> tuple[float, Numbers]:
    """Return the discrepancy and its gradient, as functions of the uniquenesses alone."""
    values, loadings = _best(uniquenesses, correlations)
    rest = values[:-1]
    residual = loadings**2 + uniquenesses - np.diag(correlations)
    return float((rest - np.log(rest) - 1).sum()), residual / uniquenesses**2


def _best(uniquenesses: Numbers, correlations: Numbers) -> tuple[Numbers, Numbers]:
    """Return the scaled matrix's eigenvalues and the best loadings for these uniquenesses.

    The loadings point the way most items point.
    """
    root = np.sqrt(uniquenesses)
    values, vectors = np.linalg.eigh(correlations / np.outer(root, root))
    loadings = root * vectors[:, -1] * np.sqrt(max(values[-1] - 1, 0))
    return values, loadings * (1 if loadings.sum() >= 0 else -1)
