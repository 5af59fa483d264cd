"""Two calibrations of the same items on one scale.

Each calibration sets its own people's mean to 0 and sd to 1. The items they share show how the
scales lie to each other: theta_old = slope * theta_new + shift, hence a / slope and slope * b +
shift (Kolen & Brennan 2014, chapter 6; for graded items Baker 1992).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tirek.domain.measurement.errors import UnmeasurableError
from tirek.domain.measurement.graded import (
    PRIOR,
    FloatArray,
    GradedItem,
    GradedModel,
    Grid,
    expected_score,
    probabilities,
)


class LinkError(UnmeasurableError):
    """The two calibrations have too little in common."""


@dataclass(frozen=True, slots=True)
class Link:
    """How to come from the new scale to the old one; `slope` is above 0."""

    slope: float
    shift: float
    # The items both calibrations have.
    items: tuple[str, ...]

    def thetas(self, theta: FloatArray) -> FloatArray:
        """Return the places on the old scale."""
        return self.slope * np.asarray(theta, dtype=np.float64) + self.shift

    def model(self, new: GradedModel) -> GradedModel:
        """Return the new calibration's items with parameters on the old scale."""
        return GradedModel(tuple(_moved(item, self.slope, self.shift) for item in new))


def mean_sigma(old: GradedModel, new: GradedModel) -> Link:
    """Return the link that gives the shared thresholds equal mean and sd (Marco 1977)."""
    pairs = _shared(old, new)
    old_b = np.concatenate([before.b for before, _ in pairs])
    new_b = np.concatenate([after.b for _, after in pairs])
    slope = float(np.std(old_b) / np.std(new_b))
    shift = float(np.mean(old_b) - slope * np.mean(new_b))
    return Link(slope, shift, tuple(item.id for item, _ in pairs))


def stocking_lord(old: GradedModel, new: GradedModel, grid: Grid = PRIOR) -> Link:
    """Return the link whose test characteristic curves differ least (Stocking & Lord 1983).

    Minimised: the sum over the grid of weight * (T_old - T_new)**2, on the old scale.
    """

    def gap(pairs: list[tuple[GradedItem, GradedItem]]) -> FloatArray:
        curves = [
            expected_score(before, grid.points) - expected_score(after, grid.points)
            for before, after in pairs
        ]
        total: FloatArray = np.sqrt(grid.weights) * np.sum(curves, axis=0)
        return total

    return _least(old, new, gap)


def haebara(old: GradedModel, new: GradedModel, grid: Grid = PRIOR) -> Link:
    """Return the link whose category curves differ least, item by item (Haebara 1980).

    Minimised: the sum over grid, items and categories of weight * (P_old - P_new)**2.
    """

    def gap(pairs: list[tuple[GradedItem, GradedItem]]) -> FloatArray:
        curves = [
            probabilities(before, grid.points) - probabilities(after, grid.points)
            for before, after in pairs
        ]
        return np.concatenate([np.sqrt(grid.weights)[:, None] * curve for curve in curves], axis=1)

    return _least(old, new, gap)


def _least(
    old: GradedModel,
    new: GradedModel,
    gap: Callable[[list[tuple[GradedItem, GradedItem]]], FloatArray],
) -> Link:
    """Climb down from the mean-sigma link, in ln(slope) and shift."""
    from scipy.optimize import least_squares  # noqa: PLC0415 (slow to load; only here)

    pairs = _shared(old, new)
    begun = mean_sigma(old, new)

    def gaps(place: FloatArray) -> FloatArray:
        slope, shift = float(np.exp(place[0])), float(place[1])
        return gap([(before, _moved(after, slope, shift)) for before, after in pairs]).ravel()

    found = least_squares(
        gaps, [np.log(begun.slope), begun.shift], xtol=1e-14, ftol=1e-14, gtol=1e-14
    )
    if not found.success:
        raise LinkError("the linking of the two calibrations did not settle")
    return Link(float(np.exp(found.x[0])), float(found.x[1]), begun.items)


def _shared(old: GradedModel, new: GradedModel) -> list[tuple[GradedItem, GradedItem]]:
    """Return the shared items as (old, new); refused where they cannot carry a link."""
    pairs = [(item, new.item(item.id)) for item in old if item.id in new]
    if sum(len(item.b) for item, _ in pairs) < 2:  # noqa: PLR2004 (two unknowns)
        raise LinkError("the two calibrations share too few items for a link")
    for before, after in pairs:
        if before.categories != after.categories or before.against != after.against:
            raise LinkError(f"item {before.id} is not the same in the two calibrations")
    return pairs


def _moved(item: GradedItem, slope: float, shift: float) -> GradedItem:
    b = tuple(slope * value + shift for value in item.b)
    return GradedItem(item.id, item.a / slope, b, item.against)
