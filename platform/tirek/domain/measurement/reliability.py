"""How far a sum score would repeat itself: alpha, omega, item-rest correlations, standard errors.

Figures are read from `CrossProducts`, never from rows, so that regions can be merged first. Alpha
is given listwise (persons without a blank) and pairwise (each covariance over the persons who
answered both items, as R psych::alpha does by default); everything else is listwise.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import nan

import numpy as np

from tirek.domain.measurement.errors import UnmeasurableError
from tirek.domain.measurement.factor import is_positive_definite, one_factor
from tirek.domain.measurement.standard_errors import standard_error_of_measurement
from tirek.domain.measurement.summaries import CrossProducts, Numbers

CONFIDENCE = 0.95
FEWEST_ITEMS = 2
FEWEST_PERSONS = 2
# With two items one factor is not identified.
FEWEST_FOR_OMEGA = 3


@dataclass(frozen=True, slots=True)
class Reliability:
    """The figures of one scale. `mean`, `sd` and `sem` are of the sum over the items.

    `alpha_ci95` belongs to the listwise alpha, `alpha_standardised` to the pairwise correlations
    (as R psych::alpha), `sem` to the listwise alpha, taken as 0 when it is below; `omega` is read
    from correlations, `omega_covariances` from covariances; None where one factor cannot be had.
    """

    n: int
    persons: int
    alpha_listwise: float
    alpha_pairwise: float
    alpha_ci95: tuple[float, float]
    alpha_standardised: float
    omega: float | None
    omega_covariances: float | None
    lambda6: float | None
    mean_inter_item: float
    item_rest: Mapping[str, float]
    alpha_if_deleted: Mapping[str, float | None]
    mean: float
    sd: float
    sem: float

    def as_json(self) -> dict[str, object]:
        """Return the figures under the names that `tirek measure` promises."""
        return {
            "n": self.n,
            "k": len(self.item_rest),
            "persons": self.persons,
            "alpha": {
                "listwise": self.alpha_listwise,
                "pairwise": self.alpha_pairwise,
                "ci95": list(self.alpha_ci95),
            },
            "alpha_standardised": self.alpha_standardised,
            "omega": self.omega,
            "omega_covariances": self.omega_covariances,
            "lambda6": self.lambda6,
            "mean_inter_item": self.mean_inter_item,
            "item_rest": dict(self.item_rest),
            "alpha_if_deleted": dict(self.alpha_if_deleted),
            "mean": self.mean,
            "sd": self.sd,
            "sem": self.sem,
        }


def read(sums: CrossProducts) -> Reliability:
    """Return the figures of the scale that sums the items.

    Raises UnmeasurableError with fewer than two items, two complete persons, or when an item or
    the whole sum does not vary.
    """
    n, k = sums.complete.persons, len(sums.items)
    _check(sums)
    covariances = sums.covariances()
    _check_variances(sums.items, covariances)
    listwise = alpha(covariances)
    sd = float(np.sqrt(covariances.sum()))
    correlations = _correlations(covariances)
    return Reliability(
        n=n,
        persons=sums.persons,
        alpha_listwise=listwise,
        alpha_pairwise=alpha(sums.pairwise_covariances()),
        alpha_ci95=feldt_interval(listwise, n, k),
        alpha_standardised=alpha(_correlations(sums.pairwise_covariances())),
        omega=omega(correlations),
        omega_covariances=omega(covariances),
        lambda6=lambda6(correlations),
        mean_inter_item=float((correlations.sum() - k) / (k * (k - 1))),
        item_rest=dict(zip(sums.items, item_rest(covariances).tolist(), strict=True)),
        alpha_if_deleted=dict(zip(sums.items, alpha_if_deleted(covariances), strict=True)),
        mean=float(sums.complete.sums.sum() / n),
        sd=sd,
        sem=standard_error_of_measurement(sd, max(listwise, 0.0)),
    )


def alpha(covariances: Numbers) -> float:
    """Return Cronbach's alpha, k/(k-1) * (1 - sum of variances / variance of the sum): up to 1.

    `covariances` has shape (k, k). From correlations it is the standardised alpha; on answers
    0/1 it is KR-20. Below 0 when items pull against one another; NaN when their sum does not
    vary. Source: Cronbach 1951.
    """
    k, total = len(covariances), float(covariances.sum())
    return k / (k - 1) * (1 - float(np.trace(covariances)) / total) if total > 0 else nan


def alpha_if_deleted(covariances: Numbers) -> list[float | None]:
    """Return alpha of the scale without each item in turn; None where one item would be left."""
    k = len(covariances)
    if k <= FEWEST_ITEMS:
        return [None] * k
    places = np.arange(k)
    return [alpha(covariances[np.ix_(places != j, places != j)]) for j in range(k)]


def item_rest(covariances: Numbers) -> Numbers:
    """Return each item's correlation with the sum of the others, shape (k,): -1 to 1.

    Negative means that the item is keyed the wrong way round. As R psych::alpha `r.drop`.
    """
    variances = np.diag(covariances)
    with_total = covariances.sum(axis=1)
    rest = covariances.sum() - 2 * with_total + variances
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Numbers = (with_total - variances) / np.sqrt(variances * rest)
    return found


def feldt_interval(
    found: float, n: int, k: int, confidence: float = CONFIDENCE
) -> tuple[float, float]:
    """Return the confidence interval of alpha for n persons and k items: 1 - (1 - alpha) * F.

    F has n - 1 and (n - 1)(k - 1) degrees of freedom. Source: Feldt, Woodruff & Salih 1987, as R
    psychometric::alpha.CI.
    """
    from scipy.special import fdtri  # noqa: PLC0415 (loaded only where something is measured)

    tail = (1 - confidence) / 2
    degrees = (n - 1, (n - 1) * (k - 1))
    low, high = (1 - (1 - found) * float(fdtri(*degrees, p)) for p in (1 - tail, tail))
    return low, high


def omega(covariances: Numbers) -> float | None:
    """Return McDonald's omega of one factor: (sum of loadings)^2 / (that + sum of uniquenesses).

    Loadings by maximum likelihood; from correlations or covariances, which differ. None with
    fewer than three items or without a solution. Source: McDonald 1999.
    """
    if len(covariances) < FEWEST_FOR_OMEGA:
        return None
    found = one_factor(covariances)
    if found is None:
        return None
    common = found.loadings.sum() ** 2
    return float(common / (common + found.uniquenesses.sum()))


def lambda6(correlations: Numbers) -> float | None:
    """Return Guttman's lambda 6 (G6): 1 - sum of (1 - smc) / sum of correlations; up to 1.

    smc is an item's squared multiple correlation with the others. None when they determine it.
    Source: Guttman 1945, as R psych::alpha (standardised items).
    """
    if not is_positive_definite(correlations):
        return None
    unexplained = 1 / np.diag(np.linalg.inv(correlations))
    return float(1 - unexplained.sum() / correlations.sum())


def spearman_brown(reliability: float, times: float) -> float:
    """Return the reliability of a form `times` as long, m r / (1 + (m - 1) r).

    Source: Spearman 1910, Brown 1910.
    """
    return times * reliability / (1 + (times - 1) * reliability)


def _correlations(covariances: Numbers) -> Numbers:
    sds = np.sqrt(np.diag(covariances))
    found: Numbers = covariances / np.outer(sds, sds)
    return found


def _check(sums: CrossProducts) -> None:
    if len(sums.items) < FEWEST_ITEMS:
        raise UnmeasurableError("reliability needs at least two items")
    if sums.complete.persons < FEWEST_PERSONS:
        raise UnmeasurableError(
            f"reliability needs at least two persons without a blank, here are"
            f" {sums.complete.persons} of {sums.persons}"
        )


def _check_variances(items: tuple[str, ...], covariances: Numbers) -> None:
    for item, variance in zip(items, np.diag(covariances), strict=True):
        if not variance > 0:
            raise UnmeasurableError(f"all persons without a blank answered {item!r} alike")
    if not covariances.sum() > 0:
        raise UnmeasurableError("the sum of the items is the same for everybody")
