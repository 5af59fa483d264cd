"""The graded response model: what an item with ordered answers tells of the trait behind it.

Samejima 1969, in the logistic form without the constant 1.702 (as R's mirt and PROMIS print it):
P(at least k) = 1 / (1 + exp(-a (theta - b_k))), for k = 1 .. categories - 1. Answers are category
numbers from 0; the trait has mean 0 and sd 1 in the people whose answers gave the parameters.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tirek.domain.measurement.errors import UnmeasurableError

FloatArray = NDArray[np.float64]


class ParametersError(UnmeasurableError):
    """The parameters of an item cannot be those of a graded response model."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Where the trait is looked at, and the normal prior over these points.

    `count` equally spaced points from `low` to `high`, weighted by the normal density with `mean`
    and `sd` and made to sum to 1. The default has PROMIS's steps of .1 but is wider: PROMIS itself
    scores on -4 to 4, and its table for Depressive Symptoms 8a comes out of `sum_scores` there.
    """

    low: float = -6.0
    high: float = 6.0
    count: int = 121
    mean: float = 0.0
    sd: float = 1.0

    def __post_init__(self) -> None:
        """Refuse a grid without points, or far from its prior."""
        if not (self.low <= self.mean <= self.high and self.count > 2 and self.sd > 0):  # noqa: PLR2004
            raise ParametersError("a grid needs low <= mean <= high, three points and sd > 0")

    @property
    def points(self) -> FloatArray:
        """The trait values, ascending; shape (count,), read-only."""
        return _laid_out(self)[0]

    @property
    def weights(self) -> FloatArray:
        """The prior probability of each point; shape (count,), sum 1, read-only."""
        return _laid_out(self)[1]


PRIOR = Grid()


@dataclass(frozen=True, slots=True)
class GradedItem:
    """One item: how sharply it tells people apart, and where its answers part.

    `b` ascends when `a` is positive. An item that runs against the trait (`a` below zero, `b`
    descending) is refused unless `against` declares it: nearly always it is a key turned round.
    """

    id: str
    a: float
    b: tuple[float, ...]
    against: bool = False

    def __post_init__(self) -> None:
        """Refuse what is no graded item, naming it."""
        if not self.b or not all(isfinite(value) for value in (self.a, *self.b)):
            raise ParametersError(f"item {self.id}: a and every b must be finite numbers")
        if self.a == 0 or (self.a < 0) != self.against:
            raise ParametersError(f"item {self.id}: a must be above 0, or declared to run against")
        steps = np.diff(self.b) * np.sign(self.a)
        if np.any(steps <= 0):
            raise ParametersError(f"item {self.id}: the thresholds b must ascend")

    @property
    def categories(self) -> int:
        """How many answers the item has."""
        return len(self.b) + 1


@dataclass(frozen=True, slots=True)
class GradedModel:
    """The items of one scale, in the order in which ties are broken."""

    items: tuple[GradedItem, ...]

    def __post_init__(self) -> None:
        """Refuse an empty model and an item that stands twice."""
        if not self.items or len({item.id for item in self.items}) < len(self.items):
            raise ParametersError("a model needs items, each of them once")

    def __iter__(self) -> Iterator[GradedItem]:
        """Go through the items in order."""
        return iter(self.items)

    def __contains__(self, item: object) -> bool:
        """Whether an item of this id has parameters."""
        return any(known.id == item for known in self.items)

    @property
    def ids(self) -> tuple[str, ...]:
        """The items' ids in order."""
        return tuple(item.id for item in self.items)

    def item(self, item_id: str) -> GradedItem:
        """Return the item of this id."""
        for item in self.items:
            if item.id == item_id:
                return item
        raise ParametersError(f"there are no parameters for item {item_id}")

    def as_json(self) -> dict[str, Any]:
        """Return {"items": {id: {"a", "b"}}}, the form in which `tirek measure grm` prints it."""
        return {"items": {item.id: _item_as_json(item) for item in self.items}}

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> Self:
        """Read what `as_json` wrote; other keys beside "items" are left alone."""
        try:
            read = [_read_item(*pair) for pair in written["items"].items()]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            message = 'parameters are written as {"items": {"q1": {"a": 1.2, "b": [-1, 0, 1]}}}'
            raise ParametersError(message) from error
        return cls(tuple(GradedItem(*parts) for parts in read))


