"""What answers say of where their givers stand, as sums that add up over parts (the E-step).

Regions can calibrate a scale together without sending a single answer: each computes its own
`Expectation` at the parameters of the round, the sums are merged, and the sums alone give the next
round's parameters (Bock & Aitkin 1981). Any partition gives what the whole gives.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np

from tirek.domain.measurement.graded import (
    FloatArray,
    GradedItem,
    GradedModel,
    Grid,
    ParametersError,
    log_probabilities,
)
from tirek.domain.measurement.patterns import Patterns
from tirek.domain.measurement.products import cross_products, times

# The grid of a calibration: what mirt takes for one trait.
CALIBRATION = Grid(count=61)


@dataclass(frozen=True)
class Expectation:
    """The sums of one part of the people, at stated parameters.

    `counts` holds how many people at each point of the grid are expected to have chosen each
    category: shape (all categories of all items, grid.count). `crossing` holds the sum of the outer
    products of the people's scores (derivatives of their log-likelihoods), an estimate of the
    information (Berndt, Hall, Hall & Hausman 1974); it is there only when it was asked for.
    """

    model: GradedModel
    grid: Grid
    people: float
    loglik: float
    counts: FloatArray
    crossing: FloatArray | None = None

    @classmethod
    def of(
        cls, patterns: Patterns, model: GradedModel, grid: Grid = CALIBRATION, *, crossed: bool
    ) -> Self:
        """Return the sums of these people; those who answered nothing do not count."""
        tables = _Tables.of(model, grid)
        counts = np.zeros_like(tables.logs)
        crossing = np.zeros((len(counts), len(counts))) if crossed else None
        people, loglik = 0.0, 0.0
        for chosen, weight in patterns.slices():
            given = weight * chosen.any(axis=1)
            posterior, logs = tables.posterior(chosen)
            people += float(given.sum())
            loglik += float(given @ logs)
            if crossing is not None:
                scores = tables.scores(chosen, posterior)
                crossing += cross_products(scores, scores * given[:, None])
            posterior *= given[:, None]
            counts += cross_products(chosen, posterior)
        return cls(model, grid, people, loglik, counts, crossing)

    def merge(self, other: Self) -> Self:
        """Return the sums of both parts; refused when they stand at different parameters."""
        if (self.model, self.grid) != (other.model, other.grid):
            raise ParametersError("only sums at the same parameters and grid can be merged")
        crossing = None
        if self.crossing is not None and other.crossing is not None:
            crossing = self.crossing + other.crossing
        return type(self)(
            self.model,
            self.grid,
            self.people + other.people,
            self.loglik + other.loglik,
            self.counts + other.counts,
            crossing,
        )

    def as_json(self) -> dict[str, Any]:
        """Return the sums as plain numbers."""
        return {
            "model": self.model.as_json(),
            "grid": [getattr(self.grid, name) for name in Grid.__slots__],
            "people": self.people,
            "loglik": self.loglik,
            "counts": self.counts.tolist(),
            "crossing": None if self.crossing is None else self.crossing.tolist(),
        }

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> Self:
        """Read what `as_json` wrote."""
        crossing = written["crossing"]
        return cls(
            GradedModel.from_json(written["model"]),
            Grid(*written["grid"]),
            float(written["people"]),
            float(written["loglik"]),
            np.array(written["counts"], dtype=np.float64),
            None if crossing is None else np.array(crossing, dtype=np.float64),
        )

    def parts(self) -> Iterator[tuple[GradedItem, FloatArray]]:
        """Go through the items with their own counts; shape (categories, grid.count)."""
        start = 0
        for item in self.model:
            yield item, self.counts[start : start + item.categories]
            start += item.categories

    @cached_property
    def gradient(self) -> FloatArray:
        """Return the derivative of the log-likelihood by every a and intercept, item by item.

        By Fisher's identity the expected counts give it exactly.
        """
        return np.concatenate(
            [
                np.einsum("kq,kqp->p", counts, log_derivatives(item, self.grid.points))
                for item, counts in self.parts()
            ]
        )


@dataclass(frozen=True, slots=True)
class _Tables:
    """What the answers are looked up in; every table has the shape (all categories, points)."""

    prior: FloatArray
    logs: FloatArray
    # The derivatives of ln P_k by a, by the threshold below the answer, and by the one above it.
    by_slope: FloatArray
    by_lower: FloatArray
    by_upper: FloatArray
    # 1 where a category belongs to an item; shape (all categories, items).
    items: FloatArray
    # The column of each item's slope.
    slopes: list[int]

    @classmethod
    def of(cls, model: GradedModel, grid: Grid) -> Self:
        sizes = [item.categories for item in model]
        slopes = np.cumsum(sizes) - sizes
        logs = np.concatenate([log_probabilities(item, grid.points).T for item in model])
        by_slope, by_lower, by_upper = (np.zeros_like(logs) for _ in range(3))
        for start, item in zip(slopes.tolist(), model, strict=True):
            found = log_derivatives(item, grid.points)
            by_slope[start : start + item.categories] = found[:, :, 0]
            for category in range(1, item.categories):
                by_lower[start + category] = found[category, :, category]
                by_upper[start + category - 1] = found[category - 1, :, category]
        items = np.repeat(np.eye(len(sizes)), sizes, axis=0)
        prior = np.log(grid.weights)
        return cls(prior, logs, by_slope, by_lower, by_upper, items, slopes.tolist())

    def posterior(self, chosen: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return each row's posterior over the grid, and the logarithm of its likelihood."""
        joint = times(chosen, self.logs)
        joint += self.prior
        highest = joint.max(axis=1, keepdims=True)
        joint -= highest
        np.exp(joint, out=joint)
        whole = joint.sum(axis=1, keepdims=True)
        joint /= whole
        return joint, (np.log(whole) + highest)[:, 0]

    def scores(self, chosen: FloatArray, posterior: FloatArray) -> FloatArray:
        """Return the derivative of each row's log-likelihood; shape (rows, all parameters).

        An answer's parameters are the slope of its item and the thresholds on its two sides; the
        threshold below it stands in its own column, the one above it in the next.
        """
        found = chosen * times(posterior, self.by_lower.T)
        found[:, 1:] += (chosen * times(posterior, self.by_upper.T))[:, :-1]
        found[:, self.slopes] = times(chosen * times(posterior, self.by_slope.T), self.items)
        return found


def intercepts(item: GradedItem) -> FloatArray:
    """Return a and the intercepts -a b_k: the parameters in which the likelihood is concave."""
    return np.array([item.a, *(-item.a * np.asarray(item.b))])


def log_derivatives(item: GradedItem, theta: FloatArray) -> FloatArray:
    """Return d ln P_k / d (a, intercepts) at each theta.

    Shape (categories, len(theta), parameters); an item has as many parameters as categories. With
    x_k = a theta + c_k and P_k = S(x_k) - S(x_k+1), the derivative by c_k is S'(x_k)/P_k, by c_k+1
    it is -S'(x_k+1)/P_k, and by a it is theta times their sum.
    """
    x = item.a * (theta[:, None] - np.asarray(item.b))
    steep = -np.logaddexp(0.0, x) - np.logaddexp(0.0, -x)
    logs = log_probabilities(item, theta)
    found = np.zeros((item.categories, len(theta), item.categories))
    for category in range(1, item.categories):
        below, above = category - 1, category
        found[above, :, category] = np.exp(steep[:, below] - logs[:, above])
        found[below, :, category] = -np.exp(steep[:, below] - logs[:, below])
    found[:, :, 0] = theta * found[:, :, 1:].sum(axis=2)
    return found