def log_probabilities(item: GradedItem, theta: FloatArray) -> FloatArray:
    """Return ln P(category | theta); shape (len(theta), categories), every value finite and <= 0.

    P_k = S(x_k) S(-x_k+1) (1 - exp(-(x_k - x_k+1))) with x_k = a (theta - b_k) and S logistic: the
    difference of two cumulative probabilities, written so that nothing cancels in the tails.
    """
    x = item.a * (np.asarray(theta, dtype=np.float64)[:, None] - np.asarray(item.b))
    logs = np.zeros((len(x), item.categories))
    logs[:, 1:] -= np.logaddexp(0.0, -x)
    logs[:, :-1] -= np.logaddexp(0.0, x)
    logs[:, 1:-1] += np.log(-np.expm1(-item.a * np.diff(item.b)))
    return logs


def probabilities(item: GradedItem, theta: FloatArray) -> FloatArray:
    """Return P(category | theta); shape (len(theta), categories), each row sums to 1."""
    return np.exp(log_probabilities(item, theta))


def expected_score(item: GradedItem, theta: FloatArray) -> FloatArray:
    """Return the mean category number at each theta; shape (len(theta),), 0 to categories - 1."""
    return probabilities(item, theta) @ np.arange(item.categories)


def item_information(item: GradedItem, theta: FloatArray) -> FloatArray:
    """Return Fisher's information of one item at each theta: sum of P'_k**2 / P_k, at least 0.

    With P* the cumulative probability, P'_k = a P_k (1 - P*_k - P*_k+1), hence
    a**2 sum of P_k (1 - P*_k - P*_k+1)**2 (Samejima 1969; reference: instruments §5.8).
    """
    told: FloatArray = (probabilities(item, theta) * _slopes(item, theta) ** 2).sum(axis=1)
    return told


def total_information(model: GradedModel, theta: FloatArray) -> FloatArray:
    """Return the sum of the items' information at each theta; 1/sqrt of it is the ML error."""
    told: FloatArray = np.sum([item_information(item, theta) for item in model], axis=0)
    return told


def total_expected_score(model: GradedModel, theta: FloatArray) -> FloatArray:
    """Return the test characteristic curve: the mean sum of category numbers at each theta."""
    scores: FloatArray = np.sum([expected_score(item, theta) for item in model], axis=0)
    return scores


def _slopes(item: GradedItem, theta: FloatArray) -> FloatArray:
    """Return d ln P_k / d theta = a (1 - P*_k - P*_k+1); shape (len(theta), categories)."""
    x = item.a * (np.asarray(theta, dtype=np.float64)[:, None] - np.asarray(item.b))
    cumulative = np.ones((len(x), item.categories + 1))
    cumulative[:, 1:-1] = np.exp(-np.logaddexp(0.0, -x))
    cumulative[:, -1] = 0.0
    return item.a * (1.0 - cumulative[:, :-1] - cumulative[:, 1:])


@lru_cache(maxsize=32)
def _laid_out(grid: Grid) -> tuple[FloatArray, FloatArray]:
    points = np.linspace(grid.low, grid.high, grid.count)
    # Far out a narrow prior would be 0, which has no logarithm.
    weights = np.maximum(np.exp(-0.5 * ((points - grid.mean) / grid.sd) ** 2), 1e-300)
    weights /= weights.sum()
    points.setflags(write=False)
    weights.setflags(write=False)
    return points, weights


def _item_as_json(item: GradedItem) -> dict[str, Any]:
    written: dict[str, Any] = {"a": item.a, "b": list(item.b)}
    return written | ({"against": True} if item.against else {})


def _read_item(
    item_id: str, written: Mapping[str, Any]
) -> tuple[str, float, tuple[float, ...], bool]:
    b = tuple(float(value) for value in written["b"])
    return str(item_id), float(written["a"]), b, bool(written.get("against", False))
